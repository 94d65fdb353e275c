"""A replica count in the manifest of a workload that an autoscaler scales."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.autoscalers import AUTOSCALER, autoscalers_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, Profile, rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import Severity, define

SCALED_BY_ANOTHER = define("BP6460", "replicas-beside-autoscaler", page=__file__, severity=Severity.WARNING)


@rule(SCALED_BY_ANOTHER, tags=("reliability",), profile=Profile.MINIMAL)
def scaled(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Replicas that an autoscaler sets."""
    replicas = inside(subject.data, "spec", "replicas")
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        return
    for scaler in autoscalers_of(subject, context):
        if scaler.id.kind == AUTOSCALER and replicas == 0:  # It ignores workloads that are scaled to zero.
            continue
        text = f"spec.replicas is {replicas}, but {scaler.id} also sets it"
        help_ = "remove spec.replicas; the autoscaler's minReplicas sets the minimum"
        override = Severity.ERROR if Capability.BLUEPRINT in context.capabilities else None
        yield ObjectFinding(SCALED_BY_ANOTHER, ("spec", "replicas"), text, help_, override)


RULES = (scaled,)
