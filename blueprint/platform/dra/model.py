"""Dynamic Resource Allocation: what the DRA driver does beyond publishing GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blueprint.platform.drivers.model import ALWAYS, DRA, NEVER
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import GpuPoolView, PlatformView
from blueprint.versions import version_key


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


_API_FROM = (("1.34", "v1"), ("1.33", "v1beta2"))
"""The versions of the API resource.k8s.io, each with the first minor of Kubernetes that serves it; before, v1beta1."""
_EXTENDED = "extendedResourceName"
"""The field of a DeviceClass by which the scheduler serves requests for a resource."""


class DynamicAllocation:
    """The DRA driver, of the GPU Operator or without it."""

    def __init__(self, platform: DomainPlatform) -> None:
        self._platform = platform

    @tracked_property
    def publishes_gpus(self) -> bool:
        """Whether the DRA driver publishes the GPUs of the pools."""
        return bool(self._platform.allocation == DRA)

    @tracked_property
    def api_version(self) -> str:
        """The version of the API resource.k8s.io: as set, or the newest that this Kubernetes serves."""
        if declared := self._platform.setting("resourceApiVersion"):
            return str(declared)
        minor = version_key(self._platform.cluster.kubernetes_minor)
        return next((version for since, version in _API_FROM if minor >= version_key(since)), "v1beta1")

    @tracked_property
    def extended_resources(self) -> bool:
        """Whether the scheduler serves requests for nvidia.com/gpu by claims that it makes."""
        component = self._platform.component_with("extendedResources")
        if component is None or not self.publishes_gpus or self.api_version != "v1":
            return False
        when = self._platform.setting("extendedResources")
        if when in (ALWAYS, NEVER):
            return bool(when == ALWAYS)
        from blueprint.catalog.component_files.devices import load_devices

        devices = load_devices(component.component.dra_folder)
        record(Source("component", devices.span("fields", _EXTENDED), f"fields.{_EXTENDED}"))
        return devices.fields[_EXTENDED].open_in(self._platform.cluster.kubernetes_minor)

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
