"""The text of a first blueprint: valid, and with comments on choices that the user may want to reconsider."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.distribution import NodeGroups
from blueprint.records import Record
from blueprint.source.yaml_writer import inline

STACKS = {
    "operator": "The GPU Operator installs and runs the GPU stack.",
    "standalone": "Only device plugin, feature discovery and exporter: the nodes already have driver and toolkit.",
}
"""A one-line description of each value of `gpuStack`."""
ALLOCATIONS = {
    "devicePlugin": "Pods request a number of nvidia.com/gpu.",
    "dra": "Pods claim GPUs (DRA): the container runtime must support CDI, and no device plugin may run.",
}
"""A one-line description of each value of `allocation`."""
OWN_LABEL = "pool"
OWN_TAINT = "true"


class PoolDraft(Record):
    """A node pool: the number of nodes, and the GPUs of each (`product` None: none). `branch` is the driver branch."""

    name: str
    nodes: int
    product: str | None = None
    count: int = 0
    branch: str | None = None


class Draft(Record):
    """The contents of a first blueprint; everything else has a default."""

    name: str
    release: str
    kubernetes: str
    distribution: str
    pools: tuple[PoolDraft, ...]
    os: str | None = None
    gpu_stack: str | None = None
    allocation: str | None = None

    @property
    def node_groups(self) -> NodeGroups | None:
        """How a managed cloud marks the nodes of a pool; None for other clusters."""
        return load_catalog().distribution(self.distribution).pools


def text_of(draft: Draft, file: str) -> str:
    """The blueprint as YAML; `file` is the name used in its comments. Only the first pool of each kind has comments."""
    return "\n".join(_lines(draft, file)) + "\n"


def _lines(draft: Draft, file: str) -> Iterator[str]:
    yield f"# `blueprint validate {file}` checks this file, `blueprint compile {file} -o bundle` renders it."
    yield "# `blueprint explain spec.nodePools`, or any other field, shows its documentation."
    yield "apiVersion: gpublueprint.dev/v1alpha2"
    yield "kind: Blueprint"
    yield "metadata:"
    yield "  # The field manager, inventory and labels contain this name: do not change it after the first apply."
    yield f"  name: {inline(draft.name)}"
    yield "  version: 0.1.0"
    yield "spec:"
    yield "  # A tested set of component versions."
    yield f"  release: {inline(draft.release)}"
    if draft.gpu_stack:
        yield f"  # {STACKS[draft.gpu_stack]}"
        yield f"  gpuStack: {draft.gpu_stack}"
    if draft.allocation:
        yield f"  # {ALLOCATIONS[draft.allocation]}"
        yield f"  allocation: {draft.allocation}"
    yield from _cluster(draft)
    yield from _shared(draft)
    yield "  nodePools:"
    described: set[bool] = set()
    for pool in draft.pools:
        yield from _pool(pool, first=(pool.product is not None) not in described, commented=not described)
        described.add(pool.product is not None)


def _cluster(draft: Draft) -> Iterator[str]:
    yield "  cluster:"
    yield "    # Every object is checked against this version's API."
    yield f"    kubernetes: {inline(draft.kubernetes)}"
    yield "    # Determines paths, who installs the driver, and what must be prepared outside of Kubernetes."
    yield f"    distribution: {draft.distribution}"
    if draft.os:
        yield "    # The system of the GPU nodes."
        yield f"    os: {draft.os}"


def _shared(draft: Draft) -> Iterator[str]:
    """The part that the pools share."""
    groups = draft.node_groups
    if groups:
        yield (
            f"  # The cloud labels the nodes of a pool with {groups.label}: name the pools below "
            "after the cloud's node pools."
        )
    else:
        yield "  # The node label that names a node's pool. Nodes have it when they join. Replace it with yours."
        yield f"  poolLabel: {OWN_LABEL}"
        yield "  # `blueprint apply` sets further labels and taints; write `provisioner` if the node provisioner does."
        yield "  nodeLabels: apply"
    if any(pool.product for pool in draft.pools):
        yield "  # Defaults of every pool with GPUs. The taint keeps pods without GPUs away."
        yield "  poolDefaults:"
        yield f"    taints: [nvidia.com/gpu={groups.taint if groups else OWN_TAINT}:NoSchedule]"


def _pool(pool: PoolDraft, *, first: bool, commented: bool) -> Iterator[str]:
    yield f"    {inline(pool.name)}:"
    if commented:
        yield "      # {min: 0, max: 8} where an autoscaler decides."
    yield f"      nodes: {pool.nodes}"
    if pool.product is not None:
        yield from _gpu(pool, first=first)


def _gpu(pool: PoolDraft, *, first: bool) -> Iterator[str]:
    if first:
        yield "      # `count` is per node. `mig` partitions these GPUs into instances, `sharing` lets pods take turns."
    yield f"      gpu: {{product: {pool.product}, count: {pool.count}}}"
    if pool.branch:
        yield f"      driver: {{branch: {inline(pool.branch)}}}"
