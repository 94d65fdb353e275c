"""A single ClusterPolicy without conflicting objects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.operand_taints import OPERANDS_REPELLED, repelled
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import define
from blueprint.effective.operator import GPU_CLUSTER

SECOND_POLICY = define("BP6001", "second-cluster-policy", page=__file__)
BOTH_STACKS = define("BP6002", "both-gpu-stacks", page=__file__)


@rule(SECOND_POLICY, tags=("operator",))
def second(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A second ClusterPolicy."""
    if context.cluster_policy is not subject and context.cluster_policy is not None:
        text = f"the operator uses {context.cluster_policy.id.name} and ignores this ClusterPolicy"
        yield ObjectFinding(SECOND_POLICY, ("metadata", "name"), text, "patch the rendered ClusterPolicy instead")


@rule(BOTH_STACKS, tags=("operator",))
def both(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A GPUCluster in addition to a ClusterPolicy."""
    found = [
        each for each in context.objects_of_kind(GPU_CLUSTER) if each.component != USERS or subject.component == USERS
    ]
    if found:
        text = f"cannot be combined with the GPUCluster {found[0].id.name}"
        yield ObjectFinding(BOTH_STACKS, ("metadata", "name"), text, "remove one of the two")


@rule(OPERANDS_REPELLED, tags=("operator",), needs=(Capability.POOLS,))
def tolerations(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A pool's taint that the operands do not tolerate."""
    path = ("spec", "daemonsets", "tolerations")
    if subject is context.cluster_policy:
        yield from repelled(inside(subject.data, *path), path, "spec.daemonsets", context)


RULES = (second, both, tolerations)
