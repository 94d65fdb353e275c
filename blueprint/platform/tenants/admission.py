"""The permissions that admission policies give to a tenant. The values are annotations of its namespaces, which the
tenant cannot change.

Lists are strings, joined by `|`, which a policy splits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from blueprint.platform.nodes.offered import ClaimedClass, Offered
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.views import ClaimsView, PlatformView

HIGHEST_PRIORITY = 1_000_000_000
"""The maximum priority of a user's PriorityClass; higher ones are reserved for the system."""
MORE_CLASSES, _MORE_TAINTS = "tenantDeviceClasses", "toleratedTaints"
"""Settings that extend what follows from quotas."""


class Prioritised(Protocol):
    """The part of queueing that tenants read."""

    @property
    def priorities(self) -> Mapping[str, int]:
        """Priorities of workloads by name."""

    def queue_of(self, shares: Mapping[str, object]) -> str | None:
        """The name of the queue in the namespaces of a tenant with these quotas; None without one."""


class SharedPool(Protocol):
    """A pool that is shared by tenants."""

    @property
    def name(self) -> str:
        """The name in the blueprint."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """The resources that pods can request from each node, by the name in quotas."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """The taints of its nodes."""

    @property
    def runs_virtual_machines(self) -> bool:
        """Whether its nodes run virtual machines that get their GPUs."""

    @property
    def pods_wait(self) -> bool:
        """Whether workloads wait as pods, which a ResourceQuota would count."""

    @property
    def claimed(self) -> bool:
        """Whether pods claim its GPUs instead of requesting a number of them."""

    def taint_source(self, taint: Taint) -> Source:
        """The source of a taint of the nodes."""


class AdmittedTenant(Protocol):
    """A tenant, as seen by admission policies."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Its namespaces."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of users that may work in its namespaces."""

    @property
    def isolated(self) -> bool:
        """Whether its pods accept connections only from its own namespaces and Prometheus."""

    @property
    def highest_priority(self) -> int | None:
        """Its maximum priority; None if unlimited."""

    @property
    def shares(self) -> Mapping[str, Mapping[str, object]]:
        """The amounts that it may use, by pool and by name in quotas."""

    @property
    def claimed_classes(self) -> Sequence[ClaimedClass]:
        """The classes of the devices that its pods may claim."""


class AdmittingPlatform(PlatformView, Protocol):
    """The platform, as seen by admission policies."""

    @property
    def pools(self) -> Sequence[SharedPool]:
        """All pools."""

    @property
    def dra(self) -> ClaimsView:
        """The devices that DRA drivers publish."""

    @property
    def queueing(self) -> Prioritised | None:
        """How workloads are queued."""

    @property
    def admission_policies(self) -> bool:
        """Whether admission policies restrict the workloads of tenants to their own resources."""


class Allowed:
    """The permissions of a tenant's workloads. Without policies, only its maximum priority applies."""

    def __init__(self, tenant: AdmittedTenant, platform: AdmittingPlatform) -> None:
        self._tenant = tenant
        self._platform = platform

    @tracked_property
    def namespaces(self) -> str | None:
        """The tenant's own namespaces: their ServiceAccounts belong to the tenant, all others to the platform."""
        return "|".join(self._tenant.namespaces) if self._platform.admission_policies else None

    @tracked_property
    def members(self) -> str | None:
        """The user groups of an isolated tenant, who may not open its network; None for one that is not isolated."""
        isolated = self._platform.admission_policies and self._tenant.isolated
        return "|".join(self._tenant.groups) if isolated else None

    @tracked_property
    def queue(self) -> str | None:
        """The queue through which its workloads get devices; None if it has none."""
        queueing = self._platform.queueing if self._platform.admission_policies else None
        return queueing.queue_of(self._tenant.shares) if queueing else None

    @tracked_property
    def shards(self) -> str | None:
        """The pools for which it has quota and where another scheduler holds its pods in a queue."""
        if not self._platform.admission_policies:
            return None
        found = [pool.name for pool in self._platform.pools if pool.pods_wait and pool.name in self._tenant.shares]
        return "|".join(sorted(found)) or None

    @tracked_property
    def highest_priority(self) -> str | None:
        """The maximum priority of its workloads: its cap, or the highest one that the blueprint declares."""
        if (cap := self._tenant.highest_priority) is not None:
            return str(cap)
        if not self._platform.admission_policies:
            return None
        queueing = self._platform.queueing
        return str(max(queueing.priorities.values(), default=HIGHEST_PRIORITY) if queueing else HIGHEST_PRIORITY)

    @tracked_property
    def device_classes(self) -> str | None:
        """The device classes that its claims may use: those for which it has quota, and those that a setting adds.

        Without quotas, those of all GPUs: without a queue, a tenant is not restricted to a part of them.
        """
        dra = self._platform.dra
        if not self._platform.admission_policies or not dra.publishes_gpus:
            return None
        every = dra.classes_of("gpu", "mig") if self._platform.queueing is None else ()
        own = (each.name for each in self._tenant.claimed_classes)
        return "|".join(sorted({*every, *own, *dra.channel_classes, *(self._platform.setting(MORE_CLASSES) or ())}))

    @tracked_property
    def closed_taints(self) -> str | None:
        """Taints that its pods must not tolerate: those of pools for which it has no quota, unless a pool with quota
        has them too.

        None without quotas.
        """
        if not self._platform.admission_policies or self._platform.queueing is None:
            return None
        shares = self._tenant.shares
        closed, opened = set[str](), set[str]()
        for pool in self._platform.pools:
            (opened if pool.name in shares else closed).update(map(_text, pool.taints))
        free = set(self._platform.setting(_MORE_TAINTS) or ())
        return "|".join(sorted(each for each in closed - opened if each.partition("=")[0] not in free))

    @tracked_property
    def runs_virtual_machines(self) -> bool:
        """Whether it has quota for a pool whose nodes run virtual machines."""
        if not self._platform.admission_policies:
            return False
        with untracked():
            machines = {pool.name for pool in self._platform.pools if pool.runs_virtual_machines}
        return any(name in machines for name in self._tenant.shares)


def _text(taint: Taint) -> str:
    return f"{taint.key}={taint.value}:{taint.effect}"
