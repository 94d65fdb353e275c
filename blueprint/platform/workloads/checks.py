"""Checks of tenants' workload templates: whether they exist, fit on some pool, and are queued."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.workloads import WorkloadKind, workload_kind, workload_names
from blueprint.diagnostics import Diagnostic, known_names, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.platform.queueing.checks import KUEUE
from blueprint.platform.queueing.engines import KUEUE as KUEUE_ENGINE
from blueprint.platform.tenants.checks import declared_at
from blueprint.platform.tenants.model import Tenant
from blueprint.platform.workloads import codes
from blueprint.source.paths import Path
from blueprint.units import duration_seconds

_FRAMEWORKS = "frameworks"
"""The setting of a queueing engine that lists the kinds that it manages."""
_FASTEST_START = 600
"""The time in seconds in which a server with a small model is ready."""


def check_workloads(context: CheckContext) -> Iterator[Diagnostic]:
    """Check each workload kind of each tenant."""
    for tenant in context.platform.tenants.users:
        for index, name in enumerate(tenant.workloads):
            yield from _named(context, tenant, index, name)


def _named(context: CheckContext, tenant: Tenant, index: int, name: str) -> Iterator[Diagnostic]:
    path = (*declared_at(context, tenant, "workloads"), index)
    if name in tenant.workloads[:index]:
        yield context.diagnostic_at(path, codes.LISTED_TWICE, f"{name} is listed twice", help_="remove one of them")
    elif name not in workload_names():
        known = list(workload_names())
        help_, near = known_names(name, known), nearest(name, known)
        message = f"there is no workload named {name}"
        yield context.diagnostic_at(path, codes.UNKNOWN_WORKLOAD, message, help_=help_, fix=near)
    else:
        yield from _judged(context, tenant, workload_kind(name), path)


def _judged(context: CheckContext, tenant: Tenant, kind: WorkloadKind, path: Path) -> Iterator[Diagnostic]:
    from blueprint.platform.workloads.model import Misfit, Sample

    if not _is_sound(context, tenant):
        return
    found = list(context.platform.workloads.candidates(tenant, kind))
    misfits = [each for each in found if isinstance(each, Misfit)]
    if len(misfits) == len(found):
        first = f"{misfits[0].pool}: {misfits[0].reason}" if misfits else "the tenant has no quota of GPUs"
        notes = tuple(context.note((*POOLS, each.pool), f"{each.pool}: {each.reason}") for each in misfits)
        message = f"tenant {tenant.name} has no suitable pool for the workload {kind.name}: {first}"
        help_ = "give the tenant a quota of a suitable pool, or remove the workload"
        yield context.diagnostic_at(path, codes.FITS_NOWHERE, message, notes=notes, help_=help_)
    elif kind.spread == "nodes" and not any(each.queue for each in found if isinstance(each, Sample)):
        message = f"nothing starts the pods of {kind.name} together, because tenant {tenant.name} has no queue"
        help_ = "add queueing: {kueue: {}}, and a quota for the tenant"
        yield context.diagnostic_at(path, codes.WITHOUT_GANG, message, help_=help_)
    if any(isinstance(each, Sample) and each.queue and each.engine == KUEUE_ENGINE for each in found):
        yield from _queued(context, kind, path)


def _is_sound(context: CheckContext, tenant: Tenant) -> bool:
    """Whether all pools exist and offer what the tenant has quota for: otherwise there are other findings."""
    pools = context.pools
    known = all(name in pools and set(amounts) <= set(pools[name].offered) for name, amounts in tenant.shares.items())
    return known and not context.platform.unresolved


def _queued(context: CheckContext, kind: WorkloadKind, path: Path) -> Iterator[Diagnostic]:
    """Check that Kueue manages the kind, and allows it enough time."""
    queueing = context.platform.queueing
    kueue = queueing.kueue if queueing else None
    if kueue is None:
        return
    engine = context.platform.component_with(_FRAMEWORKS)
    if engine and kind.framework not in engine.settings[_FRAMEWORKS]:
        message = f"Kueue does not manage {kind.framework}, so {kind.name} bypasses all quotas"
        notes = (
            context.note(
                ("spec", "components", engine.name, "settings", _FRAMEWORKS), "the frameworks that it manages"
            ),
        )
        help_ = f"add {kind.framework} to components.{engine.name}.settings.{_FRAMEWORKS}"
        yield context.diagnostic_at(path, codes.NOT_QUEUED, message, notes=notes, help_=help_)
    if kind.serves and duration_seconds(kueue.pods_ready_timeout) < _FASTEST_START:
        message = f"Kueue stops {kind.name} after {kueue.pods_ready_timeout}, but loading a model takes longer"
        notes = (context.note((*KUEUE, "podsReadyTimeout"), "timeout set here"),)
        help_ = "set podsReadyTimeout: 30m"
        yield context.diagnostic_at(path, codes.SLOWER_THAN_TIMEOUT, message, notes=notes, help_=help_)
