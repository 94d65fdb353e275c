"""How much of a resource a tenant can get while nothing else uses any: its own quota, and what others lend.

Follows Kueue (`potentialAvailable` in pkg/cache/scheduler/resource_node.go, v0.19): the quota of a member belongs to
its cohort, except for what it does not lend, and a borrowing limit applies at every level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Protocol

from blueprint.units import quantity_value

_Key = tuple[str, str, str]


class Amounts(Protocol):
    """A tenant's amount of one resource in one pool."""

    @property
    def guaranteed(self) -> str:
        """The guaranteed amount."""

    @property
    def borrow(self) -> str | None:
        """The borrowing limit; None if unlimited."""

    @property
    def lend(self) -> str | None:
        """The lending limit; None if unlimited."""


class LendingTenant(Protocol):
    """A tenant or a group."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def parent(self) -> LendingTenant | None:
        """Its group."""

    @property
    def ancestors(self) -> Iterator[LendingTenant]:
        """Its group, the group of that, and so on."""

    @property
    def quota(self) -> Mapping[str, Mapping[str, Amounts]]:
        """Its quota by pool and resource name."""


class Lending:
    """The quotas of all tenants of a platform, and what they lend to each other."""

    def __init__(self, tenants: Iterable[LendingTenant]) -> None:
        self._members: dict[str | None, list[LendingTenant]] = {}
        for tenant in tenants:
            self._members.setdefault(tenant.parent.name if tenant.parent else None, []).append(tenant)
        self._subtrees: dict[_Key, Fraction] = {}
        self._obtainable: dict[_Key, Fraction] = {}

    def own(self, tenant: LendingTenant, pool: str, name: str) -> Fraction:
        """The guaranteed amount of a tenant."""
        return _amount(_quota(tenant, pool, name), "guaranteed") or Fraction(0)

    def obtainable(self, tenant: LendingTenant, pool: str, name: str) -> Fraction:
        """The maximum amount that a tenant can get: its own quota, and quota that it can borrow."""
        key = (tenant.name, pool, name)
        if key not in self._obtainable:
            self._obtainable[key] = Fraction(0)  # if groups form a cycle
            self._obtainable[key] = self._obtained(tenant, pool, name)
        return self._obtainable[key]

    def _obtained(self, tenant: LendingTenant, pool: str, name: str) -> Fraction:
        together = self._subtree(tenant, pool, name)
        if tenant.parent is None:
            return together
        there = self._reserved(tenant, pool, name) + self.obtainable(tenant.parent, pool, name)
        limit = _amount(_quota(tenant, pool, name), "borrow")
        return there if limit is None else min(there, together + limit)

    def _subtree(self, tenant: LendingTenant, pool: str, name: str) -> Fraction:
        """The amount of a tenant including its members."""
        key = (tenant.name, pool, name)
        if key not in self._subtrees:
            self._subtrees[key] = Fraction(0)
            lent = (
                self._subtree(each, pool, name) - self._reserved(each, pool, name)
                for each in self._members.get(tenant.name, ())
            )
            self._subtrees[key] = self.own(tenant, pool, name) + sum(lent, Fraction(0))
        return self._subtrees[key]

    def _reserved(self, tenant: LendingTenant, pool: str, name: str) -> Fraction:
        """The amount that it does not lend."""
        limit = _amount(_quota(tenant, pool, name), "lend")
        return Fraction(0) if limit is None else max(Fraction(0), self._subtree(tenant, pool, name) - limit)

    def lenders(self, tenant: LendingTenant, pool: str, name: str) -> Iterator[str]:
        """The tenants and groups from which it could borrow."""
        top = next(reversed([*tenant.ancestors]), None)
        for each in self._below(top) if top else ():
            limit = _amount(_quota(each, pool, name), "lend")
            if each is not tenant and self.own(each, pool, name) and limit != 0:
                yield each.name

    def _below(self, group: LendingTenant) -> Iterator[LendingTenant]:
        yield group
        for each in self._members.get(group.name, ()):
            if each is not group:
                yield from self._below(each)


def _quota(tenant: LendingTenant, pool: str, name: str) -> Amounts | None:
    return tenant.quota.get(pool, {}).get(name)


def _amount(quota: Amounts | None, key: str) -> Fraction | None:
    """An amount as a number; None if undeclared."""
    text = getattr(quota, key) if quota else None
    return None if text is None else quantity_value(text)
