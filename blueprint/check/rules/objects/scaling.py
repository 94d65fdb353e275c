"""A replica count in the manifest of a workload that an autoscaler scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
        for scaler in context.objects_of_kind(kind):
            if _is_target(mapping(inside(scaler.data, "spec", "scaleTargetRef")), scaler, subject):
                text = f"spec.replicas is {replicas}, but {scaler.id} also sets it"
                help_ = "remove spec.replicas; the autoscaler's minReplicas sets the minimum"
                override = Severity.ERROR if Capability.BLUEPRINT in context.capabilities else None
                yield ObjectFinding(SCALED_BY_ANOTHER, ("spec", "replicas"), text, help_, override)


def _is_target(target: Mapping[Any, Any], scaler: Object, subject: Object) -> bool:
    """Whether the autoscaler targets the workload. Both kinds refer to their own namespace; the default kind of a
    ScaledObject is Deployment.
    """
    group = str(target.get("apiVersion") or "").rpartition("/")[0]
    return (
        scaler.id.namespace == subject.id.namespace
        and target.get("name") == subject.id.name
        and (target.get("kind") or "Deployment") == subject.id.kind
        and (not group or group == subject.id.group)
    )


RULES = (scaled,)
