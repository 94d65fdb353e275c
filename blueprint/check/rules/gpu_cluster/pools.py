"""Options of a GPUCluster, compared with the pools."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.pools import KUBELET_ELSEWHERE, kubelet_elsewhere
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext


@rule(KUBELET_ELSEWHERE, tags=("operator", "dra"), needs=(Capability.POOLS,))
def kubelet(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A directory of the kubelet other than the cluster's."""
    if subject is context.operator.gpu_cluster:
        yield from kubelet_elsewhere(subject, context.pools)


RULES = (kubelet,)
