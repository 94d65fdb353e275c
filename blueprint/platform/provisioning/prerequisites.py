"""Prerequisites of pools whose nodes Karpenter creates: what AWS and Karpenter must provide."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool
from blueprint.platform.provisioning.node_classes import DISCOVERY_TAG, NodeClass
from blueprint.wording import counted


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of node classes and static pools; each one records its own sources."""
    for node_class in platform.provisioning.node_classes:
        yield _node_class(node_class)
    yield _static(platform)


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of one pool."""
    yield _nodes(pool, platform)


def _node_class(node_class: NodeClass) -> Iterator[str]:
    if node_class.role:
        yield (
            f"The IAM role {node_class.role} exists, its nodes may join the cluster (an access entry of type"
            " EC2_LINUX), and Karpenter's own role may pass it to EC2."
        )
    if node_class.discovery:
        yield f"Subnets and security groups have the tag {DISCOVERY_TAG}={node_class.discovery}."
    if node_class.reservations:
        yield f"The capacity reservations of node class {node_class.name} are active in its zones."


def _static(platform: Platform) -> Iterator[str]:
    if platform.provisioning.has_static and not platform.provisioning.is_managed:
        yield "Karpenter's feature gate StaticCapacity is enabled."


def _nodes(pool: Pool, platform: Platform) -> Iterator[str]:
    found = pool.provisioning
    if found is None:
        return
    kinds = ", ".join(found.instance_types)
    most = counted(pool.nodes_max, "machine")
    yield f"The account's quotas of EC2 allow {most} of {kinds} ({' or '.join(found.purchases)})."
    if found.node_class_kind and not platform.provisioning.node_class(found.node_class):
        yield (
            f"The {found.node_class_kind.kind} {found.node_class} is in the cluster, and starts"
            f" {platform.cluster.os} with a root volume of at least 100 GB."
        )
