"""Jobs of Volcano whose pods never start together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.containers import GPU, limit
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.units import as_count

GANG_TOO_SMALL = define("BP6631", "gang-never-complete", page=__file__)
ABOVE_CAPABILITY = define("BP6632", "gang-above-the-queue", page=__file__, severity=Severity.WARNING)
_GROUP, _DEFAULT_QUEUE = "batch.volcano.sh", "default"
_QUEUES = "scheduling.volcano.sh/Queue"


@rule(GANG_TOO_SMALL, tags=("scheduling",))
def gang(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """More pods that must start together than the job has. Volcano's webhook rejects it."""
    spec = mapping(subject.data.get("spec"))
    least, tasks = as_count(spec.get("minAvailable")), _tasks(spec)
    if subject.id.group != _GROUP or not least or not tasks:
        return
    if least > (pods := sum(number for number, _ in tasks)):
        text = f"spec.minAvailable is {least}, but the tasks have {pods} pods"
        yield ObjectFinding(GANG_TOO_SMALL, ("spec", "minAvailable"), text, f"set it to at most {pods}")


@rule(ABOVE_CAPABILITY, tags=("scheduling",))
def capability(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A job that needs more GPUs at once than its queue may ever use: it stays Pending (volcano#1331)."""
    spec = mapping(subject.data.get("spec"))
    name = str(spec.get("queue") or _DEFAULT_QUEUE)
    queue = context.once(_queues).get(name) if subject.id.group == _GROUP else None
    most = as_count(inside(queue.data, "spec", "capability", GPU)) if queue else None
    if most is None:
        return
    tasks = _tasks(spec)
    least = as_count(spec.get("minAvailable")) or sum(number for number, _ in tasks)
    if (needed := _fewest_gpus(tasks, least)) > most:
        text = f"the {least} pods that start together need {needed} GPUs, but queue {name} may use {most}"
        help_ = f'request at most {most}, or raise spec.capability["{GPU}"] of the queue'
        yield ObjectFinding(ABOVE_CAPABILITY, ("spec", "queue"), text, help_)


def _queues(context: RuleContext) -> Mapping[str, Object]:
    group, _, kind = _QUEUES.partition("/")
    return {each.id.name: each for each in context.objects_of_kind(kind) if each.id.group == group}


def _tasks(spec: Mapping[Any, Any]) -> list[tuple[int, int]]:
    """The pods of each task, and the GPUs of each pod."""
    found = []
    for task in map(mapping, items(spec.get("tasks"))):
        number = as_count(task.get("replicas", 1))
        containers = items(inside(task, "template", "spec", "containers"))
        found.append((number or 0, sum(limit(mapping(each), GPU) for each in containers)))
    return found


def _fewest_gpus(tasks: list[tuple[int, int]], least: int) -> int:
    """The GPUs of the pods with the fewest GPUs, if so many start together."""
    needed = 0
    for number, each in sorted(tasks, key=lambda task: task[1]):
        needed += min(number, least) * each
        least -= min(number, least)
    return needed


RULES = (gang, capability)
