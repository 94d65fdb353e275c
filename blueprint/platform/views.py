"""Views of the platform: what each topic reads from others. A topic's model depends only on these.

If a topic reads its own part of every pool, its model extends these views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Mode, Stack
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.machines import Machine, NodeClassKind
from blueprint.catalog.releases import Release
from blueprint.platform.cluster.model import ClusterFacts
from blueprint.platform.drivers.written import WrittenDriver
from blueprint.platform.nodes.offered import ClaimedClass
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins

if TYPE_CHECKING:
    from blueprint.catalog.component_files.devices import Sort


class GpuView(Protocol):
    """The GPUs of each node of a pool."""

    @property
    def product(self) -> str:
        """The name in the catalogue."""

    @property
    def count(self) -> int:
        """GPUs per node."""

    @property
    def facts(self) -> Gpu:
        """The facts about the product."""

    @property
    def catalogued(self) -> Gpu | None:
        """The facts about the product; None if it is not in the catalogue."""


class DriverView(Protocol):
    """The driver of a pool's nodes."""

    @property
    def enabled(self) -> bool:
        """Whether the operator installs it."""

    @property
    def written(self) -> WrittenDriver:
        """Driver settings that users wrote into rendered objects."""


class OperatorDriverView(Protocol):
    """The driver that the operator installs."""

    @property
    def enabled(self) -> bool:
        """Whether any pool leaves its driver to the operator."""

    @property
    def version(self) -> str:
        """The version in the ClusterPolicy."""


class PartitionView(Protocol):
    """How the GPUs of a pool are partitioned and shared."""

    @property
    def replicas(self) -> Mapping[str, int]:
        """The number of pods that share one unit, by resource."""


class HardwareView(Protocol):
    """The hardware of a pool's nodes."""

    @property
    def machine(self) -> Mapping[str, str]:
        """All known facts about the machine, by name."""


class NetworkView(Protocol):
    """The fabric of a pool."""

    @property
    def peermem(self) -> bool:
        """Whether the operator loads nvidia-peermem."""

    @property
    def host_ofed(self) -> bool:
        """Whether nvidia-peermem is built against the OFED of the node image."""

    @property
    def gds(self) -> bool:
        """Whether nvidia-fs is loaded."""

    @property
    def gdrcopy(self) -> bool:
        """Whether gdrdrv is loaded."""


class ComponentView(Protocol):
    """A component of the platform."""

    @property
    def name(self) -> str:
        """The name in the release."""

    @property
    def component(self) -> Component:
        """The catalogue's facts about it."""

    @property
    def settings(self) -> Any:
        """The values of its settings by name."""

    @property
    def requested(self) -> bool:
        """Whether the blueprint requests it."""

    @property
    def ownership(self) -> str:
        """`managed`, `external` or `absent`."""

    @property
    def namespace(self) -> str:
        """The namespace of its namespaced objects."""


class VirtualizationView(Protocol):
    """The operator's functions for virtual machines."""

    @property
    def enabled(self) -> bool:
        """Whether the operator lets nodes run virtual machines."""


class KataView(Protocol):
    """Kata in the whole cluster."""

    @property
    def gpu_resource(self) -> str:
        """The resource that pods request to get a GPU passed through."""


class ClaimsView(Protocol):
    """The functions of the DRA driver."""

    @property
    def publishes_gpus(self) -> bool:
        """Whether it publishes GPUs."""

    @property
    def compute_domains(self) -> bool:
        """Whether it manages compute domains."""

    def classes_of(self, *sorts: Sort) -> Sequence[str]:
        """The driver's own classes for some types of device."""

    @property
    def channel_classes(self) -> Sequence[str]:
        """The classes for channels of compute domains; empty without compute domains."""

    def counted_as(self, claimed: ClaimedClass) -> str:
        """The resource name with which queues count devices of a class."""

    def limited_as(self, resource: str, claimed: ClaimedClass | None) -> str:
        """The name in ResourceQuotas for a resource that queues count; `claimed`: the class with which pods claim
        it.
        """

    @property
    def extended_resources(self) -> bool:
        """Whether the scheduler serves requests for nvidia.com/gpu through claims that it creates."""


class NamespaceView(Protocol):
    """A namespace of a tenant."""

    @property
    def name(self) -> str:
        """The name of the namespace."""

    @property
    def owner(self) -> str:
        """The name of the tenant."""


class TenantsView(Protocol):
    """All tenants of the platform."""

    @property
    def namespaces(self) -> Sequence[NamespaceView]:
        """Every namespace of every tenant."""


class ReactionsView(Protocol):
    """The declared reactions to GPU faults."""

    def label_of(self, alert: str) -> str | None:
        """The value of the label `reaction` of an alert."""


class ObservabilityView(Protocol):
    """The monitoring of the platform."""

    @property
    def prometheus_namespace(self) -> str:
        """The namespace of Prometheus."""


class PoolView(Protocol):
    """One node pool."""

    @property
    def name(self) -> str:
        """The name in the blueprint."""

    @property
    def own_label(self) -> str:
        """The value of the label with the pool of a node."""

    @property
    def nodes_min(self) -> int:
        """The minimum number of nodes."""

    @property
    def nodes_max(self) -> int:
        """The maximum number of nodes."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of its nodes."""

    @property
    def gpu(self) -> GpuView | None:
        """The GPUs of each node."""

    @property
    def driver(self) -> DriverView:
        """The driver of its nodes."""

    @property
    def hardware(self) -> HardwareView:
        """The hardware of its nodes."""

    @property
    def stack(self) -> Stack:
        """The software that makes its GPUs available to pods."""

    @property
    def claimed(self) -> bool:
        """Whether pods claim its GPUs instead of requesting a number of them."""

    @property
    def mode(self) -> Mode:
        """The owners of driver, toolkit and device plugin."""

    @property
    def runs_operands(self) -> bool:
        """Whether a GPU Operator reads labels of these nodes."""

    @property
    def passes_gpus(self) -> bool:
        """Whether its GPUs are passed to virtual machines."""

    @property
    def cost_per_gpu_hour(self) -> Mapping[str, float]:
        """The price of a GPU hour, by purchase type; by "" if there is none."""

    def taint_source(self, taint: Taint) -> Source:
        """The source of a taint of the nodes."""


class GpuPoolView(PoolView, Protocol):
    """A node pool with GPUs."""

    @property
    def gpu(self) -> GpuView:
        """The GPUs of each node."""

    @property
    def partition(self) -> PartitionView:
        """How its GPUs are partitioned and shared."""


class PlatformView(Protocol):
    """The platform, as far as topics read it from each other."""

    @property
    def origins(self) -> Origins:
        """The sources of the blueprint's values."""

    @property
    def release(self) -> Release:
        """The release."""

    @property
    def name(self) -> str:
        """metadata.name."""

    @property
    def release_name(self) -> str:
        """The release's name."""

    @property
    def cluster(self) -> ClusterFacts:
        """Kubernetes, distribution, node image and registries."""

    @property
    def stack(self) -> Stack:
        """How GPUs are made available to pods."""

    @property
    def stacks(self) -> Sequence[Stack]:
        """The stacks of all pools."""

    @property
    def allocation(self) -> str:
        """`dra` or `device-plugin`."""

    @property
    def gpu_pools(self) -> Sequence[GpuPoolView]:
        """The pools whose nodes have GPUs."""

    @property
    def driver(self) -> OperatorDriverView:
        """The driver that the operator installs."""

    @property
    def dra(self) -> ClaimsView:
        """The functions of the DRA driver."""

    @property
    def virtualization(self) -> VirtualizationView:
        """The operator's functions for virtual machines."""

    @property
    def tenants(self) -> TenantsView:
        """All tenants of the platform."""

    @property
    def health(self) -> ReactionsView:
        """The declared reactions to GPU faults."""

    @property
    def kata(self) -> KataView:
        """Kata in the whole cluster."""

    @property
    def observability(self) -> ObservabilityView | None:
        """The monitoring of the platform."""

    @property
    def components(self) -> Mapping[str, ComponentView]:
        """The components by name."""

    @property
    def release_components(self) -> Mapping[str, ComponentView]:
        """All components of the release, including absent ones."""

    def requests(self, component: Component) -> bool:
        """Whether the blueprint has the section that a component implements."""

    def component_with(self, setting: str) -> ComponentView | None:
        """The component in this stack with a setting."""

    def setting(self, name: str) -> Any:
        """The value of a setting of the component in this stack that has it."""

    def advertiser_of(self, fabric: str) -> str | None:
        """The component that advertises the network adapters of a fabric."""

    def machine(self, instance_type: str) -> Machine | None:
        """The catalogue's facts about an instance type."""

    @property
    def node_class_kind(self) -> NodeClassKind | None:
        """The kind of node class for the machines that Karpenter starts."""
