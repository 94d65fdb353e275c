"""Quotas of namespaces, compared with those of their queues."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import CLUSTER_QUEUE, GROUP, LOCAL_QUEUE
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.units import quantity_value

BELOW_QUEUE = define("BP6478", "quota-below-the-queue", page=__file__, severity=Severity.WARNING)
_PREFIX = "requests."


@rule(BELOW_QUEUE, tags=("kueue", "tenancy"))
def below_the_queue(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas with fewer devices than the namespace's queue guarantees."""
    if inside(subject.data, "spec", "scopeSelector") or inside(subject.data, "spec", "scopes"):
        return  # A scoped quota counts only some pods.
    for key, limit in mapping(inside(subject.data, "spec", "hard")).items():
        resource = key.removeprefix(_PREFIX)
        if not key.startswith(_PREFIX) or "/" not in resource:
            continue
        for queue in context.named(GROUP, LOCAL_QUEUE, subject.id.namespace).values():
            name = str(inside(queue.data, "spec", "clusterQueue"))
            of = context.named(GROUP, CLUSTER_QUEUE).get(name)
            nominal = _nominal(of, resource) if of else Fraction(0)
            most = _amount(limit)
            if most is not None and most < nominal:
                text = f"{limit} of {resource} are allowed, and the queue {name} guarantees {nominal}"
                help_ = f"at least {nominal}, or no quota of {resource}"
                yield ObjectFinding(BELOW_QUEUE, ("spec", "hard", key), text, help_)


def _nominal(queue: Object, resource: str) -> Fraction:
    amounts = (
        _amount(each.get("nominalQuota"))
        for group in map(mapping, items(inside(queue.data, "spec", "resourceGroups")))
        for flavor in map(mapping, items(group.get("flavors")))
        for each in map(mapping, items(flavor.get("resources")))
        if each.get("name") == resource
    )
    return sum((each for each in amounts if each is not None), Fraction(0))


def _amount(value: object) -> Fraction | None:
    try:
        return quantity_value(str(value))
    except ValueError:
        return None  # The schema check reports it.


RULES = (below_the_queue,)
