"""Checks of queueing engines: which one queues for which pool, and quotas that KAI does not support."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.queueing import codes
from blueprint.platform.queueing.engines import KAI, NONE
from blueprint.platform.queueing.kai import OWN_CLASSES, Kai, queue_name, units_of
from blueprint.platform.tenants.checks import declared_at
from blueprint.platform.tenants.model import Tenant
from blueprint.source.paths import Path

QUEUEING: Path = ("spec", "queueing")
_LONGEST = 63
"""The maximum length of a label value."""
_LEAST_OF_KAI = min(OWN_CLASSES.values())


def check_engines(context: CheckContext) -> Iterator[Diagnostic]:
    """Check each pool alone, then the settings of the engines."""
    queueing = context.platform.queueing
    engines = context.platform.engines
    found = [each for pool in context.pools.values() for each in _engine(context, pool, engines)]
    yield from found
    for engine in engines if not found else ():
        if not any(each.queue == engine for each in context.pools.values()):
            message = f"spec.queueing declares {engine}, but no pool uses it"
            yield context.diagnostic_at_key((*QUEUEING, engine), codes.ENGINE_WITHOUT_POOLS, message)
    if queueing and queueing.kai:
        yield from _kai(context, queueing.kai)


def _engine(context: CheckContext, pool: Pool, engines: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Check that the pool belongs to one existing engine."""
    path = (*POOLS, pool.name, "queue")
    declared = context.is_written(path)
    quotas = [tenant for tenant in context.platform.tenants.every if pool.name in tenant.quota]
    if declared and pool.queue != NONE and pool.queue not in engines:
        message = f"pool {pool.name} has queue: {pool.queue}, but spec.queueing does not declare this engine"
        help_ = f"add queueing: {{{pool.queue}: {{}}}}"
        yield context.diagnostic_at(path, codes.ENGINE_NOT_THERE, message, help_=help_)
    elif not declared and len(engines) > 1 and (pool.gpu or quotas):
        message = f"pool {pool.name} does not declare which engine queues its workloads, {' or '.join(engines)}"
        help_ = f"set queue: {' or '.join((*engines, NONE))}"
        yield context.diagnostic_at_key((*POOLS, pool.name), codes.POOL_WITHOUT_ENGINE, message, help_=help_)
    elif declared and pool.queue == NONE:
        for tenant in quotas:
            message = (
                f"tenant {tenant.name} has a quota of pool {pool.name}, but no engine queues workloads for this pool"
            )
            notes = (context.note(path, "queue: none"),)
            at = declared_at(context, tenant, "quota", pool.name)
            yield context.diagnostic_at_key(at, codes.QUOTA_OF_UNQUEUED_POOL, message, notes=notes)


def _kai(context: CheckContext, kai: Kai) -> Iterator[Diagnostic]:
    pools = [pool for pool in context.pools.values() if pool.queue == KAI]
    for pool in pools:
        yield from _pool(context, kai, pool)
        for tenant in context.platform.tenants.every:
            yield from _quota(context, tenant, pool)
    yield from _priorities(context)
    yield from _settings(context, kai, pools)


def _pool(context: CheckContext, kai: Kai, pool: Pool) -> Iterator[Diagnostic]:
    """Check the requirements on a KAI pool."""
    path = (*POOLS, pool.name)
    users = [tenant for tenant in context.platform.tenants.users if pool.name in tenant.shares]
    if pool.gpu and not users:
        message = f"KAI queues workloads for pool {pool.name}, but no tenant has a quota of this pool"
        yield context.diagnostic_at_key(path, codes.POOL_WITHOUT_QUEUES, message, help_="give a tenant a quota")
    because = (context.note((*QUEUEING, KAI, "gpuSharing"), "KAI shares GPUs"),)
    if kai.gpu_sharing and isinstance(pool, GpuPool) and any(each > 1 for each in pool.partition.replicas.values()):
        message = f"both the device plugin and KAI share the GPUs of pool {pool.name}"
        at = (*path, "gpu", "sharing")
        yield context.diagnostic_at_key(
            at, codes.SHARED_TWICE, message, notes=because, help_="remove sharing from the pool"
        )
    scaled = pool.gpu and pool.nodes_min < pool.nodes_max and not context.platform.setting("clusterAutoscaling")
    if kai.gpu_sharing and scaled:
        message = f"the autoscaler adds no nodes to pool {pool.name} for pods that request fractions of GPUs"
        help_ = "set components: {kai-scheduler: {settings: {clusterAutoscaling: true}}}"
        at = (*path, "nodes")
        yield context.diagnostic_at_key(at, codes.PARTS_NOT_SCALED, message, notes=because, help_=help_)


def _quota(context: CheckContext, tenant: Tenant, pool: Pool) -> Iterator[Diagnostic]:
    """Features of a tenant's quota that KAI does not support."""
    at = declared_at(context, tenant, "quota", pool.name)
    amounts = tenant.quota.get(pool.name, {})
    notes = (context.note((*POOLS, pool.name, "queue"), "this pool belongs to KAI"),)
    for name, quota in amounts.items():
        if quota.lend is not None:
            message = (
                f"tenant {tenant.name} lends {quota.lend} {name} of pool {pool.name}, but KAI "
                "always lends everything that is idle"
            )
            yield context.diagnostic_at_key(at, codes.KAI_LENDS_ALL, message, notes=notes, help_="remove lend")
        offered = pool.offered.get(name)
        if offered and name not in NODE_RESOURCES and not units_of(offered.resource):
            message = f"tenant {tenant.name} has a quota of {name}, but KAI does not count {offered.resource}"
            shared = offered.resource.endswith(".shared")
            help_ = (
                "set sharing: {renameByDefault: false}"
                if shared
                else "use profiles without attributes, or queue: kueue"
            )
            yield context.diagnostic_at_key(at, codes.KAI_DOES_NOT_COUNT, message, notes=notes, help_=help_)
    sizes = {units_of(pool.offered[name].resource) for name in amounts if name in pool.offered} - {0}
    if len({name for name in amounts if name not in NODE_RESOURCES}) > 1 and sizes:
        message = f"KAI adds up the quotas of tenant {tenant.name} in pool {pool.name} as one number of slices"
        yield context.diagnostic_at_key(at, codes.KAI_COUNTS_SLICES, message, notes=notes)
    if pool.name in tenant.shares and len(name := queue_name(tenant.name, pool.name)) > _LONGEST:
        message = f"the queue {name} has {len(name)} characters, but a label value can have at most {_LONGEST}"
        yield context.diagnostic_at_key(at, codes.QUEUE_NAME_TOO_LONG, message, notes=notes)


def _priorities(context: CheckContext) -> Iterator[Diagnostic]:
    """Names of priority classes that are reserved, and caps below KAI's own default priority."""
    queueing, own = context.platform.queueing, context.platform.setting("priorityClasses")
    for name in queueing.priorities if queueing else ():
        whose = "KAI" if own and name in OWN_CLASSES else "Kubernetes" if name.startswith("system-") else None
        if whose:
            message = f"the priority {name} is reserved: {whose} has a priority class of this name"
            yield context.diagnostic_at_key((*QUEUEING, "priorities", name), codes.PRIORITY_OF_KAI, message)
    for tenant in context.platform.tenants.users:
        cap = tenant.highest_priority
        if cap is not None and cap < _LEAST_OF_KAI and any(_is_kais(context, pool) for pool in tenant.shares):
            message = (
                f"tenant {tenant.name} may use at most priority {cap}, but KAI's default priority is {_LEAST_OF_KAI}"
            )
            help_ = f"make sure that its workloads specify the priority {tenant.priority_cap}"
            at = declared_at(context, tenant, "priorityCap")
            yield context.diagnostic_at(at, codes.CAP_BELOW_KAI, message, help_=help_)


def _is_kais(context: CheckContext, pool: str) -> bool:
    return pool in context.pools and context.pools[pool].queue == KAI


def _settings(context: CheckContext, kai: Kai, pools: list[Pool]) -> Iterator[Diagnostic]:
    """Other settings that must be enabled or disabled."""
    platform = context.platform
    claimed = next((pool for pool in pools if pool.gpu and pool.claimed), None)
    if kai.gpu_sharing and claimed:
        message = f"pods claim the GPUs of pool {claimed.name}, so KAI has none to share"
        notes = (context.note((*POOLS, claimed.name, "allocation"), "the pool"),)
        at = (*QUEUEING, KAI, "gpuSharing")
        yield context.diagnostic_at(at, codes.SHARING_OF_CLAIMS, message, notes=notes, help_="remove gpuSharing")
    if kai.prometheus and not platform.observability and not _own_monitors(context):
        message = "timeBasedFairShare needs the usage of queues, but no Prometheus scrapes it"
        at, help_ = (*QUEUEING, KAI, "timeBasedFairShare"), "add spec.observability"
        yield context.diagnostic_at_key(at, codes.USE_NOT_RECORDED, message, help_=help_)
    if platform.setting("manageJobsWithoutQueueName"):
        message = "Kueue would suspend the workloads of KAI, because they name no queue of Kueue"
        at = context.setting_path("manageJobsWithoutQueueName")
        yield context.diagnostic_at(at, codes.HELD_BY_BOTH, message, help_="remove it")


def _own_monitors(context: CheckContext) -> bool:
    """Whether KAI's component creates monitors through its own setting."""
    found = context.platform.component_with("consolidation")
    return bool(found and found.settings["serviceMonitor"])
