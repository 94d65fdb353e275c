"""A GPUCluster in addition to the platform's ClusterPolicy."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.check.rules.cluster_policy.alone import BOTH_STACKS
from blueprint.diagnostics import define

OTHER_NAME = define("BP6007", "gpu-cluster-of-another-name", page=__file__)


@rule(OTHER_NAME, tags=("operator",))
def name(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A GPUCluster with another name."""
    if subject.id.name != "gpu-cluster":
        text = f"metadata.name is {subject.id.name}; a GPUCluster must be named gpu-cluster"
        yield ObjectFinding(OTHER_NAME, ("metadata", "name"), text, "gpu-cluster")


@rule(BOTH_STACKS, tags=("operator",))
def both(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's GPUCluster on a platform with a ClusterPolicy."""
    if subject.component == USERS and context.cluster_policy is not None and context.cluster_policy.component != USERS:
        text = f"cannot be combined with the ClusterPolicy {context.cluster_policy.id.name}"
        yield ObjectFinding(
            BOTH_STACKS, ("metadata", "name"), text, "remove it; allocation decides which one is rendered"
        )


RULES = (name, both)
