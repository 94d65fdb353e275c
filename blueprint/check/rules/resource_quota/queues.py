"""Quotas of namespaces, compared with those of their queues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from blueprint.bundle.model import Object
from blueprint.check.common.kueue import CLUSTER_QUEUE, GROUP, LOCAL_QUEUE, quotas
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.units import quantity_value

BELOW_QUEUE = define("BP6478", "quota-below-the-queue", page=__file__, severity=Severity.WARNING)
_PREFIX = "requests."
_MOST_QUEUES = 100


@rule(BELOW_QUEUE, tags=("kueue", "tenancy"))
def below_the_queue(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Quotas with fewer devices than the namespace's queue guarantees."""
    if inside(subject.data, "spec", "scopeSelector") or inside(subject.data, "spec", "scopes"):
        return  # A scoped quota counts only some pods.
    for key, limit in mapping(inside(subject.data, "spec", "hard")).items():
        resource = key.removeprefix(_PREFIX)
        if not key.startswith(_PREFIX) or "/" not in resource:
            continue
        most = _amount(limit)
        queues = context.once(_queues).get(subject.id.namespace, ())
        if len(queues) > _MOST_QUEUES:
            context.omit(f"the namespace has more than {_MOST_QUEUES} queues")
            return
        for name in queues:
            nominal = context.once(_guaranteed).get((name, resource), Fraction(0))
            if most is not None and most < nominal:
                text = f"the quota allows {limit} of {resource}, but the queue {name} guarantees {nominal}"
                help_ = f"allow at least {nominal}, or remove the quota of {resource}"
                yield ObjectFinding(BELOW_QUEUE, ("spec", "hard", key), text, help_)


def _queues(context: RuleContext) -> Mapping[str, list[str]]:
    """The ClusterQueues of each namespace."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for each in context.objects_of_kind(LOCAL_QUEUE):
        if each.id.group == GROUP:
            found[each.id.namespace][str(inside(each.data, "spec", "clusterQueue"))] = None
    return {namespace: [*names] for namespace, names in found.items()}


def _guaranteed(context: RuleContext) -> Mapping[tuple[str, str], Fraction]:
    """What each ClusterQueue has of each resource."""
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for name, queue in context.named(GROUP, CLUSTER_QUEUE).items():
        for quota in quotas(queue):
            found[name, quota.resource] += quota.amount("nominalQuota") or 0
    return found


def _amount(value: object) -> Fraction | None:
    try:
        return quantity_value(str(value))
    except ValueError:
        return None  # The schema check reports it.


RULES = (below_the_queue,)
