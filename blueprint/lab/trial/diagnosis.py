"""Why a pod cannot be scheduled: for each pool, why its nodes do not fit, and what would help for the closest one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.lab.trial.claims import ClaimFacts, ClaimJudge
from blueprint.lab.trial.node_fit import NodeReason, NodeState, reasons
from blueprint.records import Record
from blueprint.wording import counted

Json = Mapping[str, Any]
_SHOWN = 8
_ELSEWHERE = "see the message of the scheduler, which also considers other pods, topology and volumes"


class Diagnosis(Record):
    """The reasons why a pod cannot be scheduled.

    Attributes:
        lines: Pools with the reasons why their nodes do not fit, the closest first.
        help: What would help for the first one.
        unexplained: Whether there are nodes without any reason that is evaluated here.
    """

    lines: tuple[str, ...]
    help: str
    unexplained: bool = False

    @property
    def headline(self) -> str:
        """The reason of the closest pool."""
        return self.lines[0] if self.lines else ""


def diagnose(
    spec: Json, namespace: str, nodes: Sequence[NodeState], pools: Sequence[BundlePool], facts: ClaimFacts
) -> Diagnosis:
    """Determine what the scheduler does not report: which taint, which selector, which resource, on nodes of which
    pool.
    """
    groups: dict[tuple[str, tuple[NodeReason, ...]], int] = {}
    by_class, judge = facts.by_class(spec), ClaimJudge(facts)
    for state in nodes:
        pool = pool_of(state, pools)
        found = (*reasons(spec, state, by_class), *judge.against(spec, namespace, state, pool))
        key = (pool, found)
        groups[key] = groups.get(key, 0) + 1
    if unexplained := [pool for pool, found in groups if not found]:
        text = f"{', '.join(unexplained)}: the lab found no reason against it"
        return Diagnosis((text,), _ELSEWHERE, unexplained=True)
    against = {key: count for key, count in groups.items() if key[1]}
    ordered = sorted(against.items(), key=lambda item: (_distance(item[0][1]), item[0][0]))
    lines = [_line(pool, found, count) for (pool, found), count in ordered]
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"and {len(lines) - _SHOWN} more kinds of node"]
    nearest = ordered[0][0][1] if ordered else ()
    return Diagnosis(tuple(lines), "; ".join(dict.fromkeys(each.help for each in nearest if each.help)))


def pool_of(state: NodeState, pools: Sequence[BundlePool]) -> str:
    """The pool of a node; the node's own name if it belongs to none."""
    for pool in pools:
        by_name = state.name.rpartition("-")[0] == pool.name and not pool.selector
        if by_name or (pool.selector and pool.selector.items() <= state.labels.items()):
            return f"pool {pool.name}"
    return state.name


def _distance(found: Sequence[NodeReason]) -> tuple[int, int]:
    """The distance: pools for other purposes are furthest away, because they lack what the pod requests."""
    return sum(each.distance for each in found), len(found)


def _line(pool: str, found: Sequence[NodeReason], count: int) -> str:
    where = f"{pool} ({counted(count, 'node')})" if pool.startswith("pool ") else pool
    return f"{where}: {'; '.join(each.text for each in found)}"
