"""What Kubernetes cannot set, and what somebody else must bring: written down, so that nobody has to guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from blueprint.platform.compatibility import prerequisites as demands
from blueprint.platform.dra import prerequisites as dra_needs
from blueprint.platform.drivers.model import DRA
from blueprint.platform.model import Platform
from blueprint.platform.network.prerequisites import external_needs, network_needs
from blueprint.platform.observability.prerequisites import observed
from blueprint.platform.olm.prerequisites import olm_needs
from blueprint.platform.partitioning.prerequisites import partition_needs
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, Sources, by_relevance, flatten
from blueprint.platform.virtualization import prerequisites as sandbox_needs

KUBELET_ROOT = "/var/lib/kubelet"
STANDALONE = ("k8s-device-plugin", "dcgm-exporter")
"""Components whose pods need NVIDIA's runtime where no operator gives it to them."""


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """One thing that must be true before the platform works; `scope` is `cluster` or a pool."""

    scope: str
    what: str
    noted: Sources

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every line that demands it, the deciding one first."""
        return flatten(self.noted)


def prerequisites(platform: Platform) -> tuple[Prerequisite, ...]:
    """Everything, cluster first, then pool by pool."""
    found: list[Prerequisite] = []
    for scope, tell in _tellers(platform):
        with recording() as sources:
            texts = list(tell)
        found += [Prerequisite(scope, text, by_relevance(sources)) for text in texts]
    return tuple(found)


def _tellers(platform: Platform) -> Iterator[tuple[str, Iterator[str]]]:
    yield "cluster", _kubernetes(platform)
    yield "cluster", _distribution(platform)
    yield "cluster", _system(platform)
    yield "cluster", _secrets(platform)
    yield "cluster", _externals(platform)
    yield "cluster", external_needs(platform)
    yield from (("cluster", tell) for tell in olm_needs(platform))
    for told in (
        *demands.of_cluster(platform), *dra_needs.of_cluster(platform), *sandbox_needs.of_cluster(platform)
    ):  # fmt: skip
        yield "cluster", told
    yield from (("cluster", tell) for tell in observed(platform))
    for pool in platform.pools:
        yield pool.name, _nodes(pool)
        yield pool.name, _labels(pool, platform)
        yield pool.name, sandbox_needs.of_pool(pool)
        for told in demands.of_pool(pool):
            yield pool.name, told
        if pool.network:
            yield pool.name, network_needs(pool, pool.network)
        if isinstance(pool, GpuPool):
            yield pool.name, _gpus(pool)
            yield pool.name, dra_needs.of_pool(pool) if platform.allocation == DRA else partition_needs(pool, platform)
            yield pool.name, _driver(pool, platform)


def _kubernetes(platform: Platform) -> Iterator[str]:
    yield f"The API server is Kubernetes {platform.kubernetes}."
    if platform.cluster_uid:
        yield f"The namespace kube-system has the UID {platform.cluster_uid}."


def _distribution(platform: Platform) -> Iterator[str]:
    yield from platform.ground.needs
    if platform.runs_toolkit:
        for need in platform.ground.toolkit_needs:
            yield need.replace("{socket}", platform.containerd_socket) if "{socket}" in need else need
    if platform.kubelet_root != KUBELET_ROOT:
        yield f"The kubelet of GPU nodes keeps its files under {platform.kubelet_root}."


def _system(platform: Platform) -> Iterator[str]:
    if platform.driver.enabled:
        yield f"GPU nodes whose driver the operator installs run {platform.os}."


def _secrets(platform: Platform) -> Iterator[str]:
    spaces = ", ".join(sorted({c.namespace for c in platform.components.values() if c.ownership == "managed"}))
    for name in platform.pull_secrets:
        yield f"The secret {name}, of type kubernetes.io/dockerconfigjson, exists in: {spaces}."


def _externals(platform: Platform) -> Iterator[str]:
    for component in platform.components.values():
        if component.ownership == "external":
            yield f"{component.component.title} {component.version} is installed by somebody else."


def _nodes(pool: Pool) -> Iterator[str]:
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pool.selector.items()))
    count = str(pool.nodes_min) if pool.nodes_min == pool.nodes_max else f"{pool.nodes_min} to {pool.nodes_max}"
    yield f"{count} node{' carries' if count == '1' else 's carry'} the labels {labels}."


def _labels(pool: Pool, platform: Platform) -> Iterator[str]:
    if platform.node_labels == "apply":
        return
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pool.labels.items()))
    yield f"Whoever makes the nodes also gives them the labels {labels}."
    if taints := ", ".join(f"{t.key}={t.value}:{t.effect}" for t in pool.taints):
        yield f"Whoever makes the nodes gives them the taints {taints}."


def _gpus(pool: GpuPool) -> Iterator[str]:
    yield f"Each node has {pool.gpu.count} x {pool.gpu.product}, all visible to the operating system."


def _driver(pool: GpuPool, platform: Platform) -> Iterator[str]:
    owner = {"host": "The node image", "provider": "The cloud provider"}.get(pool.driver.owner)
    said = pool.driver.version or pool.driver.branch
    if owner:
        which = "" if not said else f" {said}" if pool.driver.version else f" of branch {said}"
        yield f"{owner} brings the NVIDIA driver{which}."
    elif pool.driver.precompiled:
        yield (
            f"For the kernel of every node there is a precompiled driver {pool.driver.branch}-KERNEL-SYSTEM in the"
            f" registry: {platform.os}'s kernels are upgraded only to ones that have it."
        )
    yield from pool.mode.needs
    if platform.gpu_stack == "standalone" and pool.mode.toolkit == "host":
        yield from _runtime(platform)


def _runtime(platform: Platform) -> Iterator[str]:
    """Where the pods of the stack get NVIDIA's runtime: nothing here sets it up."""
    settings = (platform.setting(name, "runtimeClass") for name in STANDALONE)
    classes = sorted({each for each in settings if each})
    if classes:
        yield f"The RuntimeClass {' and '.join(classes)} is there, and leads to NVIDIA's container runtime."
    else:
        yield "NVIDIA's container runtime is the nodes' default one: the pods of the GPU stack name no RuntimeClass."
        yield from platform.ground.default_runtime
