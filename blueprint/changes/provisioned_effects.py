"""Effects of changed NodePools and node classes on nodes that Karpenter has created: nodes that drift are replaced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.bundle.model import BundlePool, ObjectId
from blueprint.catalog.component_files.effects import load_effects
from blueprint.changes import codes
from blueprint.changes.change import ChangedObject
from blueprint.changes.compare import ABSENT, FieldChange
from blueprint.changes.rollout import scaled, span_of_nodes
from blueprint.diagnostics import Diagnostic, Note
from blueprint.records import Record
from blueprint.wording import joined

_DRIFTED = "Drifted"
_BUDGETS = ({"nodes": "10%"},)
"""The budgets of a NodePool without declared ones."""
_WAITS = (
    "a replacement starts first; a node waits while a PodDisruptionBudget or karpenter.sh/do-not-disrupt "
    "holds one of its pods"
)


class DriftingFields(Record):
    """Changed fields of a NodePool or node class that make nodes drift.

    `unfit`: only nodes that could no longer be created in this way.
    """

    changed: ChangedObject
    fields: tuple[FieldChange, ...]
    unfit: bool
    source: str


def drifted_nodes(
    drifting: Sequence[DriftingFields], after: Sequence[Mapping[str, Any]], pools: Sequence[BundlePool]
) -> Iterator[Diagnostic]:
    """How the nodes of each NodePool follow the changes, or that they stay.

    Objects and pools are those after the change.
    """
    for node_pool in (data for data in after if _makes_nodes(str(data.get("kind")))):
        own = [each for each in drifting if _concerns(each.changed.change.id, node_pool) and not _only_widens(each)]
        if own:
            yield _diagnostic(own, node_pool, pools)


def _only_widens(drifting: DriftingFields) -> bool:
    """Whether requirements only get additional values: every node still satisfies them."""
    return all(field.before is ABSENT and "values" in field.path for field in drifting.fields)


def _makes_nodes(kind: str) -> bool:
    return any(table.node_pools == kind for table in load_effects())


def _concerns(identity: ObjectId, node_pool: Mapping[str, Any]) -> bool:
    """Whether the object is the NodePool, or its node class."""
    if _makes_nodes(identity.kind):
        return str(node_pool["metadata"]["name"]) == identity.name
    reference = {"group": identity.group, "kind": identity.kind, "name": identity.name}
    return bool(node_pool["spec"]["template"]["spec"]["nodeClassRef"] == reference)


def _diagnostic(own: list[DriftingFields], node_pool: Mapping[str, Any], pools: Sequence[BundlePool]) -> Diagnostic:
    pool = _pool(node_pool, pools)
    where = f"pool {pool.name} ({span_of_nodes(pool.nodes_min, pool.nodes_max)})" if pool else _named(node_pool)
    which = f"nodes of {where} that no longer fit" if all(each.unfit for each in own) else f"the nodes of {where}"
    names = joined([f"{each.changed.change.id} {_fields(each)}" for each in own])
    budgets = _budgets(node_pool)
    if _held(budgets, pool):
        code, what = (
            codes.DRIFTED_NODES_STAY,
            f"{which} drift, and Karpenter replaces them only when they are empty: {names}",
        )
        notes = ["the disruption budget allows no drifted node to be replaced; new nodes get the change at once"]
    else:
        code, what = codes.DRIFTED_NODES_REPLACED, f"Karpenter replaces {which}: {names}"
        notes = [f"disruption budget of drifted nodes: {_pace(budgets)}", _WAITS, *_grace(node_pool)]
    first = own[0]
    return Diagnostic(
        code, what, at=first.changed.place(first.fields[0].path),
        notes=tuple(map(Note, [*notes, *dict.fromkeys(each.source for each in own)])), subject=_named(node_pool),
    )  # fmt: skip


def _pool(node_pool: Mapping[str, Any], pools: Sequence[BundlePool]) -> BundlePool | None:
    """The pool whose nodes it creates: they have its name and the labels of its template."""
    labels = (node_pool["spec"]["template"].get("metadata") or {}).get("labels") or {}
    carried = {**labels, "karpenter.sh/nodepool": node_pool["metadata"]["name"]}
    return next((pool for pool in pools if pool.provisioned and pool.selector.items() <= carried.items()), None)


def _named(node_pool: Mapping[str, Any]) -> str:
    return f"{node_pool['kind']}/{node_pool['metadata']['name']}"


def _fields(drifting: DriftingFields) -> str:
    """The fields without their common prefix."""
    shown = (field.shown.removeprefix("spec.template.").removeprefix("spec.") for field in drifting.fields)
    return joined(list(dict.fromkeys(shown)))


def removed_nodes(changed: ChangedObject) -> Iterator[Diagnostic]:
    """A removed NodePool deletes its nodes."""
    if changed.after is None and _makes_nodes(changed.change.id.kind):
        what = f"Karpenter drains and removes the nodes of {changed.change.id} with it, regardless of its budgets"
        yield Diagnostic(
            codes.DRIFTED_NODES_REPLACED, what, notes=tuple(map(Note, _grace(changed.before or {}))),
            subject=str(changed.change.id),
        )  # fmt: skip


def _budgets(node_pool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The budgets that apply to drifted nodes."""
    budgets = (node_pool["spec"].get("disruption") or {}).get("budgets") or _BUDGETS
    return [budget for budget in budgets if _DRIFTED in (budget.get("reasons") or (_DRIFTED,))]


def _held(budgets: Sequence[Mapping[str, Any]], pool: BundlePool | None) -> bool:
    """Whether one of them never allows a node."""
    most = pool.nodes_max if pool else 1
    return any("schedule" not in budget and scaled(budget["nodes"], most) == 0 for budget in budgets)


def _pace(budgets: Sequence[Mapping[str, Any]]) -> str:
    return joined([_budget(each) for each in budgets]) or "none, so all at once"


def _budget(budget: Mapping[str, Any]) -> str:
    window = f" for {budget['duration']} from {budget['schedule']} (UTC)" if "schedule" in budget else ""
    return f"{budget['nodes']} at a time{window}"


def _grace(node_pool: Mapping[str, Any]) -> Iterator[str]:
    spec = ((node_pool.get("spec") or {}).get("template") or {}).get("spec") or {}
    if period := spec.get("terminationGracePeriod"):
        yield (
            f"pods that still run after {period} are deleted (terminationGracePeriod), even if their "
            "eviction is blocked"
        )
