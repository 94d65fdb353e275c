"""Which workloads fit on which pools of a tenant, and how large each may be. None exceeds the tenant's quota.

A workload uses the tenant's own quota; if that is too small, what it can borrow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from blueprint.catalog.workloads import WorkloadKind, workload_kind, workload_names
from blueprint.platform.components.digests import digest
from blueprint.platform.nodes.offered import GPU_NAME, NODE_RESOURCES
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.queueing.engines import KAI, KUEUE
from blueprint.platform.queueing.kai import queue_name
from blueprint.platform.queueing.sharing import gpus_shared_by_kai
from blueprint.platform.tracking.recorder import untracked
from blueprint.platform.workloads.sizes import Size, fitted
from blueprint.records import Record
from blueprint.units import canonical_quantity, duration_seconds, quantity_value

if TYPE_CHECKING:
    from blueprint.platform.dra.model import DynamicAllocation
    from blueprint.platform.queueing.kai import Kai
    from blueprint.platform.queueing.model import Queueing
    from blueprint.platform.tenants.model import Tenant, Tenants

Amount = Callable[["Tenant", str, str], Fraction]
"""Returns how much of a pool's resource a tenant has."""
_OF_SHARED_MEMORY = 4
"""A quarter of a pod's memory may be used for /dev/shm."""
_CLOSED = "policy.admission prevents tenants without a quota of the pool from tolerating its taints"
_PARTS = 2
"""The number of parts into which a GPU is divided for a small workload if KAI shares GPUs."""
_LONGEST_START = 1800
_LONGEST_NAME = 40
"""Controllers append suffixes to the name, and 63 characters are allowed."""


class WorkloadPlatform(Protocol):
    """The platform, as seen by its workloads."""

    @property
    def allocation(self) -> str:
        """How pods get GPUs."""

    @property
    def dra(self) -> DynamicAllocation:
        """The functions of the DRA driver."""

    @property
    def pools(self) -> Sequence[Pool]:
        """All pools."""

    @property
    def queueing(self) -> Queueing | None:
        """How workloads are queued."""

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""

    @property
    def pod_security(self) -> str:
        """The Pod Security Standard that the namespaces of tenants enforce."""

    @property
    def admission_policies(self) -> bool:
        """Whether admission policies restrict tenants to their own resources."""


class Level(Record):
    """A topology level within which all pods are placed. `required`: they wait otherwise."""

    label: str
    required: bool


class Misfit(Record):
    """The reason why a workload does not fit on a pool."""

    pool: str
    reason: str


class Sample(Record, kw_only=True, dict=True):
    """One workload for one tenant and one pool.

    Attributes:
        kind: The workload kind.
        tenant: The tenant.
        namespace: The namespace.
        pool: The pool of its pods with GPUs.
        unit: The name in quotas for what it requests, `gpu` or a MIG profile.
        resource: The resource that its pods request.
        size: The size of the workload.
        claimed: Whether its pods claim devices instead of requesting the resource.
        shared_by: The number of pods that share one unit.
        engine: The engine of the pool, by its key in `queueing`.
        queue: The queue of that engine; None without a queue.
        priority: Its priority class; None without KAI.
        shared_by_kai: Whether KAI shares the unit, and pods request their part with an annotation.
        level: The topology level within which its pods are placed; None if no locations are declared.
        pod_security: The Pod Security Standard of its namespace.
        startup_seconds: The time allowed for a server to become ready, in seconds.
    """

    kind: WorkloadKind
    tenant: str
    namespace: str
    pool: Pool
    unit: str
    resource: str
    size: Size
    claimed: bool
    shared_by: int
    engine: str
    queue: str | None
    priority: str | None
    shared_by_kai: bool
    level: Level | None
    pod_security: str
    startup_seconds: int

    @property
    def target(self) -> str:
        """The pool, with the profile if it has partitioned GPUs."""
        return self.pool.name if self.unit == GPU_NAME else f"{self.pool.name}-{self.unit}"

    @property
    def name(self) -> str:
        """The name of its objects, short enough for what controllers append."""
        name = f"{self.kind.name}-{self.target}".replace(".", "-").replace("+", "-")
        return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 9].rstrip('-')}-{digest(name)[:8]}"

    @property
    def of_kai(self) -> bool:
        """Whether KAI schedules its pods."""
        return self.engine == KAI

    @property
    def amount(self) -> str:
        """How much of the unit each pod requests: a number, or a fraction."""
        return f"{1 / self.shared_by:g}" if self.shared_by_kai else str(self.size.units)

    @property
    def tolerations(self) -> tuple[Taint, ...]:
        """The tolerations of its pods, except for those that a Kueue queue adds."""
        return () if self.queue and not self.of_kai else self.pool.taints

    @property
    def runtime_class(self) -> str | None:
        """The RuntimeClass of its pods: that of virtual machines, or of a runtime that is not the default one."""
        return self.pool.kata.runtime_classes[0] if self.pool.kata else self.pool.runtime_class

    @property
    def restricted(self) -> bool:
        """Whether its pods may not run as root."""
        return self.pod_security == "restricted"

    @property
    def cards(self) -> dict[str, str]:
        """The network adapters of each pod, by resource: if it uses whole nodes, and the resource is known."""
        network, resource = self.pool.network, self.pool.network.resource if self.pool.network else None
        if network is None or resource is None or self.kind.spread != "nodes":
            return {}
        of_node = int(quantity_value(self.pool.offered[self.unit].amount or "1"))
        number = 1 if network.shared else max(1, (network.nics or 1) * self.size.units // of_node)
        return {resource: str(number)}

    @property
    def pins_memory(self) -> bool:
        """Whether its containers use RDMA and may have the capability for it."""
        return bool(self.cards) and self.pod_security == "privileged"

    @property
    def devices(self) -> dict[str, str]:
        """The devices that each pod requests, by resource."""
        whole = {} if self.claimed or self.shared_by_kai else {self.resource: str(self.size.units)}
        return {**whole, **self.cards}

    @property
    def memory(self) -> str:
        """The memory of each pod, as a quantity."""
        return canonical_quantity(f"{self.size.memory}Gi")

    @property
    def shared_memory(self) -> str:
        """The part of the memory that may be used for /dev/shm."""
        return canonical_quantity(f"{max(1, self.size.memory // _OF_SHARED_MEMORY)}Gi")

    @property
    def device_class(self) -> str:
        """The class of the devices that it claims; empty if it requests a resource."""
        claimed = self.pool.offered[self.unit].claimed
        return claimed.name if claimed else ""


class Workloads:
    """The workloads that the blueprint declares for all tenants."""

    def __init__(self, platform: WorkloadPlatform) -> None:
        self._platform = platform

    @cached_property
    def samples(self) -> tuple[Sample, ...]:
        """All workloads of all tenants, for each pool on which they fit."""
        with untracked():
            users = self._platform.tenants.users
            return tuple(
                found
                for tenant in users
                for kind in self.kinds_of(tenant)
                for found in self.candidates(tenant, kind)
                if isinstance(found, Sample)
            )

    @cached_property
    def kinds(self) -> tuple[WorkloadKind, ...]:
        """All declared workload kinds."""
        named = {kind.name for tenant in self._platform.tenants.users for kind in self.kinds_of(tenant)}
        return tuple(workload_kind(name) for name in sorted(named))

    def kinds_of(self, tenant: Tenant) -> tuple[WorkloadKind, ...]:
        """The declared workload kinds of a tenant, as far as there are templates for them."""
        return tuple(workload_kind(name) for name in dict.fromkeys(tenant.workloads) if name in workload_names())

    def candidates(self, tenant: Tenant, kind: WorkloadKind) -> Iterator[Sample | Misfit]:
        """The workload for each pool and each resource that the tenant may request there, or why it does not fit."""
        shares = tenant.shares
        for pool in self._platform.pools:
            names = [name for name in pool.offered if name not in NODE_RESOURCES]
            for name in names:
                if not shares or name in shares.get(pool.name, {}):
                    yield self._candidate(tenant, kind, pool, name)

    def _candidate(self, tenant: Tenant, kind: WorkloadKind, pool: Pool, name: str) -> Sample | Misfit:
        offered = pool.offered[name]
        of_node = int(quantity_value(offered.amount or "0"))
        queue = self._queue(tenant, pool)
        claimed = pool.claimed and not (pool.queue == KUEUE and queue and self._platform.dra.extended_resources)
        shared_by = _shared_by(pool, offered.resource)
        whole = name == GPU_NAME and shared_by == 1 and not _is_partitioned(pool)
        closed = queue is None and self._platform.queueing and self._platform.admission_policies and pool.taints
        if reason := _CLOSED if closed else _unfit(kind, pool, name, whole=whole, claimed=claimed, queued=bool(queue)):
            return Misfit(pool.name, reason)
        parts = _PARTS if kind.spread == "one" and gpus_shared_by_kai(pool, self._kai) else 1
        found = self._size(tenant, kind, pool, name, of_node if whole else 1, parts)
        if isinstance(found, str):
            return Misfit(pool.name, found)
        size, own = found
        nodes = -(-size.pods // max(1, of_node // size.units))
        of_kai = self._kai if pool.queue == KAI else None
        return Sample(
            kind=kind, tenant=tenant.name, namespace=tenant.namespaces[0], pool=pool, unit=name,
            resource=offered.resource, size=size, claimed=claimed, shared_by=shared_by * parts,
            engine=pool.queue, queue=queue, shared_by_kai=parts > 1,
            priority=of_kai.class_for(tenant, serves=kind.serves, own=own) if of_kai else None,
            level=_level(pool.topology.labels, nodes) if queue and size.pods > 1 else None,
            pod_security=self._platform.pod_security, startup_seconds=self._startup_seconds(pool),
        )  # fmt: skip

    @property
    def _kai(self) -> Kai | None:
        return self._platform.queueing.kai if self._platform.queueing else None

    def _queue(self, tenant: Tenant, pool: Pool) -> str | None:
        """The queue of the pool's engine for a tenant's workloads; None without one."""
        kueue = self._platform.queueing.kueue if self._platform.queueing else None
        if pool.queue == KAI:
            return queue_name(tenant.name, pool.name) if pool.name in tenant.shares else None
        return kueue.queue_of(tenant.shares) if tenant.shares and kueue and pool.queue == KUEUE else None

    def _startup_seconds(self, pool: Pool) -> int:
        """The startup time allowed, in seconds: less than Kueue's timeout for ready pods."""
        kueue = self._platform.queueing.kueue if self._platform.queueing and pool.queue != KAI else None
        patience = int(duration_seconds(kueue.pods_ready_timeout)) * 9 // 10 if kueue else _LONGEST_START
        return min(_LONGEST_START, max(60, patience // 10 * 10))

    def _size(
        self, tenant: Tenant, kind: WorkloadKind, pool: Pool, name: str, of_pod: int, parts: int
    ) -> tuple[Size, bool] | str:
        """The largest size within the tenant's own quota, otherwise within what it can borrow, or why there is none.

        Also returns whether its own quota suffices. `parts`: the number of parts into which pods divide a unit.
        """
        found: Size | str = ""
        lending = self._platform.tenants.lending
        for own, amount in ((True, lending.own), (False, lending.obtainable)):
            found = fitted(kind, pool, name, of_pod, self._amounts(tenant, pool, name, amount), parts)
            if isinstance(found, Size):
                return found, own
        return str(found)

    def _amounts(self, tenant: Tenant, pool: Pool, name: str, amount: Amount) -> Mapping[str, int | None]:
        """The available amounts of a unit and of what every node offers; None if unlimited."""
        limited = tenant.shares.get(pool.name, {})
        offered = int(quantity_value(pool.offered[name].amount or "0")) * pool.nodes_max
        there: dict[str, int | None] = {name: offered, **dict.fromkeys(NODE_RESOURCES)}
        return there | {each: int(amount(tenant, pool.name, each)) for each in there if each in limited}


def _unfit(kind: WorkloadKind, pool: Pool, name: str, *, whole: bool, claimed: bool, queued: bool) -> str:
    """Why the pool itself is not suitable for the workload."""
    if claimed and not kind.claims:
        return "pods claim its GPUs, but pods of this kind cannot claim devices"
    if pool.kata and not kind.claims:
        return "its pods run in virtual machines, but pods of this kind cannot name a RuntimeClass"
    if pool.queue == KAI and not kind.claims:
        return "KAI schedules its pods, but pods of this kind cannot name their scheduler"
    if pool.queue == KAI and not queued:
        return "it belongs to KAI, but the tenant has no quota of it"
    if kind.spread != "nodes":
        return ""
    if pool.nodes_max < 2:  # noqa: PLR2004 - it spreads over nodes
        return "it has only one node, but two are needed"
    return "" if whole else f"{name} is a part of a GPU, but the workload needs whole GPUs"


def _shared_by(pool: Pool, resource: str) -> int:
    """The number of pods that share one unit."""
    return pool.partition.replicas.get(resource.removesuffix(".shared"), 1) if isinstance(pool, GpuPool) else 1


def _is_partitioned(pool: Pool) -> bool:
    """Whether the pool's `gpu` resource consists of MIG instances."""
    groups = pool.partition.groups if isinstance(pool, GpuPool) else ()
    return bool(groups) and all(group.instances for group in groups)


def _level(labels: Mapping[str, int], nodes: int) -> Level | None:
    """The narrowest level that contains that many nodes; a preferred one if its size is undeclared."""
    for label, size in reversed([*labels.items()]):
        if size >= nodes or not size:
            return Level(label, required=bool(size))
    return None
