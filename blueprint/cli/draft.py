"""The text of a first blueprint: valid, and with a comment wherever a choice was made that somebody may regret."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.catalog import load_catalog
from blueprint.catalog.distribution import NodeGroups
from blueprint.records import Record
from blueprint.source.yaml_writer import inline

STACKS = {
    "clusterPolicy": "Pods request nvidia.com/gpu: the GPU Operator with the device plugin.",
    "gpuCluster": "Pods claim GPUs (DRA): the runtime must take devices by CDI, and no device plugin may run.",
    "standalone": "Device plugin, feature discovery and exporter alone: the nodes have driver and toolkit already.",
}
"""What each value of `gpuStack` means, in a line."""
OWN_SELECTOR = "pool"
OWN_TAINT = "true"


class PoolDraft(Record):
    """A node pool: how many nodes, and which GPUs each has (`product` None: none). `branch` is the driver's."""

    name: str
    nodes: int
    product: str | None = None
    count: int = 0
    branch: str | None = None


class Draft(Record):
    """What a first blueprint has to say; everything else has a default."""

    name: str
    release: str
    kubernetes: str
    distribution: str
    pools: tuple[PoolDraft, ...]
    os: str | None = None
    gpu_stack: str | None = None

    @property
    def node_groups(self) -> NodeGroups | None:
        """How a managed cloud marks the nodes of a pool; None where there is no such cloud."""
        return load_catalog().distribution(self.distribution).pools


def text_of(draft: Draft, file: str) -> str:
    """The blueprint as YAML; `file` is what its comments call it. Comments stand at the first pool of a kind only."""
    return "\n".join(_lines(draft, file)) + "\n"


def _lines(draft: Draft, file: str) -> Iterator[str]:
    yield f"# `blueprint validate {file}` checks this file, `blueprint compile {file} -o bundle` renders it."
    yield "# `blueprint explain spec.nodePools`, or any other field, says what can be written there."
    yield "apiVersion: gpublueprint.dev/v1alpha1"
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
    yield from _cluster(draft)
    yield "  nodePools:"
    described: set[bool] = set()
    for pool in draft.pools:
        yield from _pool(pool, draft, first=(pool.product is not None) not in described, commented=not described)
        described.add(pool.product is not None)


def _cluster(draft: Draft) -> Iterator[str]:
    managed = draft.node_groups is not None
    yield "  cluster:"
    yield "    # Every object is checked against this version's API."
    yield f"    kubernetes: {inline(draft.kubernetes)}"
    yield "    # Determines paths, who installs the driver, and what must be prepared outside of Kubernetes."
    yield f"    distribution: {draft.distribution}"
    if draft.os:
        yield "    # The system of the GPU nodes."
        yield f"    os: {draft.os}"
    if managed:
        yield "  # The cloud labels and taints nodes; `blueprint drift` verifies that it did."
    else:
        yield "  # `blueprint apply` labels and taints the nodes; `provisioner` if the node provisioner does."
    yield f"  nodeLabels: {'provisioner' if managed else 'apply'}"


def _pool(pool: PoolDraft, draft: Draft, *, first: bool, commented: bool) -> Iterator[str]:
    yield f"    {inline(pool.name)}:"
    if commented:
        yield "      # {min: 0, max: 8} where an autoscaler decides."
    yield f"      nodes: {pool.nodes}"
    if commented and draft.node_groups is None:
        yield "      # A label that the pool's nodes have when they join: put yours here."
    elif commented:
        yield "      # The cloud marks the nodes of a pool with this label: write the pool's real name."
    label = draft.node_groups.label if draft.node_groups else OWN_SELECTOR
    yield f"      selector: {{{label}: {inline(pool.name)}}}"
    if pool.product is not None:
        yield from _gpu(pool, draft, first=first)


def _gpu(pool: PoolDraft, draft: Draft, *, first: bool) -> Iterator[str]:
    if first:
        yield "      # Keeps pods away that need no GPU."
    taint = draft.node_groups.taint if draft.node_groups else OWN_TAINT
    yield f'      taints: {{nvidia.com/gpu: "{taint}:NoSchedule"}}'
    if first:
        yield "      # `count` is per node. `mig` partitions these GPUs into instances, `sharing` lets pods take turns."
    yield f"      gpu: {{product: {pool.product}, count: {pool.count}}}"
    if pool.branch:
        yield f"      driver: {{branch: {inline(pool.branch)}}}"
