"""Whether a blueprint asks for a component: some are there only for a section that they carry out."""

from __future__ import annotations

from typing import Any, Protocol

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Distribution
from blueprint.platform.network.model import served

OBSERVABILITY = "gpu-observability"
"""The component that carries out the section `observability`."""
POOL_NETWORK = "nodePools.network"
"""The section of components that a pool's network asks for."""


class _DistributionView(Protocol):
    """Where it is decided who packages Kubernetes."""

    @property
    def distribution_facts(self) -> Distribution:
        """What is known of the distribution."""


def is_requested(component: Component, spec: Any, platform: _DistributionView) -> bool:
    """Whether `spec`, of a blueprint whose pools know their machines, has what the component carries out."""
    if component.section == POOL_NETWORK:
        distribution = platform.distribution_facts
        return any(served(pool.network, distribution) == component.name for pool in spec.node_pools.values())
    return component.section is None or getattr(spec, component.section) is not None
