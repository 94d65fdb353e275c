"""Checks of how the GPU stack is run, how GPUs are allocated, and of the common defaults of pools."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.diagnostics.spelling import is_slip_of
from blueprint.platform.check_context import CheckContext
from blueprint.platform.inputs import codes
from blueprint.platform.paths import ALLOCATION, POOL_DEFAULTS, POOLS
from blueprint.source.paths import Path
from blueprint.spec.karpenter import KARPENTER
from blueprint.spec.pools import NodePool

_GPUS_FROM: tuple[Path, ...] = (("gpu",), ("machine", "instanceType"), (KARPENTER, "instanceTypes"))
"""The keys from which a pool's GPUs follow."""


def check_language(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the blueprint as a whole, then every pool."""
    for name, pool in context.inputs.written.spec.node_pools.items():
        yield from _allocation(context, name, pool)
        yield from _name(context, name)
    yield from _unused_defaults(context)


def _allocation(context: CheckContext, name: str, pool: NodePool) -> Iterator[Diagnostic]:
    """A pool whose GPUs the operator would have to allocate differently, or that has no GPUs."""
    spec, path = context.inputs.written.spec, (*POOLS, name, "allocation")
    resolved = context.pools.get(name)
    if pool.allocation is not None and resolved is not None and not resolved.gpu:
        yield context.no_effect(path, (*POOLS, name), f"pool {name} has no GPUs, so allocation has")
    elif pool.allocation not in (None, spec.allocation) and spec.gpu_stack == "operator":
        message = f"the GPU Operator allocates the GPUs of all pools in one way, so pool {name} cannot differ"
        help_ = (
            "remove it, or use a separate cluster for these nodes: NVIDIA does not support both under one operator;"
            " gpuStack: standalone supports both, on different nodes"
        )
        notes = (context.note(ALLOCATION, f"the platform has {spec.allocation}"),)
        yield context.diagnostic_at(path, codes.ALLOCATION_UNSUPPORTED, message, help_=help_, notes=notes)


def _name(context: CheckContext, name: str) -> Iterator[Diagnostic]:
    """A pool whose nodes cannot be distinguished from others, or whose name is probably a typo of another pool's."""
    pool, other = context.pools.get(name), _slip_of(context, name)
    if pool is not None and not pool.selector:
        distribution = context.platform.cluster.distribution_facts.title
        message = f"pool {name} has no selector, and no poolLabel is set"
        help_ = (
            "set spec.poolLabel: acme.example/pool, a node label whose value is the pool's name; or the selector of "
            f"the pool, selector: {{acme.example/pool: {name}}}"
        )
        notes = (Note(f"{distribution} sets no label that identifies pools"),)
        if other:
            help_ = f"did you mean the pool {other}? Otherwise {help_}"
        yield context.diagnostic_at_key((*POOLS, name), codes.POOL_NOT_SELECTED, message, help_=help_, notes=notes)
    elif other:
        layer = context.root.nearest((*POOLS, name))[0].layer.name
        there = context.root.nearest((*POOLS, other))[0]
        message = f"pool {name} is new in {layer}, and its name is nearly identical to that of pool {other}"
        notes = (Note(f"pool {other}", there.key_span or there.span),)
        help_ = f"write {other} to change that pool, or choose a name that cannot be confused with it"
        yield context.diagnostic_at_key((*POOLS, name), codes.POOL_NAME_SLIP, message, help_=help_, notes=notes)


def _slip_of(context: CheckContext, name: str) -> str | None:
    """The pool of a lower layer whose name a pool, which no lower layer has, probably misspells."""
    node, pools = context.root.get((*POOLS, name)), context.root.get(POOLS)
    if node is None or node.replaced is not None or pools is None or not node.layer.rank:
        return None
    for other, there in pools.value.items():
        first = there if there.replaced is None else there.replaced
        if first.layer.rank < node.layer.rank and is_slip_of(name, other):
            return str(other)
    return None


def _unused_defaults(context: CheckContext) -> Iterator[Diagnostic]:
    """Defaults that apply to no pool."""
    node, pools = context.root.get(POOL_DEFAULTS), context.root.get(POOLS)
    written = list(pools.value.values()) if pools and isinstance(pools.value, dict) else []
    # Includes pools that are omitted because of errors.
    with_gpus = (any(map(pool.get, _GPUS_FROM)) for pool in written)
    if node is not None and node.value and written and not any(with_gpus):
        message = "poolDefaults applies only to pools with GPUs, but no pool has GPUs"
        help_ = "add gpu to a pool, or remove poolDefaults"
        yield context.diagnostic_at_key(POOL_DEFAULTS, codes.POOL_DEFAULTS_UNUSED, message, help_=help_)
