"""Dynamic Resource Allocation: the functions of the DRA driver besides publishing GPUs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import WITH_CLAIMS
from blueprint.platform.dra.api_versions import newest_served
from blueprint.platform.drivers.model import ALWAYS, NEVER
from blueprint.platform.nodes.offered import ClaimedClass
from blueprint.platform.nodes.placement import on_nodes_of
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import GpuPoolView, PlatformView

if TYPE_CHECKING:
    from blueprint.catalog.component_files.devices import Devices, Sort


class DomainView(Protocol):
    """The NVLink domain of a pool's nodes."""

    @property
    def domain_nodes(self) -> int | None:
        """The number of nodes in one domain."""


class DomainPool(GpuPoolView, Protocol):
    """A GPU pool, its NVLink domain, and how its nodes are selected."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the nodes."""

    @property
    def topology(self) -> DomainView:
        """The location of its nodes."""


class DomainPlatform(PlatformView, Protocol):
    """The platform, and the NVLink domains of its pools."""

    @property
    def gpu_pools(self) -> Sequence[DomainPool]:
        """The pools whose nodes have GPUs."""

    @property
    def declared_compute_domains(self) -> bool | None:
        """`spec.computeDomains` as written; None if the blueprint does not set it."""


_EXTENDED = "extendedResourceName"
"""The field of a DeviceClass with which the scheduler serves requests for an extended resource."""
SETTING = "draFeatureGates"
"""The setting that identifies the component which installs a DRA driver."""


def limited(device_class: str) -> str:
    """The name in ResourceQuotas for devices of a class."""
    return f"{device_class}.deviceclass.resource.k8s.io/devices"


class DynamicAllocation:
    """The DRA driver, with or without the GPU Operator."""

    def __init__(self, platform: DomainPlatform) -> None:
        self._platform = platform

    def _component(self) -> Component | None:
        there = self.publishes_gpus or self.compute_domains
        found = self._platform.component_with(SETTING) if there else None
        return found.component if found else None

    @tracked_property
    def version(self) -> str | None:
        """The version of the DRA driver, `0.5.0`; None if there is none."""
        component = self._component()
        return (component.images["dra-driver"].tag or "").removeprefix("v") if component else None

    @property
    def image(self) -> str | None:
        """The name of the image with its software."""
        component = self._component()
        return component.images["dra-driver"].name if component else None

    @tracked_property
    def gates(self) -> frozenset[str]:
        """The enabled feature gates of the driver."""
        if (component := self._component()) is None:
            return frozenset()
        from blueprint.catalog.component_files.feature_gates import load_gates

        declared = self._platform.setting(SETTING) or {}
        return frozenset(load_gates(component.dra_folder).open(declared, self.version or ""))

    @tracked_property
    def variables(self) -> Mapping[str, str]:
        """The variables of its containers, as far as the blueprint sets them."""
        return dict(self._platform.setting("draEnv") or {}) if self._component() else {}

    @property
    def devices(self) -> Devices | None:
        """The devices that it publishes; None if there is no driver."""
        if (component := self._component()) is None:
            return None
        from blueprint.catalog.component_files.devices import load_devices

        return load_devices(component.dra_folder)

    @tracked_property
    def publishes_gpus(self) -> bool:
        """Whether the DRA driver publishes the GPUs of any pool."""
        return any(stack in WITH_CLAIMS for stack in self._platform.stacks)

    def counted_as(self, claimed: ClaimedClass) -> str:
        """The resource name with which queues count devices of a class: the class itself if other pools offer GPUs as
        an extended resource.

        Kueue selects a flavor by resource: with the same name, it would send pods with claims to the device plugin's
        nodes.
        """
        return claimed.name if self._counted_apart else claimed.resource

    @tracked_property
    def _counted_apart(self) -> bool:
        return len(self._platform.stacks) > 1 and not self.extended_resources

    def limited_as(self, resource: str, claimed: ClaimedClass | None) -> str:
        """The name in ResourceQuotas for a resource that queues count; `claimed`: the class with which pods claim
        it.
        """
        if claimed is None or self.extended_resources:
            return f"requests.{resource}"
        return limited(claimed.name)

    def selector_of(self, profile: str) -> str:
        """A CEL expression that selects the instances of a MIG profile."""
        devices = self.devices
        return devices.profile_selector.replace("{profile}", profile) if devices else ""

    @tracked_property
    def api_version(self) -> str:
        """The version of the API resource.k8s.io: the configured one, or the newest that this Kubernetes version
        serves.
        """
        if declared := self._platform.setting("resourceApiVersion"):
            return str(declared)
        return newest_served(self._platform.cluster.kubernetes_minor)

    @tracked_property
    def extended_resources(self) -> bool:
        """Whether the scheduler serves requests for nvidia.com/gpu through claims that it creates."""
        when, devices = self._platform.setting("extendedResources"), self.devices
        if when is None or devices is None or self.api_version != "v1":
            return False
        if when in (ALWAYS, NEVER):
            return bool(when == ALWAYS)
        record(Source("component", devices.span("fields", _EXTENDED), f"fields.{_EXTENDED}"))
        return devices.fields[_EXTENDED].open_in(self._platform.cluster.kubernetes_minor)

    @tracked_property
    def dynamic_mig(self) -> bool:
        """Whether the DRA driver creates MIG instances on demand."""
        return bool((self._platform.setting("draFeatureGates") or {}).get("DynamicMIG"))

    @tracked_property
    def compute_domains(self) -> bool:
        """Whether the DRA driver manages compute domains: if pools have NVLink domains, or as declared."""
        declared, when = self._platform.declared_compute_domains, self._platform.setting("computeDomains")
        if when is None:
            return False
        if declared is not None:
            return declared
        if when in (ALWAYS, NEVER):
            return bool(when == ALWAYS)
        return any(pool.topology.domain_nodes is not None for pool in self._platform.gpu_pools)

    def classes_of(self, *sorts: Sort) -> tuple[str, ...]:
        """The driver's own classes for some types of device."""
        devices = self.devices
        return tuple(name for name, each in devices.classes.items() if each.sort in sorts) if devices else ()

    @property
    def channel_classes(self) -> tuple[str, ...]:
        """The classes for channels of compute domains; empty without compute domains."""
        return self.classes_of("channel") if self.compute_domains else ()

    def joins(self, pool: DomainPool) -> bool:
        """Whether nodes of a pool are part of compute domains: those on which the driver's pods run."""
        return self.compute_domains and pool in self.pools

    @property
    def pools(self) -> Sequence[DomainPool]:
        """The pools on whose nodes the driver's pods run: those whose GPUs are claimed; for compute domains alone,
        those with an NVLink domain, or all if none has one.
        """
        if self.publishes_gpus:
            return [pool for pool in self._platform.gpu_pools if pool.claimed]
        gpus = [pool for pool in self._platform.gpu_pools if not pool.passes_gpus]
        return [pool for pool in gpus if pool.topology.domain_nodes is not None] or gpus

    def placed(self, affinity: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The affinity of the driver's pods: to the nodes of their pools, if other pools have GPUs too."""
        if len(pools := self.pools) == len(self._platform.gpu_pools):
            return affinity
        return on_nodes_of([pool.selector for pool in pools], affinity)

    @tracked_property
    def driver_root(self) -> str:
        """The location of the NVIDIA driver's files on the nodes of its pools: from the operator's driver container,
        the provider, or the host.
        """
        image = self._platform.cluster.image
        if any(pool.mode.driver == "operator" for pool in self.pools):
            return image.driver_root
        return image.provider_driver or "/"
