"""The platform: a blueprint with all defaults applied and all names bound to the catalogue.

Every property records the sources that determined it (see `tracking`), so it can be read from templates, expectations
and prerequisites without losing the connection to the blueprint.
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
    """The whole platform. `components` contains those of the release that are not absent, in dependency order."""

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
        """The platform with the drivers that its pools get through users' settings in rendered objects."""
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
        """Contacts for the platform."""
        return tuple(self._blueprint.metadata.owners)

    @tracked_property
    def release_name(self) -> str:
        """The release."""
        return self._blueprint.spec.release

    @property
    def rules(self) -> tuple[CompatibilityRule, ...]:
        """The catalogue's compatibility rules."""
        return self._catalog.rules

    def stack_with(self, allocation: str | None) -> Stack:
        """The stack of a pool that declares `allocation`: it differs from the platform's only without the operator."""
        spec = self._blueprint.spec
        if spec.gpu_stack == "standalone":
            return "standaloneDra" if (allocation or spec.allocation) == DRA else "standalone"
        return "gpuCluster" if spec.allocation == DRA else "clusterPolicy"

    @tracked_property
    def stacks(self) -> tuple[Stack, ...]:
        """The stacks of the pools with GPUs, the platform's own first: two if pools get GPUs in both ways."""
        spec, own = self._blueprint.spec, self.stack_with(None)
        if spec.gpu_stack != "standalone":
            return (own,)
        with untracked():  # the first pool with another stack is sufficient
            allocations = {name: pool.allocation for name, pool in spec.node_pools.items() if pool.gpu is not None}
            differing = next((name for name, one in allocations.items() if one not in (None, spec.allocation)), None)
            only = all(one not in (None, spec.allocation) for one in allocations.values())
        if differing is None:
            return (own,)
        other = self.stack_with(spec.node_pools[differing].allocation)
        return (other,) if only else (own, other)

    @tracked_property
    def stack(self) -> Stack:
        """The software that makes GPUs available to pods, which follows from `gpuStack` and `allocation`."""
        return self.stacks[0]

    @tracked_property
    def allocation(self) -> str:
        """`dra` if pods claim GPUs, `device-plugin` if they request a number of them; pools may differ."""
        return DRA if self.stack in WITH_CLAIMS else "device-plugin"

    @tracked_property
    def declared_compute_domains(self) -> bool | None:
        """`spec.computeDomains`; None if it follows from the pools."""
        return self._blueprint.spec.compute_domains

    @tracked_property
    def node_labels(self) -> str:
        """The program that labels and taints nodes: `apply` or `provisioner`; the default depends on the cloud."""
        if declared := self._blueprint.spec.node_labels:
            return declared
        return "provisioner" if self.cluster.distribution_facts.pools else "apply"

    @tracked_property
    def declared_pool_label(self) -> str | None:
        """The node label with the pool's name, if the blueprint declares it."""
        return self._blueprint.spec.pool_label

    @tracked_property
    def pool_label(self) -> str | None:
        """The node label with the pool's name; by default the cloud's, None if it has none."""
        if declared := self.declared_pool_label:
            return declared
        groups = self.cluster.distribution_facts.pools
        return groups.label if groups else None

    @tracked_property
    def delivery(self) -> Delivery | None:
        """The delivery controllers besides `blueprint apply`; None if the blueprint declares none."""
        spec = self._blueprint.spec.delivery
        return delivery_of(spec) if spec else None

    def advertiser_of(self, fabric: str) -> str | None:
        """The component that advertises the network adapters of a fabric if no cloud does; None if only clouds do."""
        return self._catalog.advertiser_of(fabric)

    def machine(self, instance_type: str) -> Machine | None:
        """The catalogue's facts about an instance type."""
        return self._catalog.machine(instance_type)

    @tracked_property
    def node_class_kind(self) -> NodeClassKind | None:
        """The kind of node class that configures the machines started by Karpenter; None if nothing is rendered for
        it.
        """
        return node_class_kind(self._blueprint.spec.node_pools, self._catalog, self.cluster.distribution)

    @cached_property
    def provisioning(self) -> Provisioning:
        """The configuration of Karpenter."""
        return Provisioning(self._blueprint.spec.karpenter, self)

    @tracked_property
    def pools(self) -> tuple[Pool, ...]:
        """All pools, by name, except for those whose GPUs are not in the catalogue."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(specs) if name not in self._unresolved)

    @tracked_property
    def unresolved(self) -> tuple[Pool, ...]:
        """The pools whose GPUs are not in the catalogue, by name; their `gpu.facts` cannot be read."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(self._unresolved))

    @property
    def declared_pools(self) -> Mapping[str, Pool]:
        """All pools by name, in the order of the blueprint, including unresolved ones."""
        found = {pool.name: pool for pool in (*self.pools, *self.unresolved)}
        return {name: found[name] for name in self._blueprint.spec.node_pools}

    def _pool(self, name: str, spec: NodePool) -> Pool:
        with untracked():  # a pool itself records whether it has GPUs
            kind = Pool if spec.gpu is None else GpuPool
        return kind(name, spec, self, self._catalog)

    @tracked_property
    def gpu_pools(self) -> tuple[GpuPool, ...]:
        """The pools whose nodes have GPUs for containers."""
        return tuple(pool for pool in self.pools if isinstance(pool, GpuPool) and pool.gpu and not pool.passes_gpus)

    def first_with(self, part: str) -> GpuPool | None:
        """The first pool on whose nodes this platform provides `part` (as in a Mode).

        Only what is read from that pool afterwards is recorded: it is a sufficient reason, and the sources of a
        thousand other pools would be useless.
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
        """The partitioning and sharing of all pools together."""
        return ClusterPartitioning(self)

    @tracked_property
    def nic_policies(self) -> NicPolicies:
        """The Network Operator's functions on the nodes of all pools."""
        return NicPolicies(self)

    @tracked_property
    def node_stack(self) -> NodeStack:
        """Container toolkit, device plugin and related pods."""
        return NodeStack(self)

    @tracked_property
    def dra(self) -> DynamicAllocation:
        """The functions of the DRA driver."""
        return DynamicAllocation(self)

    @tracked_property
    def virtualization(self) -> Virtualization:
        """The operator's functions for virtual machines."""
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
        """The digest with which an operator's bundle pins the driver of a branch; resolve() rejects a branch without
        one.
        """
        if (known := self.release.driver.branches.get(branch)) is None or known.digest is None:
            return None
        path = ("driver", "branches", branch, "digest")
        record(Source("release", self.release.span(*path), ".".join(path)))
        return known.digest

    def setting(self, name: str) -> Any:
        """The value of a setting of the component in this stack that has it; None if there is none."""
        found = self.component_with(name)
        return found.settings[name] if found else None

    def component_with(self, setting: str) -> PlatformComponent | None:
        """The component in this stack with a setting. The contract is the setting's name, not the component's."""
        with untracked():
            stacks = self.stacks
        return next((each for each in self.components.values() if each.component.has(setting, stacks)), None)

    def provider_of(self, part: Part, stack: Stack | None = None) -> PlatformComponent | None:
        """The component that provides a part of the node stack for pools of a stack that leave it to the platform."""
        wanted = stack or self.stack
        return next((each for each in self.components.values() if each.component.brings(part, wanted)), None)

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """All taints of pools with GPUs, a fabric or virtual machines, without duplicates and values, and the usual GPU
        taint.
        """
        return merged_taints((each for each in self.pools if each.runs_operands_of_nodes), (GPU_TAINT, "NoSchedule"))

    @tracked_property
    def components(self) -> Mapping[str, PlatformComponent]:
        """The release's components by name, in dependency order, except for absent ones."""
        with untracked():  # A component's presence is recorded by what requires it, not by everything in it.
            names = [name for name in self._component_names() if self.requests(self._component(name))]
        found = (self._platform_component(name) for name in names)
        return {component.name: component for component in found if component.ownership != "absent"}

    @tracked_property
    def release_components(self) -> Mapping[str, PlatformComponent]:
        """All components of the release by name, including absent ones and those of another stack."""
        return {name: self._platform_component(name) for name in self.release.components}

    @tracked_property
    def declared_components(self) -> Mapping[str, PlatformComponent]:
        """The components in the blueprint, in its order."""
        with untracked():
            names = [name for name in self._blueprint.spec.components if name in self.release.components]
        return {name: self.release_components[name] for name in names}

    def _platform_component(self, name: str) -> PlatformComponent:
        return PlatformComponent(self._component(name), self._blueprint.spec.components.get(name), self)

    def requests(self, component: Component) -> bool:
        """Whether the blueprint has the section that the component implements, if it implements one."""
        return is_requested(component, self._blueprint.spec, self.cluster)

    @tracked_property
    def observability(self) -> Observability | None:
        """The monitoring configuration; None without the section, or without the component that implements it."""
        spec = self._blueprint.spec.observability
        if spec is None:
            return None
        from blueprint.platform.observability.model import Observability

        component = self.components.get(OBSERVABILITY)
        return Observability(spec, self, component, self._catalog) if component is not None else None

    @cached_property
    def tenants(self) -> Tenants:
        """The tenants that share the platform."""
        from blueprint.platform.tenants.model import Tenants

        return Tenants(self._blueprint.spec.tenants, self._blueprint.spec.plans, self)

    @tracked_property
    def queueing(self) -> Queueing | None:
        """How workloads queue for GPUs; None without the section."""
        spec = self._blueprint.spec.queueing
        if spec is None:
            return None
        from blueprint.platform.queueing.model import Queueing

        return Queueing(spec, self)

    @cached_property
    def health(self) -> FaultReactions:
        """The reactions to GPU faults."""
        from blueprint.platform.health.model import FaultReactions

        with untracked():
            return FaultReactions(dict(plain(self._blueprint.spec.policy.health)), self.origins)

    @cached_property
    def workloads(self) -> Workloads:
        """The workload templates for tenant users."""
        from blueprint.platform.workloads.model import Workloads

        return Workloads(self)

    @tracked_property
    def engines(self) -> tuple[str, ...]:
        """The queueing engines, by their keys in `queueing`."""
        return engines_of(self._blueprint.spec.queueing)

    @tracked_property
    def pod_security(self) -> str:
        """The Pod Security Standard that the namespaces of tenants enforce."""
        return self._blueprint.spec.policy.pod_security

    @tracked_property
    def admission_policies(self) -> bool:
        """Whether admission policies restrict the workloads of tenants to their own resources."""
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
