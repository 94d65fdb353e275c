"""Ray clusters."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.ray import RAY_REFUSED, cluster_faults
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(RAY_REFUSED, tags=("ray",))
def ray_cluster_refused(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Clusters that KubeRay rejects."""
    yield from cluster_faults(subject, ("spec",))


RULES = (ray_cluster_refused,)
