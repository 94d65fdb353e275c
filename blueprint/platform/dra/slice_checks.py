"""Checks of predicted slices: whether an API server accepts what the DRA driver will publish."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Code, Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.dra import codes as dra
from blueprint.platform.dra.limits import SliceLimits, slice_limits
from blueprint.platform.dra.model import SETTING
from blueprint.platform.dra.published import Publication
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import GpuPool
from blueprint.source.paths import Path


def check_slices(context: CheckContext) -> Iterator[Diagnostic]:
    """Check that the slices of each pool's nodes can be published; nothing if pods do not claim GPUs."""
    if not context.platform.dra.version:
        return
    from blueprint.platform.dra.prediction import published_by

    limits = slice_limits(context.platform.cluster.kubernetes_minor)
    for pool in context.platform.gpu_pools:
        for publication in published_by(pool):
            yield from _too_much(context, pool, publication, limits)


def _too_much(
    context: CheckContext, pool: GpuPool, publication: Publication, limits: SliceLimits
) -> Iterator[Diagnostic]:
    longest = max(_lengths(publication), default=0)
    if longest > limits.advanced and (why := _advanced(publication)):
        message = (
            f"the nodes of pool {pool.name} have {longest} devices,"
            f" but a ResourceSlice {why} holds at most {limits.advanced}"
        )
        yield _found(context, pool, dra.SLICE_TOO_LONG, message)
    sets = publication.counter_sets
    if sets and publication.layout == "countersApart" and len(sets.gpus) > limits.counter_sets:
        message = (
            f"the nodes of pool {pool.name} have {len(sets.gpus)} GPUs that are partitioned on demand,"
            f" but a ResourceSlice holds the counters of at most {limits.counter_sets}"
        )
        yield _found(context, pool, dra.SLICE_COUNTER_SETS, message)


def _lengths(publication: Publication) -> Iterator[int]:
    """The number of devices in each slice."""
    if publication.layout == "one":
        yield publication.count
        return
    for gpu in publication.gpus:
        yield sum(1 for group in publication.groups for _ in group.places(gpu))


def _advanced(publication: Publication) -> str:
    """Why the lower limit applies to a slice; empty if it does not."""
    if any(group.consumes for group in publication.groups):
        return "whose devices consume counters"
    if any(value.type == "ints" for group in publication.groups for value in group.attributes.values()):
        return "with attributes that are lists"
    return "with the taint of a failed device" if publication.taints else ""


def _found(context: CheckContext, pool: GpuPool, code: Code, message: str) -> Diagnostic:
    layout = pool.partition.layout is not None
    gates = context.settings_with(SETTING).get(SETTING)
    notes = (context.note(context.setting_path(SETTING), "the feature gates are set here"),) if gates else ()
    help_ = f"{'partition fewer GPUs' if layout else 'use nodes with fewer GPUs'}, or disable the feature gate"
    at: Path = (*POOLS, pool.name, "gpu", "mig" if layout else "count")
    return context.diagnostic_at(at, code, message, notes=notes, help_=help_)
