"""Checks of quotas: which resources are counted for which pool, and whether the hardware is sufficient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from blueprint.diagnostics import Diagnostic, known_names, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.nodes.offered import GPU_NAME, NODE_RESOURCES, shown_amount
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.queueing import codes
from blueprint.platform.queueing.engines import KAI
from blueprint.platform.queueing.model import Kueue
from blueprint.platform.tenants.checks import TENANTS, declared_at
from blueprint.platform.tenants.model import Tenant, TenantQuota
from blueprint.source.paths import Path
from blueprint.units import quantity_value
from blueprint.wording import counted, joined

KUEUE: Path = ("spec", "queueing", "kueue")
_MEMORY = "memory"
_OF_EACH_NODE = {"cpu": ("machine", "cpu"), _MEMORY: ("machine", "memory")}
"""The fields with the amount of each resource per node; GPUs are counted."""


def check_queueing(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the quotas of every tenant, then of every pool."""
    queueing = context.platform.queueing
    kueue, kai = (queueing.kueue, queueing.kai) if queueing else (None, None)
    tenants, found = context.platform.tenants.every, list[Diagnostic]()
    for tenant in tenants:
        if tenant.quota and kueue is None and kai is None:
            message = f"tenant {tenant.name} has a quota, but nothing enforces it"
            path = declared_at(context, tenant, "quota")
            yield context.diagnostic_at_key(
                path, codes.QUOTA_WITHOUT_ENGINE, message, help_="add queueing: {kueue: {}}"
            )
        found += _quotas(context, tenant)
    yield from found
    yield from _priorities(context)
    if kueue is not None:
        yield from _unused(context, kueue, fair=kueue.fair_sharing or kai is not None)
        yield from _uncounted_machines(context, kueue)
        if not found:
            yield from _nothing_to_borrow(context)
    yield from _capacity(context)


def _priorities(context: CheckContext) -> Iterator[Diagnostic]:
    """Names that no priority class may have."""
    queueing = context.platform.queueing
    for name in queueing.priorities if queueing and queueing.kai is None else ():
        if name.startswith("system-"):
            path = ("spec", "queueing", "priorities", name)
            message = f"a priority cannot be called {name}: names that begin with system- are reserved for Kubernetes"
            help_ = f"call it {name.removeprefix('system-') or 'highest'}"
            yield context.diagnostic_at_key(path, codes.PRIORITY_RESERVED, message, help_=help_)


def _quotas(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    """Check each amount of one tenant."""
    for pool_name, amounts in tenant.quota.items():
        path = declared_at(context, tenant, "quota", pool_name)
        pool = context.pools.get(pool_name)
        if pool is None:
            if not context.is_written((*POOLS, pool_name)):  # errors in an existing pool are reported there
                yield _unknown_pool(context, path)
            continue
        for name, quota in amounts.items():
            yield from _offered(context, tenant, pool, name, (*path, name))
            yield from _amounts(context, tenant, name, quota, (*path, name))
    yield from _node_resources(context, tenant)


def _nothing_to_borrow(context: CheckContext) -> Iterator[Diagnostic]:
    """Quotas of nothing, in a group that has nothing either."""
    tenants = context.platform.tenants
    for tenant in tenants.users if tenants.groups else ():
        for pool, amounts in tenant.quota.items():
            for name, quota in amounts.items():
                if tenant.parent is None or quota.borrow == "0" or _is_below_a_cycle(tenant):
                    continue
                if tenants.lending.obtainable(tenant, pool, name):
                    continue
                path = (*declared_at(context, tenant, "quota", pool), name)
                message = (
                    f"tenant {tenant.name} can get no {name} of pool {pool}: no member of its group has any to lend"
                )
                help_ = f"give the group a quota: {tenant.parent.name}: {{quota: {{{pool}: NUMBER}}}}"
                yield context.diagnostic_at(path, codes.NOTHING_TO_BORROW, message, help_=help_)


def _is_below_a_cycle(tenant: Tenant) -> bool:
    """Whether its groups have no top, which is reported at one of them."""
    *_, top = (tenant, *tenant.ancestors)
    return top.parent is not None


def _unknown_pool(context: CheckContext, path: Path) -> Diagnostic:
    name = str(path[-1])
    return context.diagnostic_at_key(
        path,
        codes.QUOTA_OF_UNKNOWN_POOL,
        f"there is no pool {name}",
        help_=known_names(name, sorted(context.pools)),
        fix=nearest(name, sorted(context.pools)),
    )


def _offered(context: CheckContext, tenant: Tenant, pool: Pool, name: str, path: Path) -> Iterator[Diagnostic]:
    """Check whether nodes of the pool offer the resource, in a form that a queue can count."""
    of_claimed = pool.claimed and pool.gpu and name not in (*NODE_RESOURCES, GPU_NAME)
    if of_claimed and context.platform.dra.dynamic_mig:
        message = (
            f"tenant {tenant.name} has a quota of {name}, but the DRA driver partitions GPUs of pool {pool.name} as "
            "they are claimed, so the quota cannot be compared with a number of instances"
        )
        notes = (context.note(context.setting_path("draFeatureGates", "DynamicMIG"), "because of this"),)
        help_ = "count gpu, or disable the feature gate DynamicMIG and declare gpu.mig"
        yield context.diagnostic_at_key(path, codes.QUOTA_OF_CLAIMED_PROFILE, message, notes=notes, help_=help_)
    elif name not in pool.offered:
        gpus = [each for each in pool.offered if each not in NODE_RESOURCES]
        has = f"offer {joined(gpus)}" if gpus else "have no GPUs"
        message = f"tenant {tenant.name} has a quota of {name}, but nodes of pool {pool.name} {has}"
        notes = (context.note((*POOLS, pool.name), "the pool"),)
        yield context.diagnostic_at_key(path, codes.QUOTA_NOT_OFFERED, message, notes=notes)
    elif of_claimed and pool.queue == KAI:
        message = (
            f"tenant {tenant.name} has a quota of {name} of pool {pool.name}, but KAI cannot count claimed MIG devices"
        )
        help_ = "let Kueue queue for the pool, or set allocation: devicePlugin"
        yield context.diagnostic_at_key(path, codes.QUOTA_OF_CLAIMED_PROFILE, message, help_=help_)


def _amounts(context: CheckContext, tenant: Tenant, name: str, quota: TenantQuota, path: Path) -> Iterator[Diagnostic]:
    """Check the format of each amount, and lending and borrowing."""
    declared = {"guaranteed": quota.guaranteed, "borrow": quota.borrow, "lend": quota.lend}
    for key, amount in declared.items():
        if amount is not None and not _has_form(name, key, quota):
            at = _amount_path(context, path, key)
            form = "a quantity with a unit, like 4Ti" if name == _MEMORY else "a whole number"
            message = f"{amount} is not an amount of {name}, which must be {form}"
            yield context.diagnostic_at(at, codes.AMOUNT_FORM, message)
            return
    for key in ("borrow", "lend"):
        if declared[key] is not None and tenant.parent_name is None:
            message = f"tenant {tenant.name} belongs to no group, so it cannot {key}"
            help_ = "set parent to a group, which is a tenant without namespaces"
            at = _amount_path(context, path, key)
            yield context.diagnostic_at_key(at, codes.BORROW_WITHOUT_GROUP, message, help_=help_)
    if quota.lend is not None and not tenant.is_group:
        yield from _lending(context, tenant, quota, path)


def _has_form(name: str, key: str, quota: TenantQuota) -> bool:
    """Whether an amount is a plain number if numbers are counted, and has a unit if it is memory."""
    return getattr(quota, key) in (None, "0") or (key in quota.with_units) == (name == _MEMORY)


def _amount_path(context: CheckContext, path: Path, key: str) -> Path:
    """The path of a written amount: `path` ends with the resource, which may have been omitted."""
    candidates = ((*path, key), (*path[:-1], key), path, path[:-1])
    return next((each for each in candidates if context.is_written(each)), path)


def _lending(context: CheckContext, tenant: Tenant, quota: TenantQuota, path: Path) -> Iterator[Diagnostic]:
    if quota.lend is not None and quantity_value(quota.lend) > quantity_value(quota.guaranteed):
        message = f"tenant {tenant.name} lends {quota.lend}, but its guaranteed amount is {quota.guaranteed}"
        at = _amount_path(context, path, "lend")
        notes = (context.note(_amount_path(context, path, "guaranteed"), "guaranteed amount"),)
        yield context.diagnostic_at(at, codes.LEND_ABOVE_GUARANTEED, message, notes=notes)


def _node_resources(context: CheckContext, tenant: Tenant) -> Iterator[Diagnostic]:
    """Kueue must count CPU and memory for all of its pools or for none."""
    shares = {
        pool: amounts for pool, amounts in tenant.shares.items() if pool in context.pools and not _of_kai(context, pool)
    }
    for name in NODE_RESOURCES:
        counted = [pool for pool, amounts in shares.items() if name in amounts]
        others = [pool for pool in shares if pool not in counted]
        if counted and others:
            message = f"tenant {tenant.name} has a quota of {name} in {joined(counted)}, but not in {joined(others)}"
            path = declared_at(context, tenant, "quota")
            help_ = f"set an amount of {name} for every pool, or for none"
            yield context.diagnostic_at_key(path, codes.NODE_RESOURCE_MISSING, message, help_=help_)


def _of_kai(context: CheckContext, pool: str) -> bool:
    return context.pools[pool].queue == KAI


def _unused(context: CheckContext, kueue: Kueue, *, fair: bool) -> Iterator[Diagnostic]:
    """A queue without workloads, and weights without effect."""
    tenants = context.platform.tenants
    if kueue.pools and not any(
        kueue.queues(each.shares) or each.shares.keys() - context.pools.keys() for each in tenants.users
    ):
        message, help_ = "no tenant with namespaces has a quota, so Kueue admits nothing", "give a tenant a quota"
        yield context.diagnostic_at_key(KUEUE, codes.NO_QUOTA, message, help_=help_)
    for tenant in tenants.every if not fair else ():
        if tenant.weight is not None:
            message = f"the weight of tenant {tenant.name} has no effect, because fairSharing is disabled"
            notes = (context.note((*KUEUE, "fairSharing"), "because of this"),)
            yield context.diagnostic_at(
                declared_at(context, tenant, "weight"), codes.WEIGHT_WITHOUT_FAIR_SHARING, message, notes=notes
            )


def _uncounted_machines(context: CheckContext, kueue: Kueue) -> Iterator[Diagnostic]:
    """Tenants whose pods without GPUs no quota covers, if Kueue cannot exclude their requests instead."""
    counted = [each for each in NODE_RESOURCES if each not in kueue.uncounted]
    if not counted or context.platform.setting("ignoredResourcePrefixes"):
        return
    pools = {pool.name for pool in kueue.pools}
    names = {
        tenant: {name for pool, own in tenant.shares.items() if pool in pools for name in own}
        for tenant in context.platform.tenants.users
        if kueue.queues(tenant.shares)
    }
    others = [tenant for tenant, own in names.items() if not own.intersection(NODE_RESOURCES)]
    if others:
        having = next(tenant for tenant, own in names.items() if own.intersection(NODE_RESOURCES))
        whom = f"tenant {others[0].name} has" if len(others) == 1 else f"{_named([each.name for each in others])} have"
        message = (
            f"{whom} no quota of cpu or memory, but tenant {having.name} has: Kueue never admits a workload in "
            "which a set of pods without GPUs comes before another"
        )
        notes = (context.note(declared_at(context, having, "quota"), f"the quota of {having.name}"),)
        yield context.diagnostic_at_key(
            declared_at(context, others[0], "quota"),
            codes.MACHINES_NOT_COUNTED,
            message,
            notes=notes,
            help_="give every tenant a quota of cpu or memory, or none",
        )


def _capacity(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the total guaranteed amount of each pool against its capacity."""
    for pool in context.pools.values() if context.platform.tenants.every else ():
        by_resource: dict[str, list[str]] = {}
        for name, offered in pool.offered.items():
            by_resource.setdefault(offered.resource, []).append(name)
        for names in by_resource.values():
            name = names[0] if len(names) == 1 else "gpu"  # purchase types, whose machines are nodes of one pool
            offered = pool.offered[names[0]]
            of = _guaranteed(context, pool.name, names)
            if not of:
                continue
            if offered.amount is None:
                message = (
                    f"pool {pool.name} does not declare the {name} of its machines, so its quotas were not checked"
                )
                yield context.diagnostic_at_key((*POOLS, pool.name), codes.CAPACITY_UNKNOWN, message)
            else:
                yield from _compared(context, pool, name, of, quantity_value(offered.amount))


def _guaranteed(context: CheckContext, pool: str, names: Sequence[str]) -> Mapping[str, Fraction]:
    """The guaranteed amount of each tenant and group. Malformed amounts are omitted, because they have their own
    findings.
    """
    found: dict[str, Fraction] = {}
    for tenant in context.platform.tenants.every:
        quotas = ((name, tenant.quota.get(pool, {}).get(name)) for name in names)
        sound = [quota for name, quota in quotas if quota and _has_form(name, "guaranteed", quota)]
        if sound:
            found[tenant.name] = sum((quantity_value(quota.guaranteed) for quota in sound), Fraction(0))
    return found


def _compared(
    context: CheckContext, pool: Pool, name: str, of: Mapping[str, Fraction], each: Fraction
) -> Iterator[Diagnostic]:
    total, most, fewest = sum(of.values(), Fraction(0)), each * pool.nodes_max, each * pool.nodes_min
    if total <= fewest:
        return
    largest = max(of, key=lambda tenant: (of[tenant], tenant))
    tenant = context.platform.tenants.find(largest)
    path = declared_at(context, tenant, "quota", pool.name, name) if tenant else TENANTS
    at = _amount_path(context, path, "guaranteed")
    guaranteed = f"{shown_amount(name, total)} {name} of pool {pool.name} are guaranteed to {_whom(of)}"
    nodes = (
        context.note((*POOLS, pool.name, "nodes"), "nodes"),
        context.note(
            (*POOLS, pool.name, *_OF_EACH_NODE.get(name, ("gpu", "count"))),
            f"{shown_amount(name, each)} on each node",
        ),
    )
    if total > most:
        size = counted(pool.nodes_max, "node")
        message = f"{guaranteed}, but the pool has only {shown_amount(name, most)} with its {size}"
        help_ = f"guarantee {shown_amount(name, total - most)} less, or let tenants borrow"
        yield context.diagnostic_at(at, codes.QUOTA_BEYOND_HARDWARE, message, notes=nodes, help_=help_)
    else:
        have = "has" if pool.nodes_min == 1 else "have"
        now, later = (
            f"{counted(pool.nodes_min, 'node')} {have} {shown_amount(name, fewest)}",
            f"up to {shown_amount(name, most)}",
        )
        message = f"{guaranteed}, but {now}; an autoscaler can add nodes {later}"
        yield context.diagnostic_at(at, codes.QUOTA_NEEDS_NODES, message, notes=nodes)


def _whom(of: Mapping[str, Fraction]) -> str:
    return _named([tenant for tenant, amount in of.items() if amount])


def _named(tenants: Sequence[str]) -> str:
    return joined(tenants) if len(tenants) <= 3 else f"{len(tenants)} tenants"  # noqa: PLR2004 - as many as one reads
