"""Karpenter's controller, and device claims that it ignores."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.karpenter import node_pools
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import DescribedPod, RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define

CLAIMS_IGNORED = define("BP6513", "claims-ignored-by-karpenter", page=__file__, severity=Severity.WARNING)


@rule(CLAIMS_IGNORED, tags=("karpenter", "dra"))
def claims_ignored(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Pods with device claims for which Karpenter creates no nodes."""
    path = ("spec", "template", "spec", "containers")
    for index, container in enumerate(map(mapping, items(inside(subject.data, *path)))):
        variables = {str(each.get("name")): each.get("value") for each in map(mapping, items(container.get("env")))}
        if "KARPENTER_SERVICE" not in variables or variables.get("IGNORE_DRA_REQUESTS", "true") != "true":
            continue
        if claimant := context.once(_claimant):
            text = (
                "IGNORE_DRA_REQUESTS is enabled, so Karpenter creates no node for device claims, such as those "
                f"of {claimant.subject.id}"
            )
            help_ = "use static NodePools, or set the variable to false; Karpenter's support for claims is experimental"
            yield ObjectFinding(CLAIMS_IGNORED, (*path, index, "env"), text, help_)


def _claimant(context: RuleContext) -> DescribedPod | None:
    """The first pod that claims devices, if there are NodePools that make nodes for pods."""
    dynamic = any(inside(each.data, "spec", "replicas") is None for each in node_pools(context))
    return next((pod for pod in context.pods if dynamic and items(pod.spec.get("resourceClaims"))), None)


RULES = (claims_ignored,)
