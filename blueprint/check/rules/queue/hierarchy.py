"""KAI Scheduler's queues: their resources, and their hierarchy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.cycles import Ring, rings
from blueprint.check.common.kai import parent, queues, queues_below
from blueprint.check.common.named_objects import missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

QUEUE_INCOMPLETE = define("BP6558", "kai-queue-incomplete", page=__file__)
QUEUE_QUOTA = define("BP6559", "kai-queue-quota", page=__file__, severity=Severity.WARNING)
_PARENT = ("spec", "parentQueue")
_RESOURCES = ("cpu", "gpu", "memory")
_UNITS = {"cpu": (100, "millicores", 1000), "memory": (1000, "megabytes", 1000)}
"""By resource: an implausibly small amount, its unit, and the factor of the common mistake."""


@rule(QUEUE_INCOMPLETE, tags=("kai",))
def queue_incomplete(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Queues without resources, or with a missing parent."""
    if not inside(subject.data, "spec", "resources"):
        text = "spec.resources is missing, so KAI Scheduler's webhook rejects the queue"
        yield ObjectFinding(QUEUE_INCOMPLETE, ("spec",), text, "for example resources: {gpu: {quota: 0, limit: -1}}")
    name, there = parent(subject), queues(context)
    if name and subject.id.name in context.once(_rings):
        text = f"spec.parentQueue is {name}, which is a descendant of {subject.id.name}"
        yield ObjectFinding(QUEUE_INCOMPLETE, _PARENT, text, "remove parentQueue from the top-level queue")
    elif name:
        text = f"spec.parentQueue: there is no Queue {name}"
        severity = Severity.WARNING
        if found := missing(QUEUE_INCOMPLETE, _PARENT, name, there, text, context, severity, subject.id.name):
            yield found


def _rings(context: RuleContext) -> Mapping[str, Ring]:
    return rings({name: parent(each) for name, each in queues(context).items()})


@rule(QUEUE_QUOTA, tags=("kai",))
def queue_quota(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas above their limit or their parent's quota, and amounts in a wrong unit."""
    for resource in _RESOURCES:
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
        total = context.once(_totals).get((subject.id.name, resource), 0)
        if 0 < quota < total:
            text = f"{field}.quota is {quota:g}, but the child queues have {total:g}"
            yield ObjectFinding(QUEUE_QUOTA, (*path, "quota"), text, "set it to at least the sum of the child queues")


def _totals(context: RuleContext) -> Mapping[tuple[str, str], float]:
    """What the queues below a queue have of a resource, together."""
    return {
        (name, resource): sum(_amount(each, resource, "quota") for each in below)
        for name, below in queues_below(context).items()
        for resource in _RESOURCES
    }


def _amount(queue: Object, resource: str, field: str) -> float:
    """An amount; 0 if it is not set, as in KAI Scheduler."""
    value: Any = mapping(inside(queue.data, "spec", "resources", resource)).get(field)
    return float(value) if isinstance(value, int | float) else 0.0


RULES = (queue_incomplete, queue_quota)
