"""A replica count in the manifest of a workload that an autoscaler scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, Profile, rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

SCALED_BY_ANOTHER = define("BP6460", "replicas-beside-autoscaler", page=__file__, severity=Severity.WARNING)
_SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


@rule(SCALED_BY_ANOTHER, tags=("reliability",), profile=Profile.MINIMAL)
def scaled(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Replicas that an autoscaler sets."""
    replicas = inside(subject.data, "spec", "replicas")
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        return
    for kind in _SCALERS:
        if kind == _SCALERS[0] and replicas == 0:  # It ignores workloads that are scaled to zero.
            continue
        scalers = context.once(_by_target)
        home = (kind, subject.id.namespace, subject.id.kind, subject.id.name)
        if scaler := scalers.get((*home, subject.id.group)) or scalers.get((*home, "")):
            text = f"spec.replicas is {replicas}, but {scaler.id} also sets it"
            help_ = "remove spec.replicas; the autoscaler's minReplicas sets the minimum"
            override = Severity.ERROR if Capability.BLUEPRINT in context.capabilities else None
            yield ObjectFinding(SCALED_BY_ANOTHER, ("spec", "replicas"), text, help_, override)


def _by_target(context: RuleContext) -> Mapping[tuple[str, ...], Object]:
    """The first autoscaler by its own kind and its target: namespace, kind, name, and API group if it is set.

    Both kinds refer to their own namespace; the default kind of a ScaledObject's target is Deployment.
    """
    found: dict[tuple[str, ...], Object] = {}
    for kind in _SCALERS:
        for each in context.objects_of_kind(kind):
            target = mapping(inside(each.data, "spec", "scaleTargetRef"))
            group = str(target.get("apiVersion") or "").rpartition("/")[0]
            name, scaled_kind = str(target.get("name")), str(target.get("kind") or "Deployment")
            found.setdefault((kind, each.id.namespace, scaled_kind, name, group), each)
    return found


RULES = (scaled,)
