"""Checks of modes: who provides driver, container toolkit and device plugin on the nodes of a pool."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import IN_BLUEPRINT, WITHOUT_OPERATOR
from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.modes import PARTS, ModeConflict
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import GpuPool
from blueprint.source.paths import Path

_OWNERS: tuple[Path, ...] = (("owner", "driver"), ("owner", "toolkit"), ("owner", "devicePlugin"))
"""The paths at which a pool declares the owner of each part."""


def check_modes(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool against the distribution, then the RuntimeClasses of all of them."""
    cluster = context.platform.cluster
    for pool in context.gpu_pools:
        conflict = pool.mode_conflict
        judged = cluster.image.modes and pool.stack not in cluster.distribution_facts.refuses
        if conflict and judged and not _reported_by_dra(pool, conflict):
            yield from _no_operator(context, pool, conflict)
            yield from _unsupported(context, pool, conflict)
    if context.platform.stack == "clusterPolicy":
        yield from _runtime_classes(context)


def _reported_by_dra(pool: GpuPool, conflict: ModeConflict) -> bool:
    """Whether the checks of the DRA stack report the cause."""
    _, toolkit, device_plugin = conflict.owners
    foreign = toolkit == "operator" or device_plugin in ("host", "provider")
    return pool.claimed and (not conflict.possible or foreign)


def _left_to_no_operator(pool: GpuPool, conflict: ModeConflict) -> bool:
    return pool.stack in WITHOUT_OPERATOR and "operator" in conflict.owners[:2]


def _no_operator(context: CheckContext, pool: GpuPool, conflict: ModeConflict) -> Iterator[Diagnostic]:
    """A driver or toolkit left to an operator that the standalone stack does not have."""
    if _left_to_no_operator(pool, conflict):
        message = (
            f"pool {pool.name} leaves its driver or toolkit to the operator, which gpuStack: standalone does not have"
        )
        notes = (context.note(("spec", "gpuStack"), "there is no operator because of this"),)
        path = _deciding_path(pool, conflict)
        yield context.diagnostic_at(
            path, codes.NO_OPERATOR, message, help_="set the owner to host or provider", notes=notes
        )


def _unsupported(context: CheckContext, pool: GpuPool, conflict: ModeConflict) -> Iterator[Diagnostic]:
    """Owners that no mode of the distribution combines."""
    if _left_to_no_operator(pool, conflict):
        return
    cluster, path = context.platform.cluster, _deciding_path(pool, conflict)
    given = ", ".join(f"{part}: {owner}" for part, owner in zip(PARTS, conflict.owners, strict=True) if owner)
    message = f"{cluster.distribution_facts.title} with {cluster.os} does not support {given} (pool {pool.name})"
    ways = f"supported owners: {'; '.join(map(str, conflict.possible))}"
    help_ = ways if conflict.possible else f"use another GPU stack: {IN_BLUEPRINT[pool.stack]} is not supported there"
    others = [at for owner in _OWNERS if (at := (*POOLS, pool.name, *owner)) != path and context.root.get(at)]
    notes = (
        *(context.note(other, "also set here") for other in others),
        context.note(("spec", "cluster", "distribution"), "distribution set here"),
        context.note(("spec", "cluster", "os"), "operating system set here"),
    )
    yield context.diagnostic_at(path, codes.MODE_UNSUPPORTED, message, help_=help_, notes=notes)


def _deciding_path(pool: GpuPool, conflict: ModeConflict) -> Path:
    """The path of the owner that causes the conflict; otherwise the first declared one."""
    index = conflict.deciding
    if index is None:
        index = next((at for at, owner in enumerate(conflict.owners) if owner), None)
    return (*POOLS, pool.name, *(_OWNERS[index] if index is not None else ("owner",)))


def _runtime_classes(context: CheckContext) -> Iterator[Diagnostic]:
    """Pods of the stack have one RuntimeClass, on the nodes of all pools."""
    pools = context.gpu_pools
    for first, pool in zip(pools[:1] * len(pools), pools, strict=True):
        if (wanted := pool.mode.runtime_class) != first.mode.runtime_class:
            message = (
                f"the pods of the GPU stack have one RuntimeClass, but pool {pool.name} needs {wanted}"
                f" and pool {first.name} needs {first.mode.runtime_class}"
            )
            notes = (context.note((*POOLS, first.name, "owner", "driver"), f"pool {first.name}"),)
            path, help_ = (*POOLS, pool.name, "owner", "driver"), "use the same driver owner in all GPU pools"
            yield context.diagnostic_at(path, codes.RUNTIME_CLASSES_DIFFER, message, notes=notes, help_=help_)
            return
