"""Tenant quotas: for how many pods of a workload they suffice on each pool, and from whom the tenant would borrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction

from blueprint.admission.model import Fit, PoolAnswer
from blueprint.admission.together import QuotaFlavor
from blueprint.platform.model import Platform
from blueprint.platform.nodes.offered import NODE_RESOURCES, shown_amount
from blueprint.platform.queueing.quotas import purchased
from blueprint.platform.tenants.model import Tenant, TenantQuota
from blueprint.records import replace
from blueprint.wording import first_few

_FEW = 3


class Quotas:
    """Evaluates workloads against the queues of a platform. Without a queueing engine, nothing is limited.

    Args:
        platform: The resolved platform.
        chosen: The tenant to use; if None, the namespace of each workload determines it.
    """

    def __init__(self, platform: Platform, chosen: str | None = None) -> None:
        self._platform = platform
        kueue = platform.queueing.kueue if platform.queueing else None
        self._of_kai = {pool.name for pool in platform.pools if pool.pods_wait}
        self._reclaims = bool(self._of_kai) or (kueue is not None and kueue.reclaim_within_cohort != "Never")
        self.ignored = kueue.uncounted if kueue else ()
        """Resources that Kueue excludes from requests."""
        self._checks = {pool.name: check for check in (kueue.checks if kueue else ()) for pool in check.pools}
        self._tenants = platform.tenants.users if platform.engines else ()
        self._by_namespace = {name: tenant for tenant in self._tenants for name in tenant.namespaces}
        self._chosen = next((each for each in self._tenants if each.name == chosen), None)
        self._priorities = platform.queueing.priorities if platform.queueing else {}
        self._lending = platform.tenants.lending
        self._offered = {pool.name: pool.offered for pool in platform.pools}
        self._purchased = {pool.name: purchased(pool) for pool in platform.pools}
        self._flavors: dict[str, tuple[QuotaFlavor, ...]] = {}
        self._shares: dict[str, dict[str, dict[str, TenantQuota | None]]] = {}
        self._named: dict[tuple[str, str], dict[str, str]] = {}
        self._texts: dict[tuple[str, str, str], str] = {}

    def tenant_of(self, namespace: str | None) -> Tenant | None:
        """The tenant whose quota the workloads of a namespace use."""
        return self._chosen or self._by_namespace.get(namespace or "")

    def above_cap(self, tenant: Tenant | None, names: Collection[str], classes: Mapping[str, int]) -> str:
        """The reason why policies reject a workload of this tenant with these priority classes, or an empty string.

        `classes`: the values of priority classes that the blueprint does not define.
        """
        cap = tenant.highest_priority if tenant and names else None
        if tenant is None or cap is None:
            return ""
        known = {**classes, **self._priorities}
        name = next((each for each in names if known.get(each, cap) > cap), None)
        if name is None:
            return ""
        return f"policies reject it: priority {name} is {known[name]}, above the priorityCap of {tenant.name} ({cap})"

    def remark(self, namespace: str | None) -> str:
        """A remark about a namespace that belongs to no tenant, if there are tenants; otherwise empty."""
        if not self._tenants or self.tenant_of(namespace):
            return ""
        name = f"namespace {namespace}" if namespace else "its namespace, which it does not specify,"
        return f"{name} belongs to no tenant: no quota applies, and no queue adds tolerations"

    def flavors(self, tenant: Tenant) -> tuple[QuotaFlavor, ...]:
        """The flavors that a tenant's queue can assign to pod sets, in the order in which it tries them."""
        if tenant.name not in self._flavors:
            self._flavors[tenant.name] = tuple(self._flavors_of(tenant))
        return self._flavors[tenant.name]

    def queue_of_kai(self, tenant: Tenant, pool: str, *, within_own: str) -> QuotaFlavor:
        """The offer of the tenant's KAI queue to pod sets. `within_own`: why only its own quota counts."""
        names = self._shares_of(tenant).get(pool, {})
        named = {each.resource: name for name, each in self._offered[pool].items() if name in names}
        most = self._lending.own if within_own else self._lending.obtainable
        return QuotaFlavor(pool, named, {each: most(tenant, pool, each) for each in names})

    def _flavors_of(self, tenant: Tenant) -> Iterator[QuotaFlavor]:
        for pool, shares in self._shares_of(tenant).items():
            if pool in self._of_kai or pool not in self._offered:
                continue
            for purchase in self._purchased[pool] or (None,):
                names = [each for each in shares if purchase in (None, each)]
                named = {each.resource: name for name, each in self._offered[pool].items() if name in names}
                yield QuotaFlavor(pool, named, {each: self._lending.obtainable(tenant, pool, each) for each in names})

    def tolerated(self, tenant: Tenant | None, pool: str) -> bool:
        """Whether the queue adds the tolerations that pods need on the pool."""
        return tenant is not None and pool in self._shares_of(tenant) and pool not in self._of_kai

    def waits_for_kai(self, pool: str) -> bool:
        """Whether the pool belongs to KAI."""
        return pool in self._of_kai

    def limited(
        self,
        answer: PoolAnswer,
        tenant: Tenant | None,
        amounts: Mapping[str, Fraction],
        *,
        within_own: str = "",
        refused: str = "",
    ) -> PoolAnswer:
        """The answer for a pool, limited by the quota.

        `amounts`: the resources that each pod requests; `within_own`: why only the tenant's own quota counts;
        `refused`: why the queue admits no such workload.
        """
        if tenant is None:
            return answer
        shares = self._shares_of(tenant).get(answer.pool, {})
        if not shares:
            reason = f"tenant {tenant.name} has no quota of pool {answer.pool}"
            return replace(answer, fit=Fit.NO, at_once=0, reasons=(reason,))
        if answer.fit is Fit.NO:
            return answer
        if refused:
            return replace(answer, fit=Fit.NO, at_once=0, reasons=(refused,))
        names = self._names(tenant, answer.pool)
        counted = {names[each]: amount for each, amount in amounts.items() if each in names and amount}
        missing = next((each for each in counted if each not in shares and each not in NODE_RESOURCES), None)
        if missing:
            reason = f"tenant {tenant.name} has no quota of {missing} of pool {answer.pool}"
            return replace(answer, fit=Fit.NO, at_once=0, reasons=(reason,))
        counted = {name: amount for name, amount in counted.items() if name in shares}
        allowed = self._lending.own if within_own else self._lending.obtainable
        most = {name: allowed(tenant, answer.pool, name) for name in counted}
        numbers = [int(most[name] // each) for name, each in counted.items()]
        held = self._held(answer.pool, amounts)
        if not numbers:
            return replace(answer, reasons=(*answer.reasons, *held))
        if (pods := min(numbers)) == 0:
            reasons = tuple(_too_little(tenant, answer.pool, counted, most, within_own))
            return replace(answer, fit=Fit.NO, at_once=0, reasons=reasons)
        notes = (
            _within_own(tenant, name, most[name], within_own)
            if within_own
            else self._explained(tenant, answer.pool, name)
            for name in counted
        )
        return replace(answer, quota=pods, reasons=(*answer.reasons, *notes, *held))

    def _held(self, pool: str, amounts: Mapping[str, Fraction]) -> tuple[str, ...]:
        """The admission checks that the workload waits for once it has quota. Only the autoscaler knows how long this
        takes.
        """
        check = self._checks.get(pool)
        if check is None or not any(amounts.get(each) for each in check.managed_resources):
            return ()
        until = f"{check.answered.title} {check.answered.does}"
        return (f"once it has quota, it waits for the check {check.name} until {until}; this was not examined",)

    def _shares_of(self, tenant: Tenant) -> dict[str, dict[str, TenantQuota | None]]:
        if tenant.name not in self._shares:
            self._shares[tenant.name] = tenant.shares
        return self._shares[tenant.name]

    def _names(self, tenant: Tenant, pool: str) -> dict[str, str]:
        """The quota name of each resource of a pool. If several purchase types have their own, the one with the largest
        quota.
        """
        if (tenant.name, pool) not in self._named:
            own = self._shares_of(tenant).get(pool, {})
            offered = self._offered[pool].items()
            most = sorted(offered, key=lambda each: (each[0] in own, self._lending.obtainable(tenant, pool, each[0])))
            self._named[tenant.name, pool] = {each.resource: name for name, each in most}
        return self._named[tenant.name, pool]

    def _explained(self, tenant: Tenant, pool: str, name: str) -> str:
        key = (tenant.name, pool, name)
        if key not in self._texts:
            self._texts[key] = self._explanation(tenant, pool, name)
        return self._texts[key]

    def _explanation(self, tenant: Tenant, pool: str, name: str) -> str:
        """The tenant's own quota, how much it could borrow and from whom, and that borrowed quota can be reclaimed."""
        own = self._lending.own(tenant, pool, name)
        more = self._lending.obtainable(tenant, pool, name) - own
        text = f"quota of {tenant.name}: {shown_amount(name, own)} {name} of its own"
        if more <= 0:
            return text
        lenders = first_few(list(self._lending.lenders(tenant, pool, name)), _FEW)
        back = ", to be returned when they need it" if self._reclaims else ""
        return f"{text}, {shown_amount(name, more)} more from {lenders}{back}"


def _too_little(
    tenant: Tenant, pool: str, counted: Mapping[str, Fraction], most: Mapping[str, Fraction], within_own: str
) -> Iterator[str]:
    for name, amount in counted.items():
        if most[name] < amount:
            can = f"tenant {tenant.name} can get {shown_amount(name, most[name])} {name} of pool {pool}"
            if within_own:
                can = f"{within_own}, so {can}, which is its own quota"
            yield f"{can}, but {shown_amount(name, amount)} are requested"


def _within_own(tenant: Tenant, name: str, own: Fraction, reason: str) -> str:
    return f"quota of {tenant.name}: {shown_amount(name, own)} {name} of its own, and no more: {reason}"
