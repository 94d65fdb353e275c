"""Pools whose GPUs are allocated by another program after a change; it does not know the earlier allocations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from blueprint.bundle.model import BundlePool
from blueprint.catalog.component_files.effects import Exclusive
from blueprint.changes import codes
from blueprint.changes.change import ChangedObject
from blueprint.diagnostics import Diagnostic, Note
from blueprint.wording import joined

_TERMS = "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def moved_pools(changed: Sequence[ChangedObject], rule: Exclusive, pools: Sequence[BundlePool]) -> Iterator[Diagnostic]:
    """One diagnostic for each program that takes over pools from another one."""
    ours = {key: one for one in changed if (key := rule.allocator(one.change.id.kind, one.change.id.name))}
    with_gpus = [pool for pool in pools if pool.gpu_count]
    for key, one in ours.items():
        taken: dict[str, list[str]] = {}
        for pool in with_gpus:
            comes = _allocates(key, rule, one, "after", pool, with_gpus)
            if comes and not _allocates(key, rule, one, "before", pool, with_gpus):
                for other, each in ours.items():
                    if other != key and _allocates(other, rule, each, "before", pool, with_gpus):
                        taken.setdefault(str(each.change.id), []).append(pool.name)
        for other, names in taken.items():
            message = f"{one.change.id} takes over the GPUs of {joined(names)} from {other}"
            yield Diagnostic(
                codes.STACK_CHANGE, message, at=one.place(()), notes=(Note(rule.source),),
                help="drain these nodes, wait until the pods of the old program are gone, then apply",
                subject=str(one.change.id),
            )  # fmt: skip


def _allocates(
    key: str,
    rule: Exclusive,
    one: ChangedObject,
    state: Literal["before", "after"],
    pool: BundlePool,
    pools: Sequence[BundlePool],
) -> bool:
    """Whether a DaemonSet allocates the GPUs of a pool's nodes: its container does so, and its pods may run there."""
    containers = one.value("spec.template.spec.containers", state) or ()
    if not any(each.get("name") == rule.allocators[key] for each in containers):
        return False
    terms = one.value(_TERMS, state) or [{}]
    known = {label for each in pools for label in each.selector}
    return any(all(_meets(pool, each, known) for each in term.get("matchExpressions") or ()) for term in terms)


def _meets(pool: BundlePool, expression: Mapping[str, Any], known: set[str]) -> bool:
    """Whether a pool satisfies a node selector expression. Labels that select no pool may be discovered ones, which all
    GPU nodes can have.
    """
    if expression["key"] not in known or expression["operator"] != "In":
        return True
    return pool.selector.get(expression["key"]) in expression["values"]
