"""One ClusterPolicy, and nothing that contradicts it."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, mapping, tolerates
from blueprint.diagnostics import define

SECOND_POLICY = define(
    "BP6001",
    "second-cluster-policy",
    """
The GPU Operator follows the oldest ClusterPolicy and ignores every other one. Which one that is depends on what was
applied first, so the second has no effect today and may be the one in force after a reinstallation. Change the
platform's own with settings or a patch.
""",
)
BOTH_STACKS = define(
    "BP6002",
    "both-gpu-stacks",
    """
A ClusterPolicy and a GPUCluster exclude each other: with both there the operator stops labelling nodes, and no GPU
reaches any pod. The blueprint's `gpuStack` decides which of the two is rendered.
""",
)
OPERANDS_REPELLED = define(
    "BP6003",
    "operands-kept-away",
    """
Every pod that the operator makes gets the tolerations of `spec.daemonsets.tolerations`. Without one for a pool's
taint nothing of the GPU stack runs on its nodes, and nothing says so: the DaemonSets want no pods there and count
as healthy. The tolerations are derived from the pools' taints; a patch that replaces the list must name them all.
""",
)


def second(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Another ClusterPolicy beside the first."""
    if context.cluster_policy is not subject and context.cluster_policy is not None:
        text = f"the operator follows {context.cluster_policy.id.name} and ignores this ClusterPolicy"
        yield ObjectFinding(SECOND_POLICY, ("metadata", "name"), text, "patch the platform's own instead")


def both(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A GPUCluster beside a ClusterPolicy."""
    found = [
        each for each in context.objects_of_kind("GPUCluster") if each.component != USERS or subject.component == USERS
    ]
    if found:
        text = f"excludes the GPUCluster {found[0].id.name}"
        yield ObjectFinding(BOTH_STACKS, ("metadata", "name"), text, "remove one of the two")


def tolerations(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A pool's taint that the operands do not tolerate."""
    given = mapping(mapping(subject.data.get("spec")).get("daemonsets")).get("tolerations")
    for pool in context.pools if subject is context.cluster_policy else ():
        for taint in pool.taints:
            if not tolerates(given, taint):
                text = f"no toleration in spec.daemonsets for the taint {taint.key}:{taint.effect} of pool {pool.name}"
                help_ = f"add {{key: {taint.key}, operator: Exists, effect: {taint.effect}}}"
                yield ObjectFinding(OPERANDS_REPELLED, ("spec", "daemonsets", "tolerations"), text, help_)
                return


RULES = (second, both, tolerations)
