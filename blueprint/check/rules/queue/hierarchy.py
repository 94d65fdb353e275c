"""KAI Scheduler's queues: their resources, and their hierarchy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.kai import parent, queues
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

QUEUE_INCOMPLETE = define("BP6558", "kai-queue-incomplete", page=__file__)
QUEUE_QUOTA = define("BP6559", "kai-queue-quota", page=__file__, severity=Severity.WARNING)
_PARENT = ("spec", "parentQueue")
_UNITS = {"cpu": (100, "millicores", 1000), "memory": (1000, "megabytes", 1000)}
"""By resource: an implausibly small amount, its unit, and the factor of the common mistake."""


@rule(QUEUE_INCOMPLETE, tags=("kai",))
def queue_incomplete(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Queues without resources, or with a missing parent."""
    if not inside(subject.data, "spec", "resources"):
        text = "spec.resources is missing, so KAI Scheduler's webhook rejects the queue"
        yield ObjectFinding(QUEUE_INCOMPLETE, ("spec",), text, "for example resources: {gpu: {quota: 0, limit: -1}}")
    name, there = parent(subject), queues(context)
    if _is_below(subject, there):
        text = f"spec.parentQueue is {name}, which is a descendant of {subject.id.name}"
        yield ObjectFinding(QUEUE_INCOMPLETE, _PARENT, text, "remove parentQueue from the top-level queue")
    elif name:
        text = f"spec.parentQueue: there is no Queue {name}"
        others = {each for each in there if each != subject.id.name}
        if found := missing(QUEUE_INCOMPLETE, _PARENT, name, others, text, context, Severity.WARNING):
            yield found


def _is_below(queue: Object, there: Mapping[str, Object]) -> bool:
    """Whether a queue is its own ancestor."""
    seen: set[str] = set()
    here: Object | None = queue
    while here is not None and here.id.name not in seen:
        seen.add(here.id.name)
        here = there.get(parent(here))
    return here is not None and here.id.name == queue.id.name


@rule(QUEUE_QUOTA, tags=("kai",))
def queue_quota(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas above their limit or their parent's quota, and amounts in a wrong unit."""
    for resource in ("cpu", "gpu", "memory"):
        path = ("spec", "resources", resource)
        field = ".".join(path)
        quota, limit = _amount(subject, resource, "quota"), _amount(subject, resource, "limit")
        if 0 < limit < quota:
            text = f"{field}.quota is {quota:g}, but limit is {limit:g}"
            yield ObjectFinding(
                QUEUE_QUOTA, (*path, "quota"), text, "set a limit of at least the quota, or -1 for none"
            )
        elif resource in _UNITS and _amount(subject, "gpu", "quota") > 0:
            least, unit, times = _UNITS[resource]
            if 0 < quota < least:
                text = f"{field}.quota is only {quota:g} {unit}, in a queue with GPUs"
                yield ObjectFinding(QUEUE_QUOTA, (*path, "quota"), text, f"did you mean {quota * times:g}?")
        total = sum(_amount(each, resource, "quota") for each in _children(subject, context))
        if 0 < quota < total:
            text = f"{field}.quota is {quota:g}, but the child queues have {total:g}"
            yield ObjectFinding(QUEUE_QUOTA, (*path, "quota"), text, "set it to at least the sum of the child queues")


def _children(subject: Object, context: RuleContext) -> Iterator[Object]:
    return (each for each in queues(context).values() if parent(each) == subject.id.name)


def _amount(queue: Object, resource: str, field: str) -> float:
    """An amount; 0 if it is not set, as in KAI Scheduler."""
    value: Any = mapping(inside(queue.data, "spec", "resources", resource)).get(field)
    return float(value) if isinstance(value, int | float) else 0.0


RULES = (queue_incomplete, queue_quota)
