"""Checks of pools: values that mean nothing without GPUs, and pools of the same nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform import codes as platform_codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.nodes import codes
from blueprint.platform.nodes.overlap import overlapping
from blueprint.platform.paths import POOLS

_NEEDS_GPU = ("driver", "owner", "expect", "costPerGpuHour")


def check_pools(context: CheckContext) -> Iterator[Diagnostic]:
    """Each pool alone, then all together."""
    for name, pool in context.spec.node_pools.items():
        if pool.gpu is None:
            yield from _without_gpu(context, name)
    yield from _overlaps(context)


def _without_gpu(context: CheckContext, pool: str) -> Iterator[Diagnostic]:
    for key in _NEEDS_GPU:
        if context.root.get((*POOLS, pool, key)):
            message = f"pool {pool} has no gpu, so {key} means nothing"
            code, help_ = platform_codes.GPU_MISSING, f"add gpu, or remove {key}"
            yield context.diagnostic_at((*POOLS, pool, key), code, message, help_=help_)


def _overlaps(context: CheckContext) -> Iterator[Diagnostic]:
    """Pools whose selectors choose the same nodes."""
    selectors = {name: pool.selector for name, pool in context.spec.node_pools.items()}
    for other, name in overlapping(selectors):
        node, _ = context.root.nearest((*POOLS, other, "selector"))
        notes = (Note(f"selector of {other}", node.key_span or node.span),)
        message = f"pools {other} and {name} select the same nodes"
        yield context.diagnostic_at((*POOLS, name, "selector"), codes.POOLS_OVERLAP, message, notes=notes)
