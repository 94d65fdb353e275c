"""Checks of pool selectors: labels that match no node, every node, or the nodes of another pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.nodes import codes
from blueprint.platform.nodes.overlap import overlapping
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.virtualization.model import WORKLOAD_LABEL

OS, ARCH = "kubernetes.io/os", "kubernetes.io/arch"
_ON_EVERY_NODE = frozenset({OS, ARCH, f"beta.{OS}", f"beta.{ARCH}"})
_RESERVED = ("nvidia.com/gpu-operator.", "nvidia.com/gpu.deploy.", "gpublueprint.dev/")
"""Prefixes of labels that the GPU Operator or this tool sets on nodes itself."""
_DISCOVERED = (
    "feature.node.kubernetes.io/",
    "nvidia.com/gpu.",
    "nvidia.com/cuda.",
    "nvidia.com/mig.capable",
    "nvidia.com/mig-",
)
"""Prefixes of labels that feature discovery sets, except for those that users set."""
_SET_BY_PEOPLE = ("nvidia.com/gpu.deploy.", WORKLOAD_LABEL)


def check_selectors(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool's selector alone, then all together."""
    for pool in context.pools.values():
        for check in _CHECKS:
            yield from check(context, pool)
    yield from _overlaps(context)


def _too_wide(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Labels that all nodes have, if there are other pools."""
    if pool.selector and len(context.pools) > 1 and set(pool.selector) <= _ON_EVERY_NODE:
        message = f"the selector of pool {pool.name} matches every node, including those of other pools"
        path, help_ = (*POOLS, pool.name, "selector"), "add a label that only its nodes have"
        yield context.diagnostic_at(path, codes.SELECTOR_TOO_WIDE, message, help_=help_)


def _other_system(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """GPUs on nodes that do not run Linux."""
    system = pool.selector.get(OS, "linux")
    if pool.gpu and system != "linux":
        message = f"pool {pool.name} has GPUs, but the GPU stack does not run on nodes with {system}"
        path = (*POOLS, pool.name, "selector", OS)
        yield context.diagnostic_at(path, codes.SELECTOR_IMPOSSIBLE, message, help_="use linux", fix="linux")


def _other_processor(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """A processor architecture that contradicts the machine or the GPU."""
    product = pool.gpu.catalogued if pool.gpu else None
    arch = pool.hardware.arch or (product.host_arch.value if product and product.host_arch else None)
    selected = pool.selector.get(ARCH)
    if arch and selected and selected != arch:
        message = f"pool {pool.name} selects {selected} nodes, but its nodes are {arch}"
        path = (*POOLS, pool.name, "selector", ARCH)
        yield context.diagnostic_at(path, codes.SELECTOR_IMPOSSIBLE, message, help_=f"use {arch}", fix=arch)


def _discovered(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Labels that nodes get only after they have joined. With the DRA driver, some are never set (BP3277)."""
    for key in pool.selector if not pool.claimed else ():
        if key.startswith(_DISCOVERED) and not key.startswith(_SET_BY_PEOPLE):
            message = f"pool {pool.name} is selected by {key}, which discovery sets only after nodes have joined"
            path, help_ = (*POOLS, pool.name, "selector", key), "select nodes by labels that they have when they join"
            yield context.diagnostic_at(path, codes.SELECTED_BY_DISCOVERY, message, help_=help_)


def _reserved(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Labels that the platform itself sets."""
    for key in pool.selector:
        if key.startswith(_RESERVED):
            message = f"pool {pool.name} is selected by {key}, which components of this platform set"
            path, help_ = (
                (*POOLS, pool.name, "selector", key),
                "select nodes by labels that they have when they join",
            )
            yield context.diagnostic_at(path, codes.SELECTOR_RESERVED, message, help_=help_)


def _overlaps(context: CheckContext) -> Iterator[Diagnostic]:
    """Pools whose selectors match the same nodes."""
    selectors = {name: pool.selector for name, pool in context.pools.items()}
    for other, name in overlapping(selectors):
        node, _ = context.root.nearest((*POOLS, other, "selector"))
        notes = (Note(f"selector of {other}", node.key_span or node.span),)
        message = f"pools {other} and {name} select the same nodes"
        yield context.diagnostic_at((*POOLS, name, "selector"), codes.POOLS_OVERLAP, message, notes=notes)


_CHECKS: tuple[Callable[[CheckContext, Pool], Iterator[Diagnostic]], ...] = (
    _too_wide,
    _other_system,
    _other_processor,
    _discovered,
    _reserved,
)
