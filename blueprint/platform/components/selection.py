"""Determines whether a blueprint requests a component, explicitly or because a section requires it."""

from __future__ import annotations

from typing import Any

from blueprint.catalog.components import Component
from blueprint.platform.cluster.model import ClusterFacts
from blueprint.platform.drivers.model import DRA
from blueprint.platform.network.model import PROVIDER, owner_of
from blueprint.platform.tracking.recorder import untracked
from blueprint.spec.karpenter import KARPENTER

OBSERVABILITY = "gpu-observability"
"""The section of the component that implements `observability`."""
ALLOCATION = "allocation"
"""The section of components that are requested by GPU claims, or by name in the blueprint."""
STANDALONE = "standalone"
"""`gpuStack` without the operator."""
POOL_KATA = "nodePools.kata"
"""The section of components that are requested by a pool's virtual machines."""
POOL_NETWORK = "nodePools.network"
"""The section of components that are requested by a pool's network."""

POOL_KARPENTER = f"nodePools.{KARPENTER}"
"""The section of components that are requested by pools with nodes from Karpenter."""


def is_requested(component: Component, spec: Any, cluster: ClusterFacts) -> bool:
    """Whether `spec`, of a blueprint whose instance types are resolved, contains what the component implements."""
    if component.section == POOL_NETWORK:
        distribution = cluster.distribution_facts
        networks = (pool.network for pool in spec.node_pools.values() if pool.network is not None)
        joined = (network for network in networks if network.fabric in component.fabrics)
        return any(owner_of(network, distribution) != PROVIDER for network in joined)
    if component.section == POOL_KATA:
        return any(pool.kata is not None for pool in spec.node_pools.values())
    if component.section == POOL_KARPENTER:
        return any(pool.karpenter is not None for pool in spec.node_pools.values())
    if component.section == ALLOCATION:
        claims = spec.gpu_stack == STANDALONE and _claims(spec)  # the operator has its own driver for them
        return claims or spec.compute_domains is True or component.name in spec.components
    found = spec
    for key in component.section_path[1:]:
        found = getattr(found, key, None)
    return found is not None


def _claims(spec: Any) -> bool:
    """Whether pods claim the GPUs of any pool. Records only the first such pool."""
    with untracked():
        pools = {name: pool.allocation for name, pool in spec.node_pools.items() if pool.gpu is not None}
        differing = next((name for name, own in pools.items() if own == DRA), None)
        follows = not pools or None in pools.values()
    if follows and spec.allocation == DRA:
        return True
    return differing is not None and bool(spec.node_pools[differing].allocation == DRA)
