"""The configuration of KAI: a shard for each of its pools, and in each shard the queues of the tenants with quota for
the pool.

A KAI queue has a single amount of GPUs, not one per pool, and the scheduler of a shard sees only the shard's nodes.
Each pool is therefore a shard, and a tenant has a queue in each pool for which it has quota. The top-level queue of a
pool belongs to no tenant: it has the sum of all quotas, and groups and tenants directly below it do not borrow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Protocol

from blueprint.patterns import lazy_pattern
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.queueing.engines import KAI, QueuedPool, pools_of
from blueprint.platform.tenants.admission import Prioritised
from blueprint.platform.tenants.model import Tenant, TenantQuota, Tenants
from blueprint.platform.topology.model import HOSTNAME
from blueprint.platform.tracking.recorder import decided_by, tracked_property, untracked
from blueprint.platform.views import PlatformView
from blueprint.records import Record
from blueprint.spec.queueing import KaiSpec
from blueprint.units import quantity_value

QUEUE_LABEL = "kai.scheduler/queue"
"""The label of workloads with the name of the queue."""
NOT_PREEMPTED = 100
"""From this priority on, KAI does not preempt workloads, and limits them to their queue's quota."""
OWN_CLASSES = {"train": 50, "build-preemptible": 75, "build": 100, "inference": 125}
"""The priority classes that KAI installs and assigns to workloads without one."""
_CLASSES_OF_SERVERS, _CLASSES_OF_JOBS = ("inference", "build-preemptible"), ("train",)
UNLIMITED = -1
_COUNTED = lazy_pattern(r"nvidia\.com/(gpu|mig-([1-9])g\.[1-9][0-9]*gb)")
_UNIT = {"cpu": Fraction(1000), "memory": Fraction(1, 10**6)}
"""The number of KAI units per unit: it counts CPU in thousandths, and memory in megabytes of 10^6 bytes."""


class KaiPlatform(PlatformView, Protocol):
    """The platform, as seen by KAI's configuration."""

    @property
    def pools(self) -> Sequence[QueuedPool]:
        """All pools."""

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""

    @property
    def queueing(self) -> Prioritised | None:
        """How workloads are queued."""

    def setting(self, name: str) -> Any:
        """The value of a setting of the component in this stack that has it; None if there is none."""


def units_of(resource: str) -> int:
    """The number of GPUs as which KAI counts one unit of a resource: a MIG instance as its slices; 0 if it is not
    counted.
    """
    found = _COUNTED.fullmatch(resource)
    return 0 if found is None else int(found.group(2) or 1)


def queue_name(tenant: str, pool: str) -> str:
    """The name of a tenant's or group's queue in a pool."""
    return f"{tenant}.{pool}"


class PriorityOfKai(Record):
    """A priority class that KAI installs."""

    name: str
    value: int


class Share(Record):
    """A queue's amount of GPUs, CPU or memory, in KAI's units; -1: unlimited."""

    quota: int
    limit: int
    weight: float | int


class KaiQueue:
    """A queue: of a tenant, of a group, or the top-level queue of a pool."""

    def __init__(self, pool: QueuedPool, tenant: Tenant | None, kai: Kai) -> None:
        self._pool = pool
        self._tenant = tenant
        self._kai = kai

    @tracked_property
    def name(self) -> str:
        """The name of tenant and pool, or only of the pool."""
        pool = self._pool.own_label
        return queue_name(self._tenant.name, pool) if self._tenant else pool

    @tracked_property
    def shard(self) -> str:
        """The shard: the pool's name."""
        return self._pool.own_label

    @tracked_property
    def display_name(self) -> str:
        """The display name in KAI's logs."""
        return self._tenant.name if self._tenant else self._pool.own_label

    @tracked_property
    def tenant(self) -> str | None:
        """The tenant of the queue; None for the top-level queue, and for groups."""
        return self._tenant.name if self._tenant and not self._tenant.is_group else None

    @tracked_property
    def parent(self) -> str | None:
        """The parent queue."""
        if self._tenant is None:
            return None
        above = self._tenant.parent
        return queue_name(above.name, self._pool.own_label) if above else self._pool.own_label

    @tracked_property
    def gpu(self) -> Share:
        """GPUs: the sum over all names in the pool's quota."""
        return self._share([name for name in self._pool.offered if name not in NODE_RESOURCES])

    @tracked_property
    def cpu(self) -> Share:
        """CPU in thousandths."""
        return self._share(["cpu"])

    @tracked_property
    def memory(self) -> Share:
        """Memory in megabytes."""
        return self._share(["memory"])

    def _share(self, names: Sequence[str]) -> Share:
        weight = _number(self._tenant.weight) if self._tenant and self._tenant.weight else 1
        if not self._kai.counts(self._pool, self._tenant, names):
            return Share(UNLIMITED, UNLIMITED, weight)
        quota = self._kai.guaranteed(self._pool, self._tenant, names)
        more = self._more(names)
        return Share(int(quota), UNLIMITED if more is None else int(quota + more), weight)

    def _more(self, names: Sequence[str]) -> Fraction | None:
        """The amount beyond its quota; None if unlimited."""
        if self._tenant is None:
            return None
        if self._tenant.parent is None:
            return Fraction(0)
        own = self._tenant.quota.get(self._pool.name, {})
        found = [(name, own[name].borrow) for name in names if name in own]
        if not found or any(borrow is None for _, borrow in found):
            return None
        return sum((units(self._pool, name, borrow or "0") for name, borrow in found), Fraction(0))


def _number(text: str) -> float | int:
    value = quantity_value(text)
    return int(value) if value.denominator == 1 else float(value)


def units(pool: QueuedPool, name: str, amount: str) -> Fraction:
    """An amount in KAI's units."""
    if name in _UNIT:
        return quantity_value(amount) * _UNIT[name]
    offered = pool.offered.get(name)
    return quantity_value(amount) * (units_of(offered.resource) if offered else 0)


class Shard:
    """A pool whose nodes are scheduled by one of KAI's schedulers."""

    def __init__(self, pool: QueuedPool, kai: Kai) -> None:
        self._pool = pool
        self._kai = kai

    @tracked_property
    def name(self) -> str:
        """The pool's name."""
        return self._pool.own_label

    @tracked_property
    def levels(self) -> tuple[str, ...]:
        """Labels for the location of its nodes, widest first; empty if the blueprint declares none."""
        labels = tuple(self._pool.topology.labels)
        return (*labels, HOSTNAME) if labels else ()

    @tracked_property
    def queues(self) -> tuple[KaiQueue, ...]:
        """The top-level queue, then those of groups and tenants."""
        with untracked():
            users = [each for each in self._kai.tenants.users if self._pool.name in each.shares]
            groups = {above.name for each in users for above in each.ancestors}
            members = [each for each in self._kai.tenants.every if each in users or each.name in groups]
        return tuple(KaiQueue(self._pool, each, self._kai) for each in (None, *members)) if members else ()


class Cap:
    """The maximum priority of a tenant's workloads."""

    def __init__(self, tenant: Tenant, priorities: Mapping[str, int]) -> None:
        self._tenant = tenant
        self._priorities = priorities

    @tracked_property
    def tenant(self) -> str:
        """The tenant."""
        return self._tenant.name

    @tracked_property
    def priority(self) -> str:
        """The name of the maximum priority."""
        return self._tenant.priority_cap or ""

    @tracked_property
    def classes(self) -> list[str]:
        """The allowed priority classes of its workloads."""
        most = self._tenant.highest_priority
        known = {**OWN_CLASSES, **self._priorities}
        return sorted(name for name, value in known.items() if most is None or value <= most)


class Kai:
    """The configuration of KAI."""

    def __init__(self, spec: KaiSpec, platform: KaiPlatform) -> None:
        self._spec = spec
        self._platform = platform

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""
        return self._platform.tenants

    @tracked_property
    def placement(self) -> str:
        """The placement strategy: whether nodes are filled one after another."""
        return self._spec.placement

    @property
    def own_classes(self) -> tuple[PriorityOfKai, ...]:
        """The priority classes that KAI installs, lowest first."""
        return tuple(PriorityOfKai(name, value) for name, value in OWN_CLASSES.items())

    @property
    def classes(self) -> dict[str, int]:
        """All priority classes of workloads: those that KAI installs, and those of the blueprint."""
        queueing = self._platform.queueing
        with untracked():
            own = OWN_CLASSES if self._platform.setting("priorityClasses") else {}
            return {**own, **(queueing.priorities if queueing else {})}

    def class_for(self, tenant: Tenant, *, serves: bool, own: bool) -> str | None:
        """The priority class of a tenant's workload; None if none is suitable.

        Serving workloads are not preempted, as far as the tenant's own quota suffices (`own`): KAI does not let such
        workloads borrow.
        """
        cap, lasts = tenant.highest_priority, serves and own
        usable = {
            name: value
            for name, value in self.classes.items()
            if (cap is None or value <= cap) and (lasts or value < NOT_PREEMPTED)
        }
        preferred = _CLASSES_OF_SERVERS if serves else _CLASSES_OF_JOBS
        highest = max(usable, key=lambda name: (usable[name], name), default=None)
        return next((each for each in preferred if each in usable), highest)

    @tracked_property
    def gpu_sharing(self) -> bool:
        """Whether pods may request fractional GPUs."""
        return self._spec.gpu_sharing

    @tracked_property
    def preempt_min_runtime(self) -> str | None:
        """The minimum time that a workload runs before another one of the same tenant may preempt it."""
        return self._spec.min_runtime.preempt

    @tracked_property
    def reclaim_min_runtime(self) -> str | None:
        """The minimum time that a workload runs before another tenant may reclaim its resources."""
        return self._spec.min_runtime.reclaim

    @tracked_property
    def usage_weight(self) -> float | None:
        """How strongly past usage reduces the share of a queue; None if it does not."""
        share = self._spec.time_based_fair_share
        return share.weight if share else None

    @tracked_property
    def prometheus(self) -> str | None:
        """The URL of the Prometheus with past usage."""
        share = self._spec.time_based_fair_share
        return share.prometheus if share else None

    @tracked_property
    def usage_window(self) -> dict[str, str]:
        """The past usage that counts, by KAI's names."""
        share = self._spec.time_based_fair_share
        if share is None:
            return {}
        window = {"windowSize": share.window, "windowType": share.window_type}
        return {**window, "halfLifePeriod": share.half_life} if share.half_life else window

    @tracked_property
    def pools(self) -> tuple[QueuedPool, ...]:
        """The pools that use KAI."""
        return pools_of(KAI, self._platform)

    @tracked_property
    def shards(self) -> tuple[Shard, ...]:
        """One shard for each pool that KAI schedules."""
        return tuple(Shard(pool, self) for pool in self.pools)

    @tracked_property
    def queues(self) -> tuple[KaiQueue, ...]:
        """The queues of all shards."""
        return tuple(queue for shard in self.shards for queue in shard.queues)

    @tracked_property
    def leaves(self) -> list[str]:
        """The queues that run workloads: those of tenants."""
        return [queue.name for queue in self.queues if queue.tenant]

    @tracked_property
    def resources(self) -> list[str]:
        """The GPU resources that nodes of its pools offer."""
        offered = (each for pool in self.pools for each in pool.offered.items())
        return sorted({each.resource for name, each in offered if name not in NODE_RESOURCES})

    @tracked_property
    def others(self) -> list[dict[str, str]]:
        """The labels that select the nodes of each GPU pool that does not use KAI."""
        mine = {pool.name for pool in self.pools}
        found = [pool.selector for pool in self._platform.pools if pool.gpu and pool.name not in mine]
        return [dict(sorted(selector.items())) for selector in found if selector]

    @tracked_property
    def caps(self) -> tuple[Cap, ...]:
        """The tenants with quota for its pools and a maximum priority."""
        queueing = self._platform.queueing
        decided_by(self.pools)
        with untracked():
            names = {pool.name for pool in self.pools}
            capped = [
                each for each in self.tenants.users if each.highest_priority is not None and names & each.shares.keys()
            ]
        return tuple(Cap(each, queueing.priorities if queueing else {}) for each in capped)

    def counts(self, pool: QueuedPool, tenant: Tenant | None, names: Sequence[str]) -> bool:
        """Whether a queue limits a resource: GPUs always, CPU and memory if all queues below it have amounts."""
        if any(name not in NODE_RESOURCES for name in names) or not names:
            return True
        below = self._users(pool, tenant)
        return bool(below) and all(name in each.shares.get(pool.name, {}) for each in below for name in names)

    def guaranteed(self, pool: QueuedPool, tenant: Tenant | None, names: Sequence[str]) -> Fraction:
        """The guaranteed amount of a tenant, or of a group including all members."""
        chosen = [tenant, *self._below(tenant)] if tenant else list(self.tenants.every)
        return sum((_own(pool, each, names) for each in chosen), Fraction(0))

    def _users(self, pool: QueuedPool, tenant: Tenant | None) -> list[Tenant]:
        """The tenants of a queue or of the queues below it."""
        every = self.tenants.users if tenant is None else [tenant, *self._below(tenant)]
        return [each for each in every if not each.is_group and pool.name in each.shares]

    def _below(self, group: Tenant) -> list[Tenant]:
        """The members of a group, recursively."""
        return [each for each in self.tenants.every if any(above is group for above in each.ancestors)]


def _own(pool: QueuedPool, tenant: Tenant, names: Sequence[str]) -> Fraction:
    quotas: Mapping[str, TenantQuota] = tenant.quota.get(pool.name, {})
    return sum((units(pool, name, quotas[name].guaranteed) for name in names if name in quotas), Fraction(0))
