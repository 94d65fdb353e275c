"""Views of the platform: what each topic reads of the others. A topic's model knows them by these alone.

Where a topic reads its own part of every pool, its model has a view of its own on top of these.
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
        """Name in the catalogue."""

    @property
    def count(self) -> int:
        """GPUs per node."""

    @property
    def facts(self) -> Gpu:
        """What is known of the product."""

    @property
    def catalogued(self) -> Gpu | None:
        """The same; None of a product that the catalogue does not have."""


class DriverView(Protocol):
    """The driver of a pool's nodes."""

    @property
    def enabled(self) -> bool:
        """Whether the operator installs it."""

    @property
    def written(self) -> WrittenDriver:
        """What a person wrote about it into rendered objects."""


class OperatorDriverView(Protocol):
    """The driver that the operator installs."""

    @property
    def enabled(self) -> bool:
        """Whether any pool leaves its driver to the operator."""

    @property
    def version(self) -> str:
        """What the ClusterPolicy says as version."""


class PartitionView(Protocol):
    """How the GPUs of a pool are partitioned and shared."""

    @property
    def replicas(self) -> Mapping[str, int]:
        """How many pods share one unit, by resource."""


class HardwareView(Protocol):
    """What the nodes of a pool are made of."""

    @property
    def machine(self) -> Mapping[str, str]:
        """All that is known of the machine, by name."""


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
        """Its name in the release."""

    @property
    def component(self) -> Component:
        """What the catalogue knows of it."""

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
        """Where its namespaced objects live."""


class VirtualizationView(Protocol):
    """What the operator does for virtual machines."""

    @property
    def enabled(self) -> bool:
        """Whether the operator lets nodes run virtual machines."""


class KataView(Protocol):
    """Kata in the whole cluster."""

    @property
    def gpu_resource(self) -> str:
        """What pods request to get a GPU passed through."""


class ClaimsView(Protocol):
    """What the DRA driver does."""

    @property
    def publishes_gpus(self) -> bool:
        """Whether it publishes GPUs."""

    @property
    def compute_domains(self) -> bool:
        """Whether it joins nodes into compute domains."""

    def classes_of(self, *sorts: Sort) -> Sequence[str]:
        """The driver's own classes of some sorts of device."""

    @property
    def channel_classes(self) -> Sequence[str]:
        """The classes of the channels of compute domains; none where there are no domains."""

    def counted_as(self, claimed: ClaimedClass) -> str:
        """As what queues count devices of a class."""

    def limited_as(self, resource: str, claimed: ClaimedClass | None) -> str:
        """What ResourceQuotas call a resource that queues count; `claimed`: the class by which pods claim it."""

    @property
    def extended_resources(self) -> bool:
        """Whether the scheduler serves requests for nvidia.com/gpu by claims that it makes."""


class NamespaceView(Protocol):
    """A namespace of a tenant."""

    @property
    def name(self) -> str:
        """The name of the namespace."""

    @property
    def owner(self) -> str:
        """The name of the tenant."""


class TenantsView(Protocol):
    """Who shares the platform."""

    @property
    def namespaces(self) -> Sequence[NamespaceView]:
        """Every namespace of every tenant."""


class ReactionsView(Protocol):
    """The declared reactions to GPU faults."""

    def label_of(self, alert: str) -> str | None:
        """What the label `reaction` of an alert says."""


class ObservabilityView(Protocol):
    """What is watched."""

    @property
    def prometheus_namespace(self) -> str:
        """Where Prometheus runs."""


class PoolView(Protocol):
    """One node pool."""

    @property
    def name(self) -> str:
        """Its name in the blueprint."""

    @property
    def own_label(self) -> str:
        """Value of the label that says which pool a node belongs to."""

    @property
    def nodes_min(self) -> int:
        """Fewest nodes."""

    @property
    def nodes_max(self) -> int:
        """Most nodes."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes."""

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
        """The software that brings its GPUs to pods."""

    @property
    def claimed(self) -> bool:
        """Whether pods claim its GPUs instead of requesting a number of them."""

    @property
    def mode(self) -> Mode:
        """Who brings driver, toolkit and device plugin."""

    @property
    def runs_operands(self) -> bool:
        """Whether a GPU Operator looks at labels of these nodes."""

    @property
    def passes_gpus(self) -> bool:
        """Whether its GPUs go to virtual machines."""

    @property
    def cost_per_gpu_hour(self) -> Mapping[str, float]:
        """What one GPU costs in an hour, by purchase type; by "" where nobody buys machines."""

    def taint_source(self, taint: Taint) -> Source:
        """The line that gives the nodes this taint."""


class GpuPoolView(PoolView, Protocol):
    """A node pool with GPUs."""

    @property
    def gpu(self) -> GpuView:
        """The GPUs of each node."""

    @property
    def partition(self) -> PartitionView:
        """How its GPUs are partitioned and shared."""


class PlatformView(Protocol):
    """The platform, as far as topics read it across."""

    @property
    def origins(self) -> Origins:
        """Where the blueprint's values were written."""

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
        """How GPUs reach pods."""

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
        """What the DRA driver does."""

    @property
    def virtualization(self) -> VirtualizationView:
        """What the operator does for virtual machines."""

    @property
    def tenants(self) -> TenantsView:
        """Who shares it."""

    @property
    def health(self) -> ReactionsView:
        """What is to be done about faults of GPUs."""

    @property
    def kata(self) -> KataView:
        """Kata in the whole cluster."""

    @property
    def observability(self) -> ObservabilityView | None:
        """What is watched."""

    @property
    def components(self) -> Mapping[str, ComponentView]:
        """The components by name."""

    @property
    def release_components(self) -> Mapping[str, ComponentView]:
        """Every component of the release, whether it is there or not."""

    def requests(self, component: Component) -> bool:
        """Whether the blueprint has the section that a component carries out."""

    def component_with(self, setting: str) -> ComponentView | None:
        """The component in this stack that has a setting."""

    def setting(self, name: str) -> Any:
        """The value of a setting, of the component in this stack that has it."""

    def advertiser_of(self, fabric: str) -> str | None:
        """The component that advertises the network cards of a fabric."""

    def machine(self, instance_type: str) -> Machine | None:
        """What the catalogue knows of an instance type."""

    @property
    def node_class_kind(self) -> NodeClassKind | None:
        """The kind of object that says what Karpenter starts the cloud's machines with."""
