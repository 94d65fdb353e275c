"""Quotas in Kueue's structure: resource groups, in which every flavor has an amount for every resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Union

from blueprint.platform.nodes.offered import NODE_RESOURCES, Offered
from blueprint.platform.tenants.model import TenantQuota
from blueprint.platform.tracking.recorder import untracked
from blueprint.records import Record
from blueprint.spec.karpenter import PURCHASES

Amount = Union[TenantQuota, "Withheld", None]
"""None if a tenant has no own quota, but may borrow."""
Quotas = Mapping[str, Mapping[str, Amount]]
"""Amounts by pool and resource name."""


class OfferingPool(Protocol):
    """A pool, and what its nodes offer."""

    @property
    def name(self) -> str:
        """The name in the blueprint."""

    @property
    def own_label(self) -> str:
        """The name in the blueprint, recorded."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """The resources that pods can request from each node, by the name in quotas."""


class PurchasedFlavor:
    """The nodes of a pool with one purchase type, which form a separate flavor."""

    def __init__(self, pool: OfferingPool, purchase: str) -> None:
        self._pool = pool
        self.name = f"{pool.name}-{purchase}"
        self._purchase = purchase

    @property
    def own_label(self) -> str:
        """The flavor's name, recorded."""
        return f"{self._pool.own_label}-{self._purchase}"

    @property
    def offered(self) -> Mapping[str, Offered]:
        """Their GPUs, by purchase type."""
        return {self._purchase: self._pool.offered[self._purchase]}


def by_flavor(quotas: Quotas, pools: Sequence[OfferingPool]) -> tuple[Quotas, tuple[OfferingPool, ...]]:
    """Quotas and pools, with a pool's purchase types as separate flavors, the most reliable first."""
    flavors: dict[str, tuple[OfferingPool, ...]] = {
        pool.name: tuple(PurchasedFlavor(pool, each) for each in purchased(pool)) or (pool,) for pool in pools
    }
    apart: dict[str, Mapping[str, Amount]] = {}
    for name, amounts in quotas.items():
        for flavor in flavors.get(name, ()):
            own = {key: amount for key, amount in amounts.items() if key in flavor.offered}
            if own:
                apart[flavor.name] = own
    return apart, tuple(each for found in flavors.values() for each in found)


def purchased(pool: OfferingPool) -> tuple[str, ...]:
    """The purchase types by which a pool's GPUs are counted, if it has several."""
    return tuple(each for each in PURCHASES if each in pool.offered)


class Withheld:
    """A zero amount of a resource that no quota of the tenant names: without it, Kueue would not count the resource at
    all.
    """

    guaranteed = "0"
    lend: str | None = None

    def __init__(self, *, in_group: bool) -> None:
        self.borrow = "0" if in_group else None


class ResourceQuota:
    """A queue's amount of one resource in one flavor."""

    def __init__(self, resource: str, quota: Amount) -> None:
        self.name = resource
        self._quota = quota

    @property
    def nominal(self) -> str:
        """The nominal quota."""
        return self._quota.guaranteed if self._quota else "0"

    @property
    def borrowing(self) -> str | None:
        """The borrowing limit; None if unlimited."""
        return self._quota.borrow if self._quota else None

    @property
    def lending(self) -> str | None:
        """The lending limit; None if unlimited."""
        return self._quota.lend if self._quota else None


class FlavorQuotas:
    """A queue's quota for one pool."""

    def __init__(self, pool: OfferingPool, resources: tuple[ResourceQuota, ...]) -> None:
        self._pool = pool
        self.resources = resources

    @property
    def name(self) -> str:
        """The name of the flavor, which is the pool's."""
        return self._pool.own_label


class ResourceGroup(Record):
    """Resources that a workload gets from the same flavor."""

    covered: tuple[str, ...]
    flavors: tuple[FlavorQuotas, ...]


def resource_groups(quotas: Quotas, pools: Sequence[OfferingPool]) -> tuple[ResourceGroup, ...]:
    """Pools that share a resource are in one group, because Kueue allows each resource in only one group.

    Amounts of resources that a pool does not offer, which are an error (BP3413), are omitted.
    """
    with untracked():  # each amount records its own source
        known = {pool.name: pool for pool in pools}
        named = {
            known[name]: {
                known[name].offered[key].resource: quota for key, quota in amounts.items() if key in known[name].offered
            }
            for name, amounts in quotas.items()
            if name in known
        }
        return tuple(_group(members, named) for members in _connected(named))


def with_withheld(quotas: Quotas, pools: Sequence[OfferingPool], *, in_group: bool) -> Quotas:
    """The quotas, with zero for every GPU resource that they do not contain."""
    offered = {pool.name: pool.offered for pool in pools}
    named = {
        offered[pool][name].resource
        for pool in quotas
        if pool in offered
        for name in quotas[pool]
        if name in offered[pool]
    }
    found: dict[str, dict[str, Amount]] = {pool: dict(amounts) for pool, amounts in quotas.items()}
    for pool, names in offered.items():
        for name, each in names.items():
            if name not in NODE_RESOURCES and each.resource not in named:
                named.add(each.resource)
                found.setdefault(pool, {})[name] = Withheld(in_group=in_group)
    return found


def _connected(named: Mapping[OfferingPool, Mapping[str, Amount]]) -> list[list[OfferingPool]]:
    """The pools grouped by shared resources, in their original order."""
    groups: list[tuple[set[str], list[OfferingPool]]] = []
    for pool, amounts in named.items():
        resources, members = set(amounts), [pool]
        apart = []
        for group in groups:
            if group[0] & resources:
                resources |= group[0]
                members = [*group[1], *members]
            else:
                apart.append(group)
        groups = [*apart, (resources, members)]
    order = {pool: index for index, pool in enumerate(named)}
    return sorted((sorted(members, key=order.__getitem__) for _, members in groups), key=lambda each: order[each[0]])


def _group(members: Sequence[OfferingPool], named: Mapping[OfferingPool, Mapping[str, Amount]]) -> ResourceGroup:
    covered = tuple(sorted({resource for pool in members for resource in named[pool]}))
    flavors = (
        FlavorQuotas(pool, tuple(ResourceQuota(each, named[pool].get(each)) for each in covered)) for pool in members
    )
    return ResourceGroup(covered, tuple(flavors))
