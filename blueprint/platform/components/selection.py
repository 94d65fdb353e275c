"""Whether a blueprint requests a component: some are there only for a section that they carry out."""

from __future__ import annotations

from typing import Any

from blueprint.catalog.components import Component
from blueprint.platform.cluster.model import ClusterFacts
from blueprint.platform.drivers.model import DRA
from blueprint.platform.network.model import PROVIDER, owner_of
from blueprint.spec.karpenter import KARPENTER

OBSERVABILITY = "gpu-observability"
"""The component that carries out the section `observability`."""
ALLOCATION = "allocation"
"""The section of components that claims of GPUs request, or that are there because the blueprint names them."""
POOL_NETWORK = "nodePools.network"
"""The section of components that a pool's network requests."""

POOL_KARPENTER = f"nodePools.{KARPENTER}"
"""The section of components that pools request whose nodes Karpenter makes."""


def is_requested(component: Component, spec: Any, cluster: ClusterFacts) -> bool:
    """Whether `spec`, of a blueprint whose pools know their machines, has what the component carries out."""
    if component.section == POOL_NETWORK:
        distribution = cluster.distribution_facts
        networks = (pool.network for pool in spec.node_pools.values() if pool.network is not None)
        joined = (network for network in networks if network.fabric in component.fabrics)
        return any(owner_of(network, distribution) != PROVIDER for network in joined)
    if component.section == POOL_KARPENTER:
        return any(pool.karpenter is not None for pool in spec.node_pools.values())
    if component.section == ALLOCATION:
        return spec.allocation == DRA or component.name in spec.components
    found = spec
    for key in component.section_path[1:]:
        found = getattr(found, key, None)
    return found is not None
