"""How the GPUs of a pool are cut and shared, what pods can ask its nodes for, and the configuration that says so.

The MIG manager and the device plugin act on a node when its label names another configuration, not when a
configuration of the same name changes. So every name carries a digest of what it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blueprint.platform.components.digests import digest
from blueprint.platform.drivers.model import DRA
from blueprint.platform.partitioning.packing import pack, ranges
from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.tracking.tracked import plain, read_fact

if TYPE_CHECKING:
    from blueprint.platform.model import Platform
    from blueprint.platform.pool import Pool

GPU = "nvidia.com/gpu"


def resource_of(profile: str) -> str:
    """The resource of a profile under strategy mixed: `nvidia.com/mig-1g.10gb.me`."""
    return f"nvidia.com/mig-{profile.replace('+', '.')}"


@dataclass(frozen=True, slots=True)
class Cut:
    """Some GPUs of each node and the instances that each of them is cut into, by profile; none: left whole."""

    devices: tuple[int, ...]
    instances: Mapping[str, int]


def cuts_of(mig: Any, count: int) -> tuple[Cut, ...]:
    """The cuts of a `gpu.mig` on nodes with `count` GPUs; the GPUs that no layout names are the last, whole."""
    found = [
        Cut(tuple(range(count)) if each.devices == "all" else tuple(sorted(plain(each.devices))), plain(each.profiles))
        for each in mig.layout
    ]
    named = {index for cut in found for index in cut.devices}
    left = tuple(index for index in range(count) if index not in named)
    return (*found, *([Cut(left, {})] if left else []))


def only_profile(cuts: tuple[Cut, ...]) -> str | None:
    """The one profile into which every GPU is cut, or None: what strategy single needs."""
    profiles = {profile for cut in cuts for profile in cut.instances}
    return profiles.pop() if len(profiles) == 1 and all(cut.instances for cut in cuts) else None


class Partition:
    """The GPUs of one pool's nodes: cut, shared, or neither. Only pools with GPUs have one."""

    def __init__(self, pool: Pool, spec: Any, platform: Platform) -> None:
        self._pool = pool
        self._spec = spec
        self._platform = platform

    @tracked_property
    def cuts(self) -> tuple[Cut, ...]:
        """How the GPUs are cut; empty where they are not."""
        return cuts_of(self._spec.mig, self._spec.count) if self._spec.mig is not None else ()

    @tracked_property
    def declared_strategy(self) -> str | None:
        """What the blueprint says of the strategy."""
        return self._spec.mig.strategy if self._spec.mig is not None else None

    def told(self, index: int) -> str:
        """One cut in words, with the memory slices where its instances can be: the proof that it can be made."""
        cut = self.cuts[index]
        gpus = f"{'GPU' if len(cut.devices) == 1 else 'GPUs'} {ranges(cut.devices)}"
        if not cut.instances:
            return f"{gpus} whole"
        facts = self._pool.gpu.facts.mig.placements if self._pool.gpu else None
        packed = pack(cut.instances, read_fact(facts)) if facts else None
        instances = ", ".join(f"{number} x {profile}" for profile, number in sorted(cut.instances.items()))
        return f"{gpus} cut into {instances}" + (f" ({', '.join(map(str, packed))})" if packed else "")

    @tracked_property
    def _slices(self) -> dict[str, int]:
        """What each node would offer if nothing were shared."""
        if not self.cuts:
            return {GPU: self._spec.count}
        single = self._platform.partitioning.strategy == "single"
        found: Counter[str] = Counter()
        for cut in self.cuts:
            for profile, number in cut.instances.items():
                found[GPU if single else resource_of(profile)] += number * len(cut.devices)
            if not cut.instances:
                found[GPU] += len(cut.devices)
        return dict(sorted(found.items()))

    @tracked_property
    def replicas(self) -> dict[str, int]:
        """How many pods share one unit, by resource; only what is shared."""
        sharing = self._spec.sharing
        if sharing is None:
            return {}
        if sharing.mps is not None:
            return {GPU: sharing.mps}
        said = plain(sharing.time_slicing)
        names = {resource: resource for resource in self._slices} | {GPU: "gpu"}
        names |= {resource_of(profile): profile for cut in self.cuts for profile in cut.instances}
        found = {resource: said.get(names[resource], said.get("all")) for resource in self._slices}
        return {resource: number for resource, number in found.items() if number}

    @tracked_property
    def resources(self) -> dict[str, int]:
        """What pods can ask each node for, and how much there is of it."""
        shared = self.replicas
        suffix = ".shared" if shared and self._spec.sharing.rename_by_default else ""
        return {
            resource + (suffix if resource in shared else ""): number * shared.get(resource, 1)
            for resource, number in self._slices.items()
        }

    @tracked_property
    def mig_config(self) -> list[dict[str, Any]] | None:
        """What mig-parted is to make of the GPUs, or None where they are not cut, or not by the MIG manager."""
        if not self.cuts or self._platform.allocation == DRA:
            return None
        return [{**self._filter, **_parted(cut, self._spec.count)} for cut in self.cuts]

    @property
    def _filter(self) -> dict[str, Any]:
        """Which GPUs an entry is for: said only where the cluster's cut pools have different products."""
        if not self._platform.partitioning.differ or self._pool.gpu is None:
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
        if sharing is None or self._platform.allocation == DRA:
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


def _parted(cut: Cut, count: int) -> dict[str, Any]:
    devices: Any = "all" if len(cut.devices) == count else list(cut.devices)
    if not cut.instances:
        return {"devices": devices, "mig-enabled": False}
    return {"devices": devices, "mig-enabled": True, "mig-devices": dict(sorted(cut.instances.items()))}


class Partitioning:
    """What all pools together make of cutting and sharing: the cluster has one MIG strategy and one file of each."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def _partitions(self) -> Iterator[Partition]:
        return (pool.partition for pool in self._platform.gpu_pools)

    @tracked_property
    def differ(self) -> bool:
        """Whether the cut pools have different products. Two that differ are enough to know; no others are recorded."""
        with untracked():
            found = {
                pool.gpu.product: pool
                for pool in reversed(self._platform.gpu_pools)
                if pool.gpu and pool.partition.cuts
            }
        deciding = [*found.values()][:2] if len(found) > 1 else self._platform.gpu_pools
        return len({pool.gpu.product for pool in deciding if pool.gpu and pool.partition.cuts}) > 1

    @tracked_property
    def strategy(self) -> str:
        """`single` if every cut pool can do with it and none says mixed; also where nothing is cut."""
        cut = [partition for partition in self._partitions() if partition.cuts]
        mixed = any(p.declared_strategy == "mixed" or only_profile(p.cuts) is None for p in cut)
        return "mixed" if mixed else "single"

    @tracked_property
    def mig_configs(self) -> dict[str, Any] | None:
        """The file of mig-parted with a configuration for each cut pool, or None where nothing is cut."""
        found = {p.mig_config_name: p.mig_config for p in self._partitions() if p.mig_config}
        if not found:
            return None
        disabled = {"all-disabled": [{"devices": "all", "mig-enabled": False}]}
        return {"version": "v1", "mig-configs": {**disabled, **found}}

    @tracked_property
    def mig_configs_name(self) -> str | None:
        """The ConfigMap that holds it."""
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
