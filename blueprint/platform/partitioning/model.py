"""Resolved GPU partitioning (MIG) and sharing: layouts, resources of the nodes, and the resulting configuration.

The MIG manager and the device plugin react when a node's label refers to another configuration, but not when the
configuration of the same name changes. Every name therefore contains a digest of the content.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from blueprint.catalog.distribution import WITHOUT_OPERATOR
from blueprint.catalog.hardware import Gpu, Mig
from blueprint.platform.components.digests import digest
from blueprint.platform.partitioning.layout import MigGroup, PoolLayout, layout_of
from blueprint.platform.partitioning.packing import ranges
from blueprint.platform.tracking.recorder import decided_by, tracked_property, untracked
from blueprint.platform.tracking.tracked import plain, read_fact
from blueprint.platform.views import GpuPoolView, PlatformView
from blueprint.spec.pools import PoolGpu as PoolGpuSpec
from blueprint.versions import version_key

GPU = "nvidia.com/gpu"
FEW_CLIENTS, MANY_CLIENTS_FROM = 16, "7.5"
"""The most clients of MPS on a GPU before this compute capability (NVIDIA k8s-device-plugin, mps/device.go)."""


def has_few_clients(gpu: Gpu | None) -> bool:
    """Whether MPS has only FEW_CLIENTS on a product; not if its compute capability is unknown."""
    if gpu is None or not gpu.compute_capability.certain:
        return False
    return version_key(gpu.compute_capability.value) < version_key(MANY_CLIENTS_FROM)


def resource_of(profile: str) -> str:
    """The resource of a profile with the strategy `mixed`: `nvidia.com/mig-1g.10gb.me`."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


class PartitionedPool(GpuPoolView, Protocol):
    """A pool with its partition."""

    @property
    def partition(self) -> PoolPartition:
        """How its GPUs are partitioned and shared."""


class PartitionedPlatform(PlatformView, Protocol):
    """The platform with the partitions of its pools."""

    @property
    def gpu_pools(self) -> Sequence[PartitionedPool]:
        """The pools whose nodes have GPUs."""

    @property
    def partitioning(self) -> ClusterPartitioning:
        """The partitioning and sharing of all pools together."""


class MissingManager(Enum):
    """The reason why no MIG manager applies the layouts of a blueprint."""

    DRA_STACK = "the DRA stack has no MIG manager"
    STANDALONE_STACK = "the standalone stack has no MIG manager"
    NOT_MANAGED = "the GPU Operator is not managed"
    NODE_IMAGE = "the node image partitions GPUs by settings of its own, at boot"
    SWITCHED_OFF = "the MIG manager is switched off"


class PoolPartition:
    """The GPUs of one pool's nodes: partitioned, shared, or neither. Only pools with GPUs have one."""

    def __init__(self, pool: GpuPoolView, spec: PoolGpuSpec, platform: PartitionedPlatform) -> None:
        self._pool = pool
        self._spec = spec
        self._platform = platform

    @tracked_property
    def layout(self) -> PoolLayout | None:
        """The MIG layout, including its conflicts; None if the GPUs are not partitioned."""
        mig = self._spec.mig
        if mig is None:
            return None
        count = self._spec.count
        entries = [
            (range(count) if each.devices == "all" else plain(each.devices), plain(each.profiles))
            for each in mig.layout
        ]
        return layout_of(entries, count, self._facts())

    def _facts(self) -> Mig | None:
        """The catalogue's facts about the product's MIG support. They prove a layout, but do not affect rendered
        objects.
        """
        with untracked():
            product = self._pool.gpu.catalogued
        return product.mig if product else None

    @tracked_property
    def groups(self) -> tuple[MigGroup, ...]:
        """The GPUs grouped by partitioning; empty if none are partitioned."""
        return self.layout.groups if self.layout else ()

    @property
    def is_whole(self) -> bool:
        """Whether a node has a GPU that is not partitioned."""
        return not self.groups or any(not group.instances for group in self.groups)

    @tracked_property
    def declared_strategy(self) -> str | None:
        """The strategy that the blueprint declares."""
        return self._spec.mig.strategy if self._spec.mig is not None else None

    @tracked_property
    def needs_mixed(self) -> bool:
        """Whether the pool declares the strategy `mixed`, or requires it."""
        return self.declared_strategy == "mixed" or self.layout is None or self.layout.only_profile is None

    def describe(self, group: MigGroup) -> str:
        """A description of a group, with the memory slices of its instances, which prove that they fit."""
        gpus = f"{'GPU' if len(group.devices) == 1 else 'GPUs'} {ranges(group.devices)}"
        decided_by(self.groups)
        if not group.instances:
            return f"{gpus} whole"
        placements = self._pool.gpu.facts.mig.placements
        decided_by(read_fact(placements) if placements else None)
        instances = ", ".join(f"{number} x {profile}" for profile, number in sorted(group.instances.items()))
        places = f" ({', '.join(map(str, group.placement))})" if group.placement else ""
        return f"{gpus} partitioned into {instances}{places}"

    @tracked_property
    def shared(self) -> bool:
        """Whether the blueprint shares GPUs or instances."""
        return self._spec.sharing is not None

    @tracked_property
    def mps(self) -> int | None:
        """The number of simultaneous pods per GPU with MPS."""
        return self._spec.sharing.mps if self._spec.sharing else None

    @tracked_property
    def time_slicing(self) -> Mapping[str, int]:
        """The number of pods that share each resource by time-slicing, by the name of the resource."""
        sharing = self._spec.sharing
        return dict(plain(sharing.time_slicing or {})) if sharing else {}

    @tracked_property
    def _unshared(self) -> dict[str, int]:
        """The resources that each node would offer without sharing, with their amounts."""
        if self._pool.passes_gpus:
            return {self._platform.kata.gpu_resource: self._spec.count}
        if not self.groups:
            return {GPU: self._spec.count}
        single = not self._pool.claimed and self._platform.partitioning.strategy == "single"
        found: Counter[str] = Counter()
        for group in self.groups:
            for profile, number in group.instances.items():
                found[GPU if single else resource_of(profile)] += number * len(group.devices)
            if not group.instances:
                found[GPU] += len(group.devices)
        return dict(sorted(found.items()))

    @tracked_property
    def shareable(self) -> dict[str, str]:
        """The names in `timeSlicing` for the resources of the nodes, by resource."""
        whole = self._platform.kata.gpu_resource if self._pool.passes_gpus else GPU
        names = {resource: resource for resource in self._unshared} | {whole: "gpu"}
        names |= {resource_of(profile): profile for group in self.groups for profile in group.instances}
        return {resource: names[resource] for resource in self._unshared}

    @tracked_property
    def replicas(self) -> dict[str, int]:
        """The number of pods that share one unit, by resource; only for shared resources."""
        sharing = self._spec.sharing
        if sharing is None:
            return {}
        if sharing.mps is not None:
            return {GPU: sharing.mps}
        declared = plain(sharing.time_slicing)
        found = {resource: declared.get(name, declared.get("all")) for resource, name in self.shareable.items()}
        return {resource: number for resource, number in found.items() if number}

    @tracked_property
    def resources(self) -> dict[str, int]:
        """The resources that pods can request from each node, with the available amounts."""
        shared = self.replicas
        sharing = self._spec.sharing if shared else None
        suffix = ".shared" if sharing and sharing.rename_by_default else ""
        return {
            resource + (suffix if resource in shared else ""): number * shared.get(resource, 1)
            for resource, number in self._unshared.items()
        }

    @tracked_property
    def requestable(self) -> dict[str, tuple[str, int]]:
        """The resource and its amount on each node, by the name in quotas: `gpu` or a MIG profile."""
        return {
            self.shareable[unshared]: offered
            for unshared, offered in zip(self._unshared, self.resources.items(), strict=True)
        }

    @tracked_property
    def mig_config(self) -> list[dict[str, Any]] | None:
        """The mig-parted configuration of the GPUs; None if they are not partitioned, or if no MIG manager applies the
        layout.
        """
        if not self.groups or self._platform.partitioning.missing_manager:
            return None
        return [{**self._filter, **_mig_parted(group, self._spec.count)} for group in self.groups]

    @property
    def _filter(self) -> dict[str, Any]:
        """The GPUs to which an entry applies. Needed only if the partitioned pools have different products."""
        if not self._platform.partitioning.products_differ:
            return {}
        ids = {identity[5:9].upper() for identity in read_fact(self._pool.gpu.facts.pci_device_ids)}
        return {"device-filter": [f"0x{device}10DE" for device in sorted(ids)]}

    @tracked_property
    def mig_config_name(self) -> str | None:
        """Value of the node label `nvidia.com/mig.config`."""
        return f"{self._pool.own_label}-{digest(self.mig_config)}" if self.mig_config else None

    @tracked_property
    def plugin_config(self) -> dict[str, Any] | None:
        """The device plugin's configuration for these nodes, or None if the default one is sufficient."""
        sharing = self._spec.sharing
        if sharing is None or self._pool.claimed:
            return None
        way = {
            "renameByDefault": sharing.rename_by_default,
            "failRequestsGreaterThanOne": sharing.fail_requests_greater_than_one,
            "resources": [{"name": name, "replicas": number} for name, number in self.replicas.items()],
        }
        default = self._platform.partitioning.default_plugin_config
        return {**default, "sharing": {"timeSlicing" if sharing.mps is None else "mps": way}}

    @tracked_property
    def plugin_config_name(self) -> str | None:
        """Value of the node label `nvidia.com/device-plugin.config`."""
        return f"{self._pool.own_label}-{digest(self.plugin_config)}" if self.plugin_config else None


def _mig_parted(group: MigGroup, count: int) -> dict[str, Any]:
    devices: Any = "all" if len(group.devices) == count else list(group.devices)
    if not group.instances:
        return {"devices": devices, "mig-enabled": False}
    return {"devices": devices, "mig-enabled": True, "mig-devices": dict(sorted(group.instances.items()))}


class ClusterPartitioning:
    """The partitioning and sharing of all pools together: the cluster has one MIG strategy and one file of each
    kind.
    """

    def __init__(self, platform: PartitionedPlatform) -> None:
        self._platform = platform

    def _partitions(self) -> Iterator[PoolPartition]:
        return (pool.partition for pool in self._platform.gpu_pools)

    @tracked_property
    def missing_manager(self) -> tuple[MissingManager, ...]:
        """Why no MIG manager applies the layouts; empty if one does.

        Sources are recorded only for the DRA stack, which leaves layouts to others. All other reasons are errors.
        """
        dra = (MissingManager.DRA_STACK,) if self._platform.dra.publishes_gpus else ()
        with untracked():
            return (*dra, *self._refused())

    def _refused(self) -> Iterator[MissingManager]:
        platform = self._platform
        if platform.stack in WITHOUT_OPERATOR:
            if "standalone" in platform.stacks:
                yield MissingManager.STANDALONE_STACK
            return
        if (operator := platform.component_with("migManager")) is None or operator.ownership != "managed":
            yield MissingManager.NOT_MANAGED
        if platform.cluster.image.mig_manager == "no":
            yield MissingManager.NODE_IMAGE
        if platform.setting("migManager") is False:
            yield MissingManager.SWITCHED_OFF

    @tracked_property
    def products_differ(self) -> bool:
        """Whether the partitioned pools have different products. Only the first two that differ are recorded."""
        with untracked():
            found = {pool.gpu.product: pool for pool in reversed(self._platform.gpu_pools) if pool.partition.groups}
        deciding = [*found.values()][:2] if len(found) > 1 else self._platform.gpu_pools
        return len({pool.gpu.product for pool in deciding if pool.partition.groups}) > 1

    @tracked_property
    def strategy(self) -> str:
        """`single` if it is possible for all partitioned pools and none declares `mixed`; also if no GPUs are
        partitioned.

        It applies to the device plugin: claimed instances always have their profile.
        """
        offered = (pool.partition for pool in self._platform.gpu_pools if not pool.claimed)
        partitioned = [partition for partition in offered if partition.groups]
        return "mixed" if any(partition.needs_mixed for partition in partitioned) else "single"

    @tracked_property
    def mig_configs(self) -> dict[str, Any] | None:
        """The mig-parted file with a configuration for each partitioned pool, or None if no GPUs are partitioned."""
        found = {p.mig_config_name: p.mig_config for p in self._partitions() if p.mig_config}
        if not found:
            return None
        disabled = {"all-disabled": [{"devices": "all", "mig-enabled": False}]}
        return {"version": "v1", "mig-configs": {**disabled, **found}}

    @tracked_property
    def mig_configs_name(self) -> str | None:
        """The name of the ConfigMap with the MIG layouts."""
        return f"mig-parted-{digest(self.mig_configs)}" if self.mig_configs else None

    @tracked_property
    def default_plugin_config(self) -> dict[str, Any]:
        """The device plugin's configuration for nodes without sharing."""
        return {"version": "v1", "flags": {"migStrategy": self.strategy}}

    @tracked_property
    def plugin_configs(self) -> dict[str, Any] | None:
        """The device plugin's configurations by name, or None if nothing is shared."""
        found = {p.plugin_config_name or "": p.plugin_config for p in self._partitions() if p.plugin_config}
        return {"default": self.default_plugin_config, **found} if found else None

    @tracked_property
    def plugin_configs_name(self) -> str | None:
        """The name of the ConfigMap with these configurations."""
        return f"device-plugin-{digest(self.plugin_configs)}" if self.plugin_configs else None
