"""Resolved tenants: their own settings, those of their plan, and those of their group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, Protocol

from blueprint.platform.dra.model import limited
from blueprint.platform.nodes.offered import NODE_RESOURCES, ClaimedClass
from blueprint.platform.tenants.admission import MORE_CLASSES, AdmittingPlatform, Allowed, SharedPool
from blueprint.platform.tenants.lending import Lending
from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.tracking.tracked import plain
from blueprint.spec.tenants import TENANT
from blueprint.units import canonical_quantity, quantity_value

TENANT_LABEL = "gpublueprint.dev/tenant"
"""The label of a namespace with the name of its tenant."""

OWN_NAME = TENANT
"""The placeholder for the name of the tenant in lists of a plan."""


class TenantPlatform(AdmittingPlatform, Protocol):
    """The platform, as seen by its tenants."""

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""


class TenantQuota:
    """A tenant's amount of one resource in one pool. Reading an amount records its own source."""

    def __init__(self, amount: Any) -> None:
        self._amount = amount

    @property
    def with_units(self) -> dict[str, str]:
        """The amounts that were written as quantities with a unit, `4Ti`, by their keys."""
        read = {key: getattr(self._amount, key) for key in ("guaranteed", "borrow", "lend")}
        return {key: value for key, value in read.items() if isinstance(value, str)}

    @property
    def guaranteed(self) -> str:
        """The guaranteed amount, as a quantity."""
        return canonical_quantity(self._amount.guaranteed)

    @property
    def borrow(self) -> str | None:
        """The borrowing limit; None if unlimited."""
        return _quantity(self._amount.borrow)

    @property
    def lend(self) -> str | None:
        """The lending limit; None if unlimited."""
        return _quantity(self._amount.lend)


def _quantity(value: Any) -> str | None:
    return None if value is None else canonical_quantity(value)


class Tenant:
    """A tenant, or a group of them."""

    def __init__(self, name: str, spec: Any, plans: Any, platform: TenantPlatform) -> None:
        self.name = name
        self._spec = spec
        self._plans = plans
        self._platform = platform

    @tracked_property
    def plan(self) -> str | None:
        """The name of its plan."""
        name: str | None = self._spec.plan
        return name

    def _declared(self, field: str) -> Any:
        """Its own value, or that of its plan; None if neither is set."""
        own = getattr(self._spec, field)
        if own is not None or self.plan is None or self.plan not in self._plans:
            return own
        return getattr(self._plans[self.plan], field)

    def _named(self, texts: Any) -> tuple[str, ...]:
        return tuple(text.replace(OWN_NAME, self.name) for text in plain(texts or ()))

    @tracked_property
    def parent_name(self) -> str | None:
        """The name of its group."""
        name: str | None = self._spec.parent
        return name

    @tracked_property
    def parent(self) -> Tenant | None:
        """Its group; None if it declares none, or one that does not exist."""
        return self._platform.tenants.find(self.parent_name) if self.parent_name else None

    @property
    def ancestors(self) -> Iterator[Tenant]:
        """Its group, the group of that, and so on, without duplicates even in a cycle."""
        seen, above = {self.name}, self.parent
        while above is not None and above.name not in seen:
            seen.add(above.name)
            yield above
            above = above.parent

    @tracked_property
    def namespaces(self) -> tuple[str, ...]:
        """Its namespaces; empty for a group."""
        return self._named(self._declared("namespaces"))

    @property
    def is_group(self) -> bool:
        """Whether it is a group of others."""
        return not self.namespaces

    @tracked_property
    def groups(self) -> tuple[str, ...]:
        """User groups that may work in its namespaces."""
        return self._named(self._declared("groups"))

    @tracked_property
    def isolated(self) -> bool:
        """Whether its pods accept connections only from its own namespaces and Prometheus."""
        return bool(self._declared("network") != "open")

    @tracked_property
    def weight(self) -> str | None:
        """Its weight for borrowing, as a quantity; None if undeclared."""
        weight = self._declared("weight")
        return None if weight is None else canonical_quantity(weight)

    @tracked_property
    def priority_cap(self) -> str | None:
        """The name of the maximum priority of its workloads."""
        name: str | None = self._declared("priority_cap")
        return name

    @tracked_property
    def highest_priority(self) -> int | None:
        """The maximum priority as a number; None if unlimited."""
        queueing = self._platform.queueing
        return queueing.priorities.get(self.priority_cap) if queueing and self.priority_cap else None

    @property
    def allowed(self) -> Allowed:
        """The permissions that admission policies give to its workloads."""
        return Allowed(self, self._platform)

    @tracked_property
    def quota(self) -> dict[str, dict[str, TenantQuota]]:
        """Its quota by pool and resource name."""
        quotas = self._declared("quota")
        if quotas is None:
            return {}
        found: dict[str, dict[str, TenantQuota]] = {}
        for pool, resources in sorted(quotas.items()):
            with untracked():  # each amount records its own source
                found[pool] = {name: TenantQuota(amount) for name, amount in sorted(resources.items())}
        return found

    @tracked_property
    def workloads(self) -> tuple[str, ...]:
        """The workload kinds for its users, as declared."""
        return tuple(plain(self._declared("workloads") or ()))

    @property
    def shares(self) -> dict[str, dict[str, TenantQuota | None]]:
        """Its quota, with None for everything that only its groups have: it has no own quota, but may borrow."""
        found: dict[str, dict[str, TenantQuota | None]] = {pool: dict(amounts) for pool, amounts in self.quota.items()}
        for group in self.ancestors:
            for pool, amounts in group.quota.items():
                own = found.setdefault(pool, {})
                for name in amounts:
                    own.setdefault(name, None)
        return found

    @tracked_property
    def claimed_classes(self) -> tuple[ClaimedClass, ...]:
        """The classes of the devices that its pods get: those for which it has quota; without queues, all."""
        return self._classes(self._platform.pools)

    @tracked_property
    def template_classes(self) -> tuple[ClaimedClass, ...]:
        """The classes that its pods claim directly. If the scheduler creates claims for requests, Kueue counts the
        requests.
        """
        by_request = self._platform.queueing is not None and self._platform.dra.extended_resources
        return self._classes([pool for pool in self._platform.pools if pool.pods_wait or not by_request])

    def _classes(self, pools: Sequence[SharedPool]) -> tuple[ClaimedClass, ...]:
        held, queued = self.shares, self._platform.queueing is not None
        found = (
            each.claimed
            for pool in pools
            for name, each in pool.offered.items()
            if each.claimed and (not queued or name in held.get(pool.name, {}))
        )
        return tuple(sorted(dict.fromkeys(found), key=lambda each: each.name))

    @tracked_property
    def most_gpus(self) -> dict[str, str]:
        """The maximum that its queue could get of each GPU resource; only for limited ones.

        This does not apply to resources whose pods wait in a queue, because a ResourceQuota would reject the pods.
        """
        with untracked():
            pools = {pool.name: pool.offered for pool in self._platform.pools}
            waiting = {pool.name for pool in self._platform.pools if pool.pods_wait}
        offered = {
            each.resource for names in pools.values() for key, each in names.items() if key not in NODE_RESOURCES
        }
        found: dict[str, Fraction | None] = dict.fromkeys(sorted(offered), Fraction(0))
        for pool, amounts in self.shares.items():
            for name, quota in amounts.items():
                resource = pools[pool][name].resource if name in pools.get(pool, {}) else None
                if resource in found:
                    found[resource] = None if pool in waiting else _sum(found[resource], self._most(quota))
        return {name: canonical_quantity(str(most)) for name, most in found.items() if most is not None}

    @property
    def gpu_limits(self) -> dict[str, str]:
        """The maximum number of GPUs, by the name in ResourceQuotas."""
        with untracked():
            offered = [each for pool in self._platform.pools for each in pool.offered.values()]
            claimed = {each.resource: each.claimed for each in offered if each.claimed}
        named = self._platform.dra.limited_as
        found = {named(resource, claimed.get(resource)): most for resource, most in self.most_gpus.items()}
        return found | dict.fromkeys(self._uncounted, "0")

    @property
    def _uncounted(self) -> tuple[str, ...]:
        """The resources that no queue counts, because they include instances of all profiles, by the name in
        ResourceQuotas.
        """
        more = self._platform.setting(MORE_CLASSES) or ()
        classes = (name for name in self._platform.dra.classes_of("mig") if name not in more)
        return tuple(map(limited, classes))

    def _most(self, quota: TenantQuota | None) -> Fraction | None:
        """The guaranteed amount plus the borrowing limit; None if unlimited: pods that wait for what they may borrow
        exist, and a ResourceQuota would reject them.
        """
        if quota is None or (quota.borrow is None and self.parent is not None):
            return None
        return quantity_value(quota.guaranteed) + quantity_value(quota.borrow or "0")


def _sum(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one + other


class Tenants:
    """All tenants of a platform."""

    def __init__(self, specs: Any, plans: Any, platform: TenantPlatform) -> None:
        self._specs = specs
        self._plans = plans
        self._platform = platform

    @cached_property
    def _by_name(self) -> dict[str, Tenant]:
        with untracked():
            specs = dict(self._specs.items()) if self._specs else {}
        return {name: Tenant(name, spec, self._plans, self._platform) for name, spec in specs.items()}

    @cached_property
    def lending(self) -> Lending:
        """What they lend to each other."""
        return Lending(self.every)

    def find(self, name: str) -> Tenant | None:
        """The tenant or group with this name."""
        return self._by_name.get(name)

    @property
    def every(self) -> tuple[Tenant, ...]:
        """Groups and tenants, in the order of the blueprint."""
        return tuple(self._by_name.values())

    @tracked_property
    def groups(self) -> tuple[Tenant, ...]:
        """The groups, which have no namespaces."""
        with untracked():
            return tuple(each for each in self.every if each.is_group)

    @tracked_property
    def users(self) -> tuple[Tenant, ...]:
        """The tenants, which have namespaces."""
        with untracked():
            return tuple(each for each in self.every if not each.is_group)

    @tracked_property
    def namespaces(self) -> tuple[TenantNamespace, ...]:
        """Every namespace of every tenant."""
        with untracked():
            users = [(tenant, len(tenant.namespaces)) for tenant in self.users]
        return tuple(TenantNamespace(tenant, index) for tenant, number in users for index in range(number))

    @tracked_property
    def claims(self) -> tuple[ClaimTemplate, ...]:
        """A claim template for each class of devices that pods of a tenant claim, in each of its namespaces."""
        with untracked():
            found = [(each, len(each.tenant.template_classes)) for each in self.namespaces]
        return tuple(ClaimTemplate(each, index) for each, number in found for index in range(number))

    @tracked_property
    def profile_classes(self) -> tuple[ClaimedClass, ...]:
        """The classes of MIG profiles that tenants may claim."""
        with untracked():
            users = self.users
        found = (each for tenant in users for each in tenant.claimed_classes if each.profile)
        return tuple(sorted(dict.fromkeys(found), key=lambda each: each.name))

    @tracked_property
    def taint_keys(self) -> list[str]:
        """Keys of the taints of all pools. Tolerations of other keys need no check."""
        return sorted({taint.key for pool in self._platform.pools for taint in pool.taints})


class TenantNamespace:
    """One namespace of a tenant."""

    def __init__(self, tenant: Tenant, index: int) -> None:
        self.tenant = tenant
        self._index = index

    @tracked_property
    def name(self) -> str:
        """The name of the namespace."""
        return self.tenant.namespaces[self._index]

    @tracked_property
    def owner(self) -> str:
        """The name of the tenant."""
        return self.tenant.name

    @property
    def groups(self) -> tuple[str, ...]:
        """User groups that may work in it."""
        return self.tenant.groups

    @property
    def isolated(self) -> bool:
        """Whether its pods accept connections only from its tenant and Prometheus."""
        return self.tenant.isolated

    @property
    def allowed(self) -> Allowed:
        """The permissions that admission policies give to its workloads."""
        return self.tenant.allowed

    @property
    def gpu_limits(self) -> dict[str, str]:
        """The total that its pods may request, by the name in ResourceQuotas."""
        return self.tenant.gpu_limits


class ClaimTemplate:
    """A claim template for one device, for pods of a namespace."""

    def __init__(self, namespace: TenantNamespace, index: int) -> None:
        self._namespace = namespace
        self._index = index

    @property
    def namespace(self) -> str:
        """The namespace."""
        return self._namespace.name

    @tracked_property
    def _class(self) -> ClaimedClass:
        return self._namespace.tenant.template_classes[self._index]

    @tracked_property
    def name(self) -> str:
        """The class without the vendor's domain: `gpu`, `mig-1g.10gb`."""
        return self._class.short

    @tracked_property
    def device_class(self) -> str:
        """The class."""
        return self._class.name
