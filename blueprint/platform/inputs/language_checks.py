"""Checks of the two questions, who runs the GPU stack and how pods get GPUs, and of what all pools have in common."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.inputs import codes
from blueprint.platform.paths import ALLOCATION, POOL_DEFAULTS, POOLS
from blueprint.spec.pools import NodePool


def check_language(context: CheckContext) -> Iterator[Diagnostic]:
    """The whole blueprint, then every pool."""
    for name, pool in context.inputs.written.spec.node_pools.items():
        yield from _allocation(context, name, pool)
        yield from _without_selector(context, name)
    yield from _unused_defaults(context)


def _allocation(context: CheckContext, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    """A pool whose GPUs are to be handed out in another way than those of the platform."""
    spec = context.inputs.written.spec
    if pool.allocation in (None, spec.allocation):
        return
    path = (*POOLS, name, "allocation")
    notes = (context.note(ALLOCATION, f"the platform's: {spec.allocation}"),)
    if spec.gpu_stack == "operator":
        message = f"the GPU Operator allocates the GPUs of all pools in one way, pool {name} cannot differ"
        help_ = "remove it, or give these nodes a cluster of their own: NVIDIA does not support both under one operator"
    else:
        message = f"pool {name} cannot allocate its GPUs in another way than the other pools yet"
        help_ = f"remove it, or set allocation: {pool.allocation} for all pools"
    yield context.diagnostic_at(path, codes.ALLOCATION_UNSUPPORTED, message, help_=help_, notes=notes)


def _without_selector(context: CheckContext, name: str) -> Iterator[Diagnostic]:
    """A pool whose nodes nothing tells from others."""
    pool = context.pools.get(name)
    if pool is not None and not pool.selector:
        distribution = context.platform.cluster.distribution_facts.title
        message = f"pool {name} has no selector, and no poolLabel is set"
        help_ = (
            "write spec.poolLabel: acme.example/pool, a node label whose value is the pool's name; or a selector of "
            f"the pool, selector: {{acme.example/pool: {name}}}"
        )
        notes = (Note(f"{distribution} has no label of its own for pools"),)
        yield context.diagnostic_at_key((*POOLS, name), codes.POOL_NOT_SELECTED, message, help_=help_, notes=notes)


def _unused_defaults(context: CheckContext) -> Iterator[Diagnostic]:
    """Defaults that are merged under no pool."""
    node, pools = context.root.get(POOL_DEFAULTS), context.root.get(POOLS)
    written = list(pools.value.values()) if pools and isinstance(pools.value, dict) else []
    # Also pools that are left out since something about them is wrong.
    with_gpus = (pool.get(("gpu",)) or pool.get(("machine", "instanceType")) for pool in written)
    if node is not None and node.value and written and not any(with_gpus):
        message = "poolDefaults applies to pools with GPUs, and no pool has GPUs"
        help_ = "add gpu to a pool, or remove poolDefaults"
        yield context.diagnostic_at_key(POOL_DEFAULTS, codes.POOL_DEFAULTS_UNUSED, message, help_=help_)
