"""The facts that rules need, computed from a resolved platform on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from blueprint.bundle.model import Taint
from blueprint.check.rule import Capability
from blueprint.check.rule_context import DeclaredPrometheus, PoolOffer
from blueprint.platform.model import Platform
from blueprint.platform.partitioning.model import FEW_CLIENTS, has_few_clients
from blueprint.platform.pool import GpuPool, passing_pools
from blueprint.rule_facts.labels import discovered_labels

if TYPE_CHECKING:
    from blueprint.check.claims.dra_context import DraContext

_SHARED = ".shared"
_EFA = "efa"


class ResolvedFacts:
    """The facts about a resolved platform, all of whose objects are known."""

    capabilities = frozenset(Capability)

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    @cached_property
    def pools(self) -> tuple[PoolOffer, ...]:
        """The pools with GPUs."""
        return (*map(_pool_offer, self._platform.gpu_pools), *map(_machine_offer, passing_pools(self._platform.pools)))

    @property
    def uses_claims(self) -> bool:
        """Whether pods claim the devices of one of this platform's pools instead of requesting a number of them."""
        return self._platform.dra.publishes_gpus

    @cached_property
    def prometheus(self) -> DeclaredPrometheus | None:
        """The Prometheus in `spec.observability`."""
        declared = self._platform.observability
        return DeclaredPrometheus(*declared.spec_labels) if declared else None

    @cached_property
    def dra(self) -> DraContext:
        """The devices and features that the platform offers to claims."""
        from blueprint.rule_facts.dra import dra_context

        return dra_context(self._platform)


def _pool_offer(pool: GpuPool) -> PoolOffer:
    sharing = pool.partition
    offers = sharing.resources
    shared = {name: many for name in offers if (many := sharing.replicas.get(name.removesuffix(_SHARED)))}
    way = (sharing.plugin_config or {}).get("sharing", {})
    memory = pool.gpu.facts.unified_memory
    return PoolOffer(
        name=pool.name,
        offers=offers,
        shared=shared,
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in pool.taints),
        refuses_many=all(each.get("failRequestsGreaterThanOne", True) for each in way.values()),
        mig_config=sharing.mig_config_name,
        plugin_config=sharing.plugin_config_name,
        labels={**pool.selector, **pool.labels},
        discovered=discovered_labels(pool),
        exact=_runs_our_device_plugin(pool),
        gpus=pool.gpu.count,
        nodes=pool.nodes_max,
        owners={part: getattr(pool.mode, name) for part, name in _PARTS.items()},
        modules=frozenset(name for name in ("gds", "gdrcopy", "peermem") if getattr(pool.driver, name)),
        mps=sharing.mps is not None,
        interfaces=_interfaces(pool),
        mps_clients=FEW_CLIENTS if has_few_clients(pool.gpu.catalogued) else None,
        mig_layout=sharing.mig_config,
        whole_gpus=sharing.is_whole,
        mig_strategy=pool.platform.partitioning.strategy if sharing.mig_config else None,
        sharing=way or None,
        kubelet_root=pool.platform.cluster.kubelet_root,
        unified_memory=bool(memory and memory.value),
        runtime_class=pool.runtime_class,
        claimed=pool.claimed,
        profiled=_is_profiled(pool),
    )


def _interfaces(pool: GpuPool) -> dict[str, int]:
    """The interfaces of each node that pods request by number, as EFA's; shared adapters have no such number."""
    network = pool.network
    if network is None or network.fabric != _EFA or not network.resource or not network.nics:
        return {}
    return {network.resource: network.nics}


def _machine_offer(pool: GpuPool) -> PoolOffer:
    """A pool whose GPUs are passed to virtual machines: its nodes run no part of the container stack."""
    plugin = pool.platform.component_with("kataDevicePlugin")
    return PoolOffer(
        name=pool.name,
        offers=pool.partition.resources,
        taints=tuple(Taint(taint.key, taint.value, taint.effect) for taint in pool.taints),
        labels={**pool.selector, **pool.labels},
        exact=plugin is not None and plugin.ownership == "managed",
        gpus=pool.gpu.count,
    )


_PARTS = {"driver": "driver", "toolkit": "toolkit", "devicePlugin": "device_plugin"}
"""The parts of the node stack by their sections in the ClusterPolicy, as named in a Mode."""


def _is_profiled(pool: GpuPool) -> bool:
    """Whether DCGM can profile the GPUs; assumed if unknown."""
    capability = pool.gpu.facts.compute_capability
    return not capability.certain or int(capability.value.partition(".")[0]) >= _FIRST_PROFILED


_FIRST_PROFILED = 7
"""The first major compute capability with profiling: Volta (DCGM documentation, "Profiling metrics")."""


def _runs_our_device_plugin(pool: GpuPool) -> bool:
    """Whether this platform runs the pool's device plugin."""
    plugin = pool.platform.provider_of("devicePlugin", pool.stack)
    return pool.mode.device_plugin == "operator" and plugin is not None and plugin.ownership == "managed"
