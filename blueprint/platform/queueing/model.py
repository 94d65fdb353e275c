"""Resolved queueing: the configuration of Kueue for the pools and tenants.

Each pool is one flavor, each group a cohort, each tenant with quota one ClusterQueue. Quotas are counted in the
resources that pods request from the pool.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from blueprint.platform.components.digests import digest
from blueprint.platform.nodes.offered import MACHINE_RESOURCES
from blueprint.platform.nodes.taints import PoolTaint, Taint
from blueprint.platform.provisioning.model import CAPACITY_LABEL
from blueprint.platform.queueing.engines import KUEUE, QueuedPool, pools_of
from blueprint.platform.queueing.kai import Kai
from blueprint.platform.queueing.provisioned import ProvisioningCheck
from blueprint.platform.queueing.quotas import ResourceGroup, by_flavor, purchased, resource_groups, with_withheld
from blueprint.platform.queueing.shares import TenantShare, tenant_shares
from blueprint.platform.tenants.model import Tenant, TenantNamespace, Tenants
from blueprint.platform.topology.model import HOSTNAME
from blueprint.platform.tracking.recorder import decided_by, tracked_property, untracked
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import PlatformView
from blueprint.spec.queueing import KueueSpec, QueueingSpec

QUEUE = "default"
"""The name of the queue in each namespace: Kueue uses the queue with this name for jobs that do not specify one."""
_WITHIN = {
    "never": "Never",
    "lowerPriority": "LowerPriority",
    "lowerOrNewerEqualPriority": "LowerOrNewerEqualPriority",
    "any": "Any",
}


class QueuedPlatform(PlatformView, Protocol):
    """The platform, as seen by its queues."""

    @property
    def pools(self) -> Sequence[QueuedPool]:
        """All pools."""

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""

    @property
    def queueing(self) -> Queueing | None:
        """How workloads queue for GPUs."""

    def setting(self, name: str) -> Any:
        """The value of a setting of the component in this stack that has it; None if there is none."""


class Topology:
    """The levels with which Kueue places the pods of one workload close to each other."""

    def __init__(self, pool: QueuedPool) -> None:
        self._pool = pool

    @tracked_property
    def levels(self) -> tuple[str, ...]:
        """Labels of nodes, widest first; the last one is the node itself."""
        return (*self._pool.topology.labels, HOSTNAME)

    @tracked_property
    def name(self) -> str:
        """A name that changes with the levels, which are immutable."""
        return f"levels-{digest(self.levels)}"


class Flavor:
    """The nodes of one pool, as assigned by Kueue to workloads."""

    def __init__(self, pool: QueuedPool, pools: Sequence[QueuedPool], purchase: str | None = None) -> None:
        self._pool = pool
        self._pools = pools
        self._purchase = purchase

    @tracked_property
    def name(self) -> str:
        """The pool's name, with the purchase type if there are several."""
        return f"{self._pool.own_label}-{self._purchase}" if self._purchase else self._pool.own_label

    @tracked_property
    def node_labels(self) -> dict[str, str]:
        """Labels that select the nodes; Kueue adds them to pods that it admits, and Karpenter creates such nodes."""
        bought = {CAPACITY_LABEL: self._purchase} if self._purchase else {}
        return dict(sorted({**self._pool.selector, **bought}.items()))

    @tracked_property
    def tolerations(self) -> tuple[PoolTaint, ...]:
        """Taints of the nodes; Kueue adds their tolerations to pods that it admits.

        A toleration has no value if no other pool has the same taint with another value: this does not open other
        nodes.
        """
        with untracked():
            every = [(pool, taint) for pool in self._pools for taint in pool.taints]
        found = []
        for taint in self._pool.taints:
            alike = [(pool, each) for pool, each in every if (each.key, each.effect) == (taint.key, taint.effect)]
            differ = len({each for _, each in alike}) > 1
            others = (pool.taint_source(each) for pool, each in alike)
            sources = dict.fromkeys((self._pool.taint_source(taint), *others))
            found.append(PoolTaint(taint if differ else Taint(taint.key, "", taint.effect), tuple(sources)))
        return tuple(found)

    @tracked_property
    def topology(self) -> Topology | None:
        """The topology of its nodes; None if the blueprint declares none, or if the nodes do not exist yet.

        With a topology, Kueue places workloads only on existing nodes, so that none would ever be created.
        """
        if self._pool.made_for_pods:
            return None
        return Topology(self._pool) if self._pool.topology.labels else None


class _OfTenant:
    """Kueue's view of a tenant or a group."""

    def __init__(self, tenant: Tenant, platform: QueuedPlatform, kueue: Kueue) -> None:
        self.tenant = tenant
        self._platform = platform
        self._kueue = kueue

    @tracked_property
    def name(self) -> str:
        """The tenant's name."""
        return self.tenant.name

    @tracked_property
    def parent(self) -> str | None:
        """The group to which it belongs."""
        return self.tenant.parent.name if self.tenant.parent else None

    @tracked_property
    def weight(self) -> str | None:
        """Its weight for borrowing; None without fair sharing."""
        return self.tenant.weight if self._kueue.fair_sharing else None


class Cohort(_OfTenant):
    """A group of tenants that lend each other unused quota."""

    is_group = True

    @property
    def resource_groups(self) -> tuple[ResourceGroup, ...]:
        """The quota that its members share in addition to their own."""
        with untracked():  # the list of pools does not determine any amount
            quotas, flavors = by_flavor(self.tenant.quota, self._kueue.pools)
        return resource_groups(quotas, flavors)


class ClusterQueue(_OfTenant):
    """The queue of one tenant."""

    is_group = False

    @property
    def resource_groups(self) -> tuple[ResourceGroup, ...]:
        """Its own quota, zero for resources that only its groups have, which it may borrow, and zero for all other
        GPUs.
        """
        pools = self._kueue.pools
        with untracked():  # the list of pools does not determine any amount
            shares, flavors = by_flavor(self.tenant.shares, pools)
            quotas = with_withheld(shares, flavors, in_group=self.parent is not None)
        return resource_groups(quotas, flavors)

    @property
    def checks(self) -> tuple[CheckOfQueue, ...]:
        """The admission checks that its workloads must pass in addition to having quota."""
        checks = self._kueue.checks
        with untracked():
            shares = self.tenant.shares if checks else {}
            found = {each: [pool for pool in each.pools if pool.name in shares] for each in checks}
        return tuple(CheckOfQueue(each, pools) for each, pools in found.items() if pools)


class CheckOfQueue:
    """An admission check for the workloads of one queue."""

    def __init__(self, check: ProvisioningCheck, pools: Sequence[QueuedPool]) -> None:
        self._check = check
        self._pools = pools
        self.name = check.name

    @tracked_property
    def flavors(self) -> tuple[str, ...]:
        """The flavors of the queue to which the check applies."""
        decided_by(self._check.pools)
        return tuple(pool.own_label for pool in self._pools)


class LocalQueue:
    """The queue of one namespace, which refers to that of its tenant."""

    def __init__(self, namespace: TenantNamespace, name: str) -> None:
        self._namespace = namespace
        self.name = name

    @property
    def namespace(self) -> str:
        """The namespace."""
        return self._namespace.name

    @property
    def cluster_queue(self) -> str:
        """The queue of its tenant."""
        return self._namespace.owner


class Kueue:
    """The configuration of Kueue."""

    def __init__(self, spec: KueueSpec, platform: QueuedPlatform) -> None:
        self._spec = spec
        self._platform = platform

    @tracked_property
    def fair_sharing(self) -> bool:
        """Whether borrowed quota is shared in proportion to weights."""
        return self._spec.fair_sharing

    @tracked_property
    def pods_ready_timeout(self) -> str:
        """The timeout for all pods of an admitted workload to become ready."""
        return self._spec.pods_ready_timeout

    @tracked_property
    def within_cluster_queue(self) -> str:
        """The workloads of the same tenant that may be preempted."""
        return _WITHIN[self._spec.preemption.within_tenant]

    @tracked_property
    def reclaim_within_cohort(self) -> str:
        """The workloads of other tenants that may be preempted because they borrow quota."""
        return _WITHIN[self._spec.preemption.reclaim]

    @tracked_property
    def device_class_mappings(self) -> list[dict[str, Any]]:
        """The resources with which claims of DeviceClasses are counted, in Kueue's format. Kueue rejects claims of all
        other classes.

        Classes that provide an extended resource are not included: Kueue counts the requests for which the scheduler
        creates claims, and its documentation warns against using both for one class.
        """
        dra, users = self._platform.dra, self._platform.tenants.users
        found = {
            each.resource: each.claimed.name
            for pool in (() if dra.extended_resources else self.pools)
            for name, each in pool.offered.items()
            if each.claimed and any(name in tenant.shares.get(pool.name, ()) for tenant in users)
        }
        found |= {name: name for name in dra.channel_classes}  # no quota uses them, so they are not counted
        return [{"name": name, "deviceClassNames": [found[name]]} for name in sorted(found)]

    @tracked_property
    def uncounted(self) -> tuple[str, ...]:
        """The common resources of all pods that no tenant's quota counts."""
        users = self._platform.tenants.users
        decided_by(self.pools)
        with untracked():
            pools = {pool.name for pool in self.pools}
            counted = {name for each in users for pool, own in each.shares.items() if pool in pools for name in own}
        return tuple(each for each in MACHINE_RESOURCES if each not in counted)

    @tracked_property
    def transformations(self) -> list[dict[str, Any]]:
        """The resources that Kueue excludes from requests, in its format.

        Otherwise a pod set that requests nothing else, such as the head of a RayCluster, would end the flavor
        assignment: the pod sets after it get none, and the workload is never admitted (v0.19.2,
        `atLeastOnePodsAssignmentFailed` in `pkg/scheduler/flavorassigner`). `IgnoreUndeclared` does not prevent this.
        """
        return [{"input": each, "strategy": "Replace"} for each in self.uncounted]

    @tracked_property
    def pools(self) -> tuple[QueuedPool, ...]:
        """The pools that use Kueue."""
        return pools_of(KUEUE, self._platform)

    @property
    def checks(self) -> tuple[ProvisioningCheck, ...]:
        """The admission checks that workloads must pass in addition to having quota."""
        with untracked():
            names, pools = list(self._spec.provisioning_requests), self.pools
        return tuple(ProvisioningCheck(name, self._spec.provisioning_requests, pools) for name in names)

    @tracked_property
    def flavors(self) -> tuple[Flavor, ...]:
        """The flavors of the pools that Kueue queues: one per pool, or one per purchase type."""
        purchases = [(pool, each) for pool in self.pools for each in purchased(pool) or (None,)]
        with untracked():
            pools = self._platform.pools
        return tuple(Flavor(pool, pools, each) for pool, each in purchases)

    @tracked_property
    def topologies(self) -> tuple[Topology, ...]:
        """The distinct topologies of the pools."""
        decided_by(self.pools)
        with untracked():
            found = {flavor.topology.name: flavor.topology for flavor in reversed(self.flavors) if flavor.topology}
            return tuple(found[name] for name in sorted(found))

    @tracked_property
    def cohorts(self) -> tuple[Cohort, ...]:
        """The groups."""
        return tuple(Cohort(group, self._platform, self) for group in self._platform.tenants.groups)

    @tracked_property
    def cluster_queues(self) -> tuple[ClusterQueue, ...]:
        """The tenants with quota, either their own or that of their groups."""
        users = self._platform.tenants.users
        decided_by(self.pools)
        with untracked():
            return tuple(ClusterQueue(tenant, self._platform, self) for tenant in users if self.queues(tenant.shares))

    @tracked_property
    def local_queues(self) -> tuple[LocalQueue, ...]:
        """One queue in each namespace of a tenant with quota."""
        namespaces = self._platform.tenants.namespaces
        decided_by(self.pools)
        with untracked():
            found = [each for each in namespaces if self.queues(each.tenant.shares)]
            return tuple(LocalQueue(each, self.queue_of(each.tenant.shares)) for each in found)

    def queues(self, shares: Mapping[str, object]) -> bool:
        """Whether a tenant with these quotas uses some of Kueue's pools."""
        return any(pool.name in shares for pool in self.pools)

    def queue_of(self, shares: Mapping[str, object]) -> str:
        """The name of a tenant's queue in its namespaces.

        Kueue puts jobs without a queue into the one called `default`. If the tenant also has quota of another engine,
        these could be the other engine's jobs, so no queue has that name.
        """
        queued = [pool.queue for pool in self._platform.pools if pool.name in shares]
        return QUEUE if all(engine == KUEUE for engine in queued) else KUEUE


class Priority:
    """A priority of workloads."""

    def __init__(self, name: str, priorities: Any) -> None:
        self.name = name
        self._priorities = priorities

    @property
    def value(self) -> int:
        """A higher number goes first."""
        value: int = self._priorities[self.name]
        return value


class Queueing:
    """How workloads queue for GPUs."""

    def __init__(self, spec: QueueingSpec, platform: QueuedPlatform) -> None:
        self._spec = spec
        self._platform = platform

    @tracked_property
    def kueue(self) -> Kueue | None:
        """The configuration of Kueue; None without it."""
        spec = self._spec.kueue
        return Kueue(spec, self._platform) if spec is not None else None

    def queue_of(self, shares: Mapping[str, object]) -> str | None:
        """The name of the queue in the namespaces of a tenant with these quotas; None without one."""
        return self.kueue.queue_of(shares) if self.kueue and self.kueue.queues(shares) else None

    @tracked_property
    def kai(self) -> Kai | None:
        """The configuration of KAI; None without it."""
        spec = self._spec.kai
        return Kai(spec, self._platform) if spec is not None else None

    @property
    def shares(self) -> tuple[TenantShare, ...]:
        """The share of every tenant in every pool."""
        with untracked():
            return tuple(tenant_shares(self._platform, self))

    @tracked_property
    def priorities(self) -> dict[str, int]:
        """Priorities of workloads by name."""
        return dict(plain(self._spec.priorities))

    @property
    def classes(self) -> Iterator[Priority]:
        """The priorities of workloads, each with its own source."""
        with untracked():
            names = list(self._spec.priorities)
        return (Priority(name, self._spec.priorities) for name in names)
