"""A GPUCluster beside the platform's ClusterPolicy."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.complaint import Complaint
from blueprint.check.rules.cluster_policy.alone import BOTH_STACKS
from blueprint.check.rules.model import USERS, Known
from blueprint.render.model import Object


def both(subject: Object, known: Known) -> Iterator[Complaint]:
    """A user's GPUCluster where the platform has a ClusterPolicy."""
    if subject.component == USERS and known.policy is not None and known.policy.component != USERS:
        text = f"excludes the ClusterPolicy {known.policy.id.name}"
        yield Complaint(BOTH_STACKS, ("metadata", "name"), text, "remove it, or decide by gpuStack")


RULES = (both,)
