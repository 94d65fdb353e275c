"""The autoscalers of a workload."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.rule_context import RuleContext, inside, mapping

AUTOSCALER, SCALED_OBJECT = "HorizontalPodAutoscaler", "ScaledObject"


def autoscalers_of(subject: Object, context: RuleContext) -> Iterator[Object]:
    """The autoscalers that set the replicas of a workload: the first one of each kind."""
    scalers = context.once(_by_target)
    for kind in (AUTOSCALER, SCALED_OBJECT):
        home = (kind, subject.id.namespace, subject.id.kind, subject.id.name)
        if found := scalers.get((*home, subject.id.group)) or scalers.get((*home, "")):
            yield found


def _by_target(context: RuleContext) -> Mapping[tuple[str, ...], Object]:
    """The first autoscaler by its own kind and its target: namespace, kind, name, and API group if it is set.

    Both kinds refer to their own namespace; the default kind of a ScaledObject's target is Deployment.
    """
    found: dict[tuple[str, ...], Object] = {}
    for kind in (AUTOSCALER, SCALED_OBJECT):
        for each in context.objects_of_kind(kind):
            target = mapping(inside(each.data, "spec", "scaleTargetRef"))
            group = str(target.get("apiVersion") or "").rpartition("/")[0]
            name, scaled_kind = str(target.get("name")), str(target.get("kind") or "Deployment")
            found.setdefault((kind, each.id.namespace, scaled_kind, name, group), each)
    return found
