"""A GPUCluster beside the platform's ClusterPolicy."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import Complaint
from blueprint.check.rules.cluster_policy.alone import BOTH_STACKS
from blueprint.check.rules.context import USERS, Known
from blueprint.diagnostics import define

OTHER_NAME = define(
    "BP6007",
    "gpu-cluster-of-another-name",
    """
There is one GPUCluster, and its name is `gpu-cluster`: the API server refuses every other one.
""",
)


def name(subject: Object, known: Known) -> Iterator[Complaint]:
    """A GPUCluster of another name."""
    if subject.id.name != "gpu-cluster":
        text = f"metadata.name is {subject.id.name}; a GPUCluster is called gpu-cluster"
        yield Complaint(OTHER_NAME, ("metadata", "name"), text, "gpu-cluster")


def both(subject: Object, known: Known) -> Iterator[Complaint]:
    """A user's GPUCluster where the platform has a ClusterPolicy."""
    if subject.component == USERS and known.policy is not None and known.policy.component != USERS:
        text = f"excludes the ClusterPolicy {known.policy.id.name}"
        yield Complaint(BOTH_STACKS, ("metadata", "name"), text, "remove it, or decide by gpuStack")


RULES = (name, both)
