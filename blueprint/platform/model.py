"""The platform: what a blueprint means once defaults are filled and names are bound to the catalogue.

Every property records the lines it was decided by (see `tracking`), so it may be read from templates, expectations and
prerequisites alike without losing the way back to the blueprint.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component
from blueprint.catalog.distribution import WITH_CLAIMS, Part, Stack
from blueprint.catalog.machines import Machine, NodeClassKind
from blueprint.catalog.releases import Release
from blueprint.catalog.rules import CompatibilityRule
from blueprint.platform.cluster.model import ClusterFacts
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.components.node_stack import NodeStack
from blueprint.platform.components.selection import OBSERVABILITY, is_requested
from blueprint.platform.delivery.model import Delivery, delivery_of
from blueprint.platform.dra.model import DynamicAllocation
from blueprint.platform.drivers.model import DRA, OperatorDriver
from blueprint.platform.drivers.written import WrittenDriver
from blueprint.platform.network.nic_policies import NicPolicies
from blueprint.platform.nodes.taints import PoolTaint, merged_taints
from blueprint.platform.partitioning.model import ClusterPartitioning
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.provisioning.model import Provisioning
from blueprint.platform.provisioning.node_classes import node_class_kind
from blueprint.platform.queueing.engines import engines_of
from blueprint.platform.tracking.recorder import record, tracked_property, untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins, plain
from blueprint.platform.virtualization.kata import RUNTIMES, Kata
from blueprint.platform.virtualization.model import Virtualization
from blueprint.spec.model import Blueprint
from blueprint.spec.pools import NodePool

if TYPE_CHECKING:
    from blueprint.platform.health.model import FaultReactions
    from blueprint.platform.observability.model import Observability
    from blueprint.platform.queueing.model import Queueing
    from blueprint.platform.tenants.model import Tenants
    from blueprint.platform.workloads.model import Workloads

GPU_TAINT = "nvidia.com/gpu"


class Platform:
    """The whole platform. `components` holds those of the release that are not absent, in order of need."""

    def __init__(
        self,
        blueprint: Blueprint,
        origins: Origins,
        catalog: Catalog,
        release: Release,
        unresolved: frozenset[str] = frozenset(),
        written_drivers: Mapping[str, WrittenDriver] = MappingProxyType({}),
    ) -> None:
        self._blueprint = blueprint
        self._catalog = catalog
        self.origins = origins
        self.release = release
        self._unresolved = unresolved
        self.written_drivers = written_drivers
        self._first_with: dict[str, GpuPool | None] = {}
        self.cluster = ClusterFacts(blueprint, catalog)

    def with_drivers(self, written: Mapping[str, WrittenDriver]) -> Platform:
        """The same platform, with the drivers that its pools get by what a person wrote into rendered objects."""
        return Platform(self._blueprint, self.origins, self._catalog, self.release, self._unresolved, written)

    @tracked_property
    def name(self) -> str:
        """metadata.name."""
        return self._blueprint.metadata.name

    @tracked_property
    def version(self) -> str:
        """metadata.version."""
        return self._blueprint.metadata.version

    @tracked_property
    def owners(self) -> tuple[str, ...]:
        """Whom to ask."""
        return tuple(self._blueprint.metadata.owners)

    @tracked_property
    def release_name(self) -> str:
        """The release."""
        return self._blueprint.spec.release

    @property
    def rules(self) -> tuple[CompatibilityRule, ...]:
        """The catalogue's rules of compatibility."""
        return self._catalog.rules

    def stack_with(self, allocation: str | None) -> Stack:
        """The stack of a pool that declares `allocation`: only without the operator it differs from others'."""
        spec = self._blueprint.spec
        if spec.gpu_stack == "standalone":
            return "standaloneDra" if (allocation or spec.allocation) == DRA else "standalone"
        return "gpuCluster" if spec.allocation == DRA else "clusterPolicy"

    @tracked_property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks of the pools with GPUs, the platform's own first: two where pools get GPUs in both ways."""
        spec, own = self._blueprint.spec, self.stack_with(None)
        if spec.gpu_stack != "standalone":
            return (own,)
        with untracked():  # the first pool that differs suffices
            allocations = {name: pool.allocation for name, pool in spec.node_pools.items() if pool.gpu is not None}
            differing = next((name for name, one in allocations.items() if one not in (None, spec.allocation)), None)
            only = all(one not in (None, spec.allocation) for one in allocations.values())
        if differing is None:
            return (own,)
        other = self.stack_with(spec.node_pools[differing].allocation)
        return (other,) if only else (own, other)

    @tracked_property
    def stack(self) -> Stack:
        """The software that brings GPUs to pods: it follows from who runs it and how pods get GPUs."""
        return self.stacks[0]

    @tracked_property
    def allocation(self) -> str:
        """`dra` where pods claim GPUs, `device-plugin` where they request a number of them; pools may differ."""
        return DRA if self.stack in WITH_CLAIMS else "device-plugin"

    @tracked_property
    def declared_compute_domains(self) -> bool | None:
        """spec.computeDomains; None where the pools decide."""
        return self._blueprint.spec.compute_domains

    @tracked_property
    def node_labels(self) -> str:
        """Who labels and taints nodes: `apply` or `provisioner`; by default whoever marks the nodes of a cloud."""
        if declared := self._blueprint.spec.node_labels:
            return declared
        return "provisioner" if self.cluster.distribution_facts.pools else "apply"

    @tracked_property
    def declared_pool_label(self) -> str | None:
        """The node label whose value is the pool's name, where the blueprint says it."""
        return self._blueprint.spec.pool_label

    @tracked_property
    def pool_label(self) -> str | None:
        """The node label whose value is the pool's name; by default the cloud's, None where it has none."""
        if declared := self.declared_pool_label:
            return declared
        groups = self.cluster.distribution_facts.pools
        return groups.label if groups else None

    @tracked_property
    def delivery(self) -> Delivery | None:
        """Who applies the manifests beside `blueprint apply`; None where the blueprint names no one."""
        spec = self._blueprint.spec.delivery
        return delivery_of(spec) if spec else None

    def advertiser_of(self, fabric: str) -> str | None:
        """The component that advertises the network cards of a fabric where no cloud does; None: only clouds do."""
        return self._catalog.advertiser_of(fabric)

    def machine(self, instance_type: str) -> Machine | None:
        """What the catalogue knows of an instance type."""
        return self._catalog.machine(instance_type)

    @tracked_property
    def node_class_kind(self) -> NodeClassKind | None:
        """The kind of object that says what Karpenter starts machines with; None where nothing is rendered for it."""
        return node_class_kind(self._blueprint.spec.node_pools, self._catalog, self.cluster.distribution)

    @cached_property
    def provisioning(self) -> Provisioning:
        """What Karpenter is told."""
        return Provisioning(self._blueprint.spec.karpenter, self)

    @tracked_property
    def pools(self) -> tuple[Pool, ...]:
        """All pools, by name; without those whose GPUs the catalogue does not know."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(specs) if name not in self._unresolved)

    @tracked_property
    def unresolved(self) -> tuple[Pool, ...]:
        """The pools whose GPUs the catalogue does not know, by name; their `gpu.facts` cannot be read."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(self._unresolved))

    @property
    def declared_pools(self) -> Mapping[str, Pool]:
        """All pools by name, in the order of the blueprint; those that are unresolved, too."""
        found = {pool.name: pool for pool in (*self.pools, *self.unresolved)}
        return {name: found[name] for name in self._blueprint.spec.node_pools}

    def _pool(self, name: str, spec: NodePool) -> Pool:
        with untracked():  # a pool records by itself whether it has GPUs
            kind = Pool if spec.gpu is None else GpuPool
        return kind(name, spec, self, self._catalog)

    @tracked_property
    def gpu_pools(self) -> tuple[GpuPool, ...]:
        """The pools whose nodes have GPUs for containers."""
        return tuple(pool for pool in self.pools if isinstance(pool, GpuPool) and pool.gpu and not pool.passes_gpus)

    def first_with(self, part: str) -> GpuPool | None:
        """The first pool whose nodes this platform brings `part` (as in a Mode) to.

        Nothing is recorded but what is read from that pool afterwards: it alone suffices, and the lines of a thousand
        others would say nothing.
        """
        if part not in self._first_with:
            with untracked():
                found = next((pool for pool in self.gpu_pools if getattr(pool.mode, part) == "operator"), None)
            self._first_with[part] = found
        return self._first_with[part]

    @tracked_property
    def driver(self) -> OperatorDriver:
        """The driver that the operator installs."""
        return OperatorDriver(self)

    @tracked_property
    def partitioning(self) -> ClusterPartitioning:
        """How the pools together partition and share GPUs."""
        return ClusterPartitioning(self)

    @tracked_property
    def nic_policies(self) -> NicPolicies:
        """What the Network Operator does on the nodes of all pools."""
        return NicPolicies(self)

    @tracked_property
    def node_stack(self) -> NodeStack:
        """Container toolkit, device plugin and the pods around them."""
        return NodeStack(self)

    @tracked_property
    def dra(self) -> DynamicAllocation:
        """What the DRA driver does."""
        return DynamicAllocation(self)

    @tracked_property
    def virtualization(self) -> Virtualization:
        """What the operator does for virtual machines."""
        return Virtualization(self)

    @cached_property
    def kata(self) -> Kata:
        """Kata in the whole cluster."""
        return Kata(self, self._catalog.folder_with(RUNTIMES))

    def driver_version(self, branch: str) -> str | None:
        """The exact version of a branch in this release."""
        known = self.release.driver.branches.get(branch)
        if known is None:
            return None
        path = ("driver", "branches", branch, "version")
        record(Source("release", self.release.span(*path), ".".join(path)))
        return known.version

    def driver_digest(self, branch: str) -> str | None:
        """The digest by which an operator's bundle pins the driver of a branch; resolve() refuses one without."""
        if (known := self.release.driver.branches.get(branch)) is None or known.digest is None:
            return None
        path = ("driver", "branches", branch, "digest")
        record(Source("release", self.release.span(*path), ".".join(path)))
        return known.digest

    def setting(self, name: str) -> Any:
        """The value of a setting, of the component in this stack that has it; None where there is none."""
        found = self.component_with(name)
        return found.settings[name] if found else None

    def component_with(self, setting: str) -> PlatformComponent | None:
        """The component in this stack that has a setting; its name is the contract, not the component's."""
        with untracked():
            stacks = self.stacks
        return next((each for each in self.components.values() if each.component.has(setting, stacks)), None)

    def provider_of(self, part: Part, stack: Stack | None = None) -> PlatformComponent | None:
        """The component that brings a part of the node stack to pools of a stack that leave it to us."""
        wanted = stack or self.stack
        return next((each for each in self.components.values() if each.component.brings(part, wanted)), None)

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """Every taint once of pools with GPUs, a fabric or machines, whatever its value, and the customary one."""
        return merged_taints((each for each in self.pools if each.runs_operands_of_nodes), (GPU_TAINT, "NoSchedule"))

    @tracked_property
    def components(self) -> Mapping[str, PlatformComponent]:
        """The release's components by name, in order of need; absent ones are left out."""
        with untracked():  # that a component is there is recorded by what it is there for, not by everything in it
            names = [name for name in self._component_names() if self.requests(self._component(name))]
        found = (self._platform_component(name) for name in names)
        return {component.name: component for component in found if component.ownership != "absent"}

    @tracked_property
    def release_components(self) -> Mapping[str, PlatformComponent]:
        """Every component of the release by name: also absent ones, and those of another stack."""
        return {name: self._platform_component(name) for name in self.release.components}

    @tracked_property
    def declared_components(self) -> Mapping[str, PlatformComponent]:
        """Those that the blueprint names, in its order."""
        with untracked():
            names = [name for name in self._blueprint.spec.components if name in self.release.components]
        return {name: self.release_components[name] for name in names}

    def _platform_component(self, name: str) -> PlatformComponent:
        return PlatformComponent(self._component(name), self._blueprint.spec.components.get(name), self)

    def requests(self, component: Component) -> bool:
        """Whether the blueprint has the section that the component carries out, if it carries out one."""
        return is_requested(component, self._blueprint.spec, self.cluster)

    @tracked_property
    def observability(self) -> Observability | None:
        """What is watched; None without the section, or without the component that carries it out."""
        spec = self._blueprint.spec.observability
        if spec is None:
            return None
        from blueprint.platform.observability.model import Observability

        component = self.components.get(OBSERVABILITY)
        return Observability(spec, self, component, self._catalog) if component is not None else None

    @cached_property
    def tenants(self) -> Tenants:
        """Who shares the platform."""
        from blueprint.platform.tenants.model import Tenants

        return Tenants(self._blueprint.spec.tenants, self._blueprint.spec.plans, self)

    @tracked_property
    def queueing(self) -> Queueing | None:
        """How workloads wait for GPUs; None without the section."""
        spec = self._blueprint.spec.queueing
        if spec is None:
            return None
        from blueprint.platform.queueing.model import Queueing

        return Queueing(spec, self)

    @cached_property
    def health(self) -> FaultReactions:
        """What is to be done about faults of GPUs."""
        from blueprint.platform.health.model import FaultReactions

        with untracked():
            return FaultReactions(dict(plain(self._blueprint.spec.policy.health)), self.origins)

    @cached_property
    def workloads(self) -> Workloads:
        """What users of the tenants start from."""
        from blueprint.platform.workloads.model import Workloads

        return Workloads(self)

    @tracked_property
    def engines(self) -> tuple[str, ...]:
        """The engines that queue workloads, by their keys in `queueing`."""
        return engines_of(self._blueprint.spec.queueing)

    @tracked_property
    def pod_security(self) -> str:
        """The Pod Security Standard that the namespaces of tenants enforce."""
        return self._blueprint.spec.policy.pod_security

    @tracked_property
    def admission_policies(self) -> bool:
        """Whether admission policies hold the workloads of tenants to what is theirs."""
        return self._blueprint.spec.policy.admission

    def _component(self, name: str) -> Component:
        component = self._catalog.component(name, self.release.components[name])
        if component is None:
            raise LookupError(f"release {self.release.release} names the component {name}, which does not exist")
        return component

    def _component_names(self) -> list[str]:
        from blueprint.catalog.catalog import waves

        found = map(self._component, self.release.components)
        ordered = waves(each for each in found if each.belongs_to(self.stacks))
        return [each.name for wave in ordered for each in wave]
