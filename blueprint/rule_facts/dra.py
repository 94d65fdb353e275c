"""The devices and features that a resolved platform offers to claims."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from blueprint.check.claims.dra_context import DraContext, PoolDevices
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool

if TYPE_CHECKING:
    from blueprint.allocation.devices import NodeGroup


def dra_context(platform: Platform) -> DraContext:
    """The DRA driver of a platform, its feature gates and the GPUs of the pools."""
    products = tuple(map(_pool_devices, platform.gpu_pools))
    minor = platform.cluster.kubernetes_minor
    managed = platform.cluster.distribution_facts.managed_control_plane
    dra = platform.dra
    return DraContext(
        dra.version,
        minor,
        dra.gates,
        dra.compute_domains,
        managed,
        products,
        dra.publishes_gpus,
        partial(_nodes, platform),
    )


def _nodes(platform: Platform) -> tuple[NodeGroup, ...]:
    """The predicted devices of the nodes. Nothing is imported unless something is claimed."""
    from blueprint.rule_facts.predicted import predicted_groups

    return predicted_groups(platform)


def _pool_devices(pool: GpuPool) -> PoolDevices:
    gpu = pool.gpu
    facts, layout = gpu.facts, pool.partition.layout
    memory = facts.memory_mib
    return PoolDevices(
        pool.name,
        gpu.count,
        tuple(facts.nvml_names.value) if facts.nvml_names.certain else None,
        facts.architecture.value if facts.architecture.certain else None,
        memory.value if memory and memory.certain else None,
        _profiles(pool),
        tuple(sorted(layout.profiles)) if layout else (),
        facts.fabric_manager.value if facts.fabric_manager and facts.fabric_manager.certain else None,
        bool(facts.unified_memory and facts.unified_memory.certain and facts.unified_memory.value),
    )


def _profiles(pool: GpuPool) -> tuple[str, ...] | None:
    mig = pool.gpu.facts.mig
    if not mig.supported.certain:
        return None
    if not mig.supported.value:
        return ()
    if mig.profiles is None or not mig.profiles.certain:
        return None
    return tuple(profile.name for profile in mig.profiles.value)
