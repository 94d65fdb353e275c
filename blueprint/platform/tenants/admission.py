"""What admission policies let a tenant do. Its namespaces carry it as annotations, which the tenant cannot change.

Lists are texts, joined by `|`: a policy splits them.
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
"""The highest priority that a PriorityClass of users may have; those above it are the system's."""
MORE_CLASSES, _MORE_TAINTS = "tenantDeviceClasses", "toleratedTaints"
"""Settings that add to what follows from quotas."""


class Prioritised(Protocol):
    """What tenants read of the queueing."""

    @property
    def priorities(self) -> Mapping[str, int]:
        """Priorities of workloads by name."""

    def queue_of(self, shares: Mapping[str, object]) -> str | None:
        """The name of the queue in the namespaces of a tenant with these quotas; None without one."""


class SharedPool(Protocol):
    """A pool that tenants share."""

    @property
    def name(self) -> str:
        """Its name in the blueprint."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """What pods can request of each node, by the name that quotas have for it."""

    @property
    def taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes."""

    @property
    def runs_virtual_machines(self) -> bool:
        """Whether its nodes run virtual machines, which get their GPUs."""

    @property
    def pods_wait(self) -> bool:
        """Whether workloads wait as pods, which a quota of the namespace would count."""

    @property
    def claimed(self) -> bool:
        """Whether pods claim its GPUs instead of requesting a number of them."""

    def taint_source(self, taint: Taint) -> Source:
        """The line that gives the nodes this taint."""


class AdmittedTenant(Protocol):
    """A tenant, as the admission of its workloads knows it."""

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Its namespaces."""

    @property
    def groups(self) -> tuple[str, ...]:
        """Groups of users that may work in its namespaces."""

    @property
    def isolated(self) -> bool:
        """Whether its pods accept connections from its own namespaces and Prometheus alone."""

    @property
    def highest_priority(self) -> int | None:
        """Its cap of priorities; None where nothing limits it."""

    @property
    def shares(self) -> Mapping[str, Mapping[str, object]]:
        """What it may use, by pool and by the name that quotas have for it."""

    @property
    def claimed_classes(self) -> Sequence[ClaimedClass]:
        """The classes of the devices that its pods claim."""


class AdmittingPlatform(PlatformView, Protocol):
    """The platform, as the admission of tenants' workloads knows it."""

    @property
    def pools(self) -> Sequence[SharedPool]:
        """All pools."""

    @property
    def dra(self) -> ClaimsView:
        """What DRA drivers publish."""

    @property
    def queueing(self) -> Prioritised | None:
        """How workloads are queued."""

    @property
    def admission_policies(self) -> bool:
        """Whether admission policies hold the workloads of tenants to what is theirs."""


class Allowed:
    """What the workloads of a tenant may do. Where no policies are wanted, only its cap of priorities holds."""

    def __init__(self, tenant: AdmittedTenant, platform: AdmittingPlatform) -> None:
        self._tenant = tenant
        self._platform = platform

    @tracked_property
    def namespaces(self) -> str | None:
        """The tenant's own namespaces: accounts of these are the tenant, all other accounts are the platform's."""
        return "|".join(self._tenant.namespaces) if self._platform.admission_policies else None

    @tracked_property
    def members(self) -> str | None:
        """The groups of users of an isolated tenant, who may not open its network; None of an open one."""
        isolated = self._platform.admission_policies and self._tenant.isolated
        return "|".join(self._tenant.groups) if isolated else None

    @tracked_property
    def queue(self) -> str | None:
        """The queue by which its workloads get devices; None where it has none."""
        queueing = self._platform.queueing if self._platform.admission_policies else None
        return queueing.queue_of(self._tenant.shares) if queueing else None

    @tracked_property
    def shards(self) -> str | None:
        """The pools of which it has quota and where another scheduler holds its pods until it is their turn."""
        if not self._platform.admission_policies:
            return None
        found = [pool.name for pool in self._platform.pools if pool.pods_wait and pool.name in self._tenant.shares]
        return "|".join(sorted(found)) or None

    @tracked_property
    def highest_priority(self) -> str | None:
        """The highest priority that its workloads may have: its cap, or the highest that the blueprint declares."""
        if (cap := self._tenant.highest_priority) is not None:
            return str(cap)
        if not self._platform.admission_policies:
            return None
        queueing = self._platform.queueing
        return str(max(queueing.priorities.values(), default=HIGHEST_PRIORITY) if queueing else HIGHEST_PRIORITY)

    @tracked_property
    def device_classes(self) -> str | None:
        """The classes of devices that its claims may name: those of what it has quota of, and what a setting adds.

        Those of all GPUs where there are no quotas: without a queue a tenant is held to no part of them.
        """
        dra = self._platform.dra
        if not self._platform.admission_policies or not dra.publishes_gpus:
            return None
        every = dra.classes_of("gpu", "mig") if self._platform.queueing is None else ()
        own = (each.name for each in self._tenant.claimed_classes)
        return "|".join(sorted({*every, *own, *dra.channel_classes, *(self._platform.setting(MORE_CLASSES) or ())}))

    @tracked_property
    def closed_taints(self) -> str | None:
        """Taints that its pods may not tolerate: of pools of which it has no quota, and of no pool of which it has.

        None where there are no quotas.
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
        """Whether it has quota of a pool whose nodes run virtual machines."""
        if not self._platform.admission_policies:
            return False
        with untracked():
            machines = {pool.name for pool in self._platform.pools if pool.runs_virtual_machines}
        return any(name in machines for name in self._tenant.shares)


def _text(taint: Taint) -> str:
    return f"{taint.key}={taint.value}:{taint.effect}"
