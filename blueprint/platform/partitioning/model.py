"""GPU partitioning (MIG) and sharing, resolved: layouts, resources of the nodes, and the configuration that makes them.

The MIG manager and the device plugin act on a node when its label names another configuration, not when a
configuration of the same name changes. So every name carries a digest of what it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

from blueprint.catalog.distribution import WITHOUT_OPERATOR
from blueprint.catalog.hardware import Mig
from blueprint.platform.components.digests import digest
from blueprint.platform.partitioning.layout import MigGroup, PoolLayout, layout_of
from blueprint.platform.partitioning.packing import ranges
from blueprint.platform.tracking.recorder import decided_by, tracked_property, untracked
from blueprint.platform.tracking.tracked import plain, read_fact
from blueprint.platform.views import GpuPoolView, PlatformView
from blueprint.spec.pools import PoolGpu as PoolGpuSpec

GPU = "nvidia.com/gpu"


def resource_of(profile: str) -> str:
    """The resource of a profile under strategy mixed: `nvidia.com/mig-1g.10gb.me`."""
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
        """How the pools together partition and share GPUs."""


class MissingManager(Enum):
    """Why no MIG manager applies the layouts of a blueprint."""

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
        """The MIG layout, with what contradicts it; None where the GPUs stay whole."""
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
        """What the catalogue knows of the product's MIG. It proves a layout, and decides nothing that is rendered."""
        with untracked():
            product = self._pool.gpu.catalogued
        return product.mig if product else None

    @tracked_property
    def groups(self) -> tuple[MigGroup, ...]:
        """The GPUs by how they are partitioned; empty where all stay whole."""
        return self.layout.groups if self.layout else ()

    @property
    def is_whole(self) -> bool:
        """Whether a node has a GPU that is not partitioned."""
        return not self.groups or any(not group.instances for group in self.groups)

    @tracked_property
    def declared_strategy(self) -> str | None:
        """The strategy that the blueprint names."""
        return self._spec.mig.strategy if self._spec.mig is not None else None

    @tracked_property
    def needs_mixed(self) -> bool:
        """Whether the pool names strategy mixed, or cannot do with another one."""
        return self.declared_strategy == "mixed" or self.layout is None or self.layout.only_profile is None

    def describe(self, group: MigGroup) -> str:
        """A group in words, with the memory slices that its instances can occupy: the proof that they fit."""
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
        """Pods on each GPU at the same time under MPS."""
        return self._spec.sharing.mps if self._spec.sharing else None

    @tracked_property
    def time_slicing(self) -> Mapping[str, int]:
        """Pods that take turns, by the name of what they share."""
        sharing = self._spec.sharing
        return dict(plain(sharing.time_slicing or {})) if sharing else {}

    @tracked_property
    def _unshared(self) -> dict[str, int]:
        """What each node would offer if nothing were shared, by resource."""
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
        """The names that `timeSlicing` has for what the nodes offer, by resource."""
        whole = self._platform.kata.gpu_resource if self._pool.passes_gpus else GPU
        names = {resource: resource for resource in self._unshared} | {whole: "gpu"}
        names |= {resource_of(profile): profile for group in self.groups for profile in group.instances}
        return {resource: names[resource] for resource in self._unshared}

    @tracked_property
    def replicas(self) -> dict[str, int]:
        """How many pods share one unit, by resource; only what is shared."""
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
        """What pods can ask each node for, and how much there is of it."""
        shared = self.replicas
        sharing = self._spec.sharing if shared else None
        suffix = ".shared" if sharing and sharing.rename_by_default else ""
        return {
            resource + (suffix if resource in shared else ""): number * shared.get(resource, 1)
            for resource, number in self._unshared.items()
        }

    @tracked_property
    def requestable(self) -> dict[str, tuple[str, int]]:
        """The same by the name that quotas have for it, `gpu` or a MIG profile: the resource, and how much there is."""
        return {
            self.shareable[unshared]: offered
            for unshared, offered in zip(self._unshared, self.resources.items(), strict=True)
        }

    @tracked_property
    def mig_config(self) -> list[dict[str, Any]] | None:
        """What mig-parted makes of the GPUs; None where they stay whole, or no MIG manager applies the layout."""
        if not self.groups or self._platform.partitioning.missing_manager:
            return None
        return [{**self._filter, **_mig_parted(group, self._spec.count)} for group in self.groups]

    @property
    def _filter(self) -> dict[str, Any]:
        """Which GPUs an entry is for: only where the partitioned pools have different products."""
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
        """The device plugin's configuration of these nodes, or None where the default one will do."""
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
    """Partitioning and sharing of all pools together: the cluster has one MIG strategy and one file of each kind."""

    def __init__(self, platform: PartitionedPlatform) -> None:
        self._platform = platform

    def _partitions(self) -> Iterator[PoolPartition]:
        return (pool.partition for pool in self._platform.gpu_pools)

    @tracked_property
    def missing_manager(self) -> tuple[MissingManager, ...]:
        """Why no MIG manager applies the layouts; empty where one does.

        Only of the DRA stack anything is recorded: it leaves layouts to others. All other reasons are refused.
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
        """Whether the partitioned pools have different products. Two that differ suffice; no others are recorded."""
        with untracked():
            found = {pool.gpu.product: pool for pool in reversed(self._platform.gpu_pools) if pool.partition.groups}
        deciding = [*found.values()][:2] if len(found) > 1 else self._platform.gpu_pools
        return len({pool.gpu.product for pool in deciding if pool.partition.groups}) > 1

    @tracked_property
    def strategy(self) -> str:
        """`single` if every partitioned pool can do with it and none names mixed; also where all GPUs stay whole.

        It is the device plugin's: instances that pods claim always have their profile.
        """
        offered = (pool.partition for pool in self._platform.gpu_pools if not pool.claimed)
        partitioned = [partition for partition in offered if partition.groups]
        return "mixed" if any(partition.needs_mixed for partition in partitioned) else "single"

    @tracked_property
    def mig_configs(self) -> dict[str, Any] | None:
        """The file of mig-parted with a configuration for each partitioned pool, or None where all GPUs stay whole."""
        found = {p.mig_config_name: p.mig_config for p in self._partitions() if p.mig_config}
        if not found:
            return None
        disabled = {"all-disabled": [{"devices": "all", "mig-enabled": False}]}
        return {"version": "v1", "mig-configs": {**disabled, **found}}

    @tracked_property
    def mig_configs_name(self) -> str | None:
        """The name of the ConfigMap that holds the MIG layouts."""
        return f"mig-parted-{digest(self.mig_configs)}" if self.mig_configs else None

    @tracked_property
    def default_plugin_config(self) -> dict[str, Any]:
        """The device plugin's configuration of nodes that share nothing."""
        return {"version": "v1", "flags": {"migStrategy": self.strategy}}

    @tracked_property
    def plugin_configs(self) -> dict[str, Any] | None:
        """The device plugin's configurations by name, or None where nothing is shared."""
        found = {p.plugin_config_name or "": p.plugin_config for p in self._partitions() if p.plugin_config}
        return {"default": self.default_plugin_config, **found} if found else None

    @tracked_property
    def plugin_configs_name(self) -> str | None:
        """The ConfigMap that holds them."""
        return f"device-plugin-{digest(self.plugin_configs)}" if self.plugin_configs else None
