"""Dynamic Resource Allocation: what the DRA driver does beyond publishing GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blueprint.platform.drivers.model import ALWAYS, DRA, NEVER
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.views import GpuPoolView, PlatformView


class DomainView(Protocol):
    """The NVLink domain of a pool's nodes."""

    @property
    def domain_nodes(self) -> int | None:
        """Nodes in one domain."""


class DomainPool(GpuPoolView, Protocol):
    """A pool with GPUs, and its NVLink domain."""

    @property
    def topology(self) -> DomainView:
        """Where its nodes stand."""


class DomainPlatform(PlatformView, Protocol):
    """The platform, and the NVLink domains of its pools."""

    @property
    def gpu_pools(self) -> Sequence[DomainPool]:
        """The pools whose nodes have GPUs."""


class DynamicAllocation:
    """The DRA driver of the GPU Operator."""

    def __init__(self, platform: DomainPlatform) -> None:
        self._platform = platform

    @tracked_property
    def dynamic_mig(self) -> bool:
        """Whether the DRA driver creates MIG instances when they are claimed."""
        return bool((self._platform.setting("draFeatureGates") or {}).get("DynamicMIG"))

    @tracked_property
    def compute_domains(self) -> bool:
        """Whether the DRA driver joins nodes into compute domains: where pools have NVLink domains, or always."""
        if self._platform.allocation != DRA:
            return False
        when = self._platform.setting("computeDomains")
        if when in (ALWAYS, NEVER):
            return bool(when == ALWAYS)
        return any(pool.topology.domain_nodes is not None for pool in self._platform.gpu_pools)
