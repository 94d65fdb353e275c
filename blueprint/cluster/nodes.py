"""Labels and taints of nodes that this tool sets (`nodeLabels: apply`).

Labels use server-side apply, so each one has an owner and conflicts are detected. `spec.taints` is an atomic list in
the API: it is read, merged and written back only if the node's version is unchanged. Taints of others stay; our own are
in the inventory, so that they can be removed later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import Entry, entries, own_entry
from blueprint.bundle.model import Bundle, BundlePool, FieldOrigin, Object, Path, Taint
from blueprint.changes.compare import ABSENT, Action, FieldChange
from blueprint.cluster import codes, findings
from blueprint.cluster.plan_model import FieldConflict, NodeStep
from blueprint.cluster.step_decision import find_conflicts
from blueprint.diagnostics import Diagnostic
from blueprint.inventory.membership import manager
from blueprint.inventory.model import Inventory, NodeRecord
from blueprint.kubernetes.label_index import LabelIndex
from blueprint.records import Record, replace

NODES = "/api/v1/nodes"
_NOTHING = NodeRecord("", (), ())
_NO_OWNER = Entry("", "", "", "", {})

NodePlan = tuple[tuple[NodeStep, ...], tuple[Diagnostic, ...]]


class _DesiredNode(Record):
    """The desired state of one node; `pool` is None for a node that left all pools."""

    node: Mapping[str, Any]
    pool: BundlePool | None
    record: NodeRecord


def plan_nodes(bundle: Bundle, connection: Connection, inventory: Inventory | None) -> NodePlan:
    """The required changes of nodes; empty if the nodes are labelled by other means. Raises ApiError."""
    if bundle.node_labels != "apply" or not (bundle.pools or (inventory and inventory.nodes)):
        return (), ()
    try:
        nodes = {node["metadata"]["name"]: node for node in connection.list(NODES)}
    except ApiError as error:
        if not error.forbidden:
            raise
        return _unseen(bundle, error)
    found: list[Diagnostic] = []
    homes: dict[str, BundlePool] = {}
    index = LabelIndex((name, node["metadata"].get("labels") or {}) for name, node in nodes.items())
    for pool in bundle.pools:
        found += _place(pool, index, homes)
    contested = {d.subject for d in found}
    homes = {name: pool for name, pool in homes.items() if bundle.labels_nodes_of(pool)}
    records = inventory.nodes if inventory else {}
    steps = []
    for name in sorted({*homes, *records} & set(nodes)):
        desired = _DesiredNode(nodes[name], homes.get(name), records.get(name, _NOTHING))
        step, several = _decide(connection, bundle, desired)
        steps.append(replace(step, blocked=True) if str(step.id) in contested else step)
        found += several
    return tuple(steps), tuple(found)


def _decide(connection: Connection, bundle: Bundle, desired: _DesiredNode) -> tuple[NodeStep, list[Diagnostic]]:
    try:
        step = _step(connection, bundle, desired)
    except ApiError as error:
        if error.status == 0 or error.unauthenticated:
            raise
        meta = desired.node["metadata"]
        unknown = NodeStep(meta["name"], meta["uid"], "", Action.UNKNOWN, {}, blocked=True)
        return unknown, [findings.unseen(unknown.id, error)]
    return step, [findings.conflict(step.id, c, _desired(step.name, step.labels)) for c in step.conflicts]


def _place(pool: BundlePool, nodes: LabelIndex[str], homes: dict[str, BundlePool]) -> Iterator[Diagnostic]:
    """Add the nodes of a pool to `homes`; report if there are too few, too many, or if they belong to another pool."""
    names = nodes.matching(pool.selector)
    if not pool.nodes_min <= len(names) <= pool.nodes_max:
        wanted = _range(pool.nodes_min, pool.nodes_max)
        text = f"pool {pool.name!r} declares {wanted}, but its selector matches {len(names)}"
        yield Diagnostic(codes.POOL_SIZE, text, at=pool.span("nodes", "selector"))
    for name in names:
        if other := homes.get(name):
            text = f"the selectors of pools {other.name!r} and {pool.name!r} both match node {name}"
            yield Diagnostic(codes.NODE_IN_TWO_POOLS, text, at=pool.span("selector"), subject=f"Node/{name}")
        homes.setdefault(name, pool)


def _range(least: int, most: int) -> str:
    nodes = "node" if most == 1 else "nodes"
    return f"{least} {nodes}" if least == most else f"{least} to {most} {nodes}"


def _step(connection: Connection, bundle: Bundle, desired: _DesiredNode) -> NodeStep:
    node, pool = desired.node, desired.pool
    meta = node["metadata"]
    labels = dict(pool.labels) if pool else {}
    label_fields = tuple(_label_changes(bundle.name, desired, labels))
    taints, taint_fields = _taint_changes(desired)
    fields = (*label_fields, *taint_fields)
    writes_labels = bool(label_fields) or owned_labels(node, bundle.name) != set(labels)
    conflicts = _conflicts(connection, bundle, desired, labels) if writes_labels else ()
    conflicts += tuple(_taint_conflicts(desired))
    return NodeStep(
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        action=Action.UPDATE if fields or writes_labels else Action.UNCHANGED,
        labels=labels,
        taints=taints,
        taints_before=taints_of(node),
        ours=tuple(_our_taints(desired)),
        fields=fields,
        conflicts=conflicts,
        writes_labels=writes_labels,
        fresh=desired.record.uid != meta["uid"],
    )


def owned_labels(node: Mapping[str, Any], blueprint: str) -> set[str]:
    """The labels of a node that are recorded as ours."""
    own = own_entry(node, manager(blueprint))
    tree = own.fields.get("f:metadata", {}).get("f:labels", {}) if own else {}
    return {key.removeprefix("f:") for key in tree if key != "."}


def _label_changes(blueprint: str, desired: _DesiredNode, labels: Mapping[str, str]) -> Iterator[FieldChange]:
    live = desired.node["metadata"].get("labels") or {}
    for key, value in sorted(labels.items()):
        if live.get(key) != value:
            path = ("metadata", "labels", key)
            yield FieldChange(path, live.get(key, ABSENT), value, _origin(desired.pool, f"labels.{key}"))
    for key in sorted(owned_labels(desired.node, blueprint) - set(labels)):
        yield FieldChange(("metadata", "labels", key), live.get(key, ABSENT), ABSENT)


def _conflicts(
    connection: Connection, bundle: Bundle, desired: _DesiredNode, labels: Mapping[str, str]
) -> tuple[FieldConflict, ...]:
    name, us = desired.node["metadata"]["name"], manager(bundle.name)
    try:
        connection.apply(f"{NODES}/{name}", _desired(name, labels), us, dry_run=True)
    except ApiError as error:
        if not error.conflicts:
            raise
        obj = Object(_desired(name, labels), "nodes", dict(_origins(desired.pool)))
        return tuple(find_conflicts(obj, desired.node, error, us))
    return ()


def _desired(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": dict(labels)}}


def _origins(pool: BundlePool | None) -> Iterator[tuple[Path, FieldOrigin]]:
    for key in pool.labels if pool else ():
        if origin := _origin(pool, f"labels.{key}"):
            yield ("metadata", "labels", key), origin


def _origin(pool: BundlePool | None, key: str) -> FieldOrigin | None:
    return pool.origin(key) if pool else None


def _taint_changes(desired: _DesiredNode) -> tuple[tuple[Taint, ...] | None, tuple[FieldChange, ...]]:
    """The resulting list of taints, None if it does not change, and the changes."""
    live = list(taints_of(desired.node))
    wanted = {taint_key(t): t for t in desired.pool.taints} if desired.pool else {}
    merged = [wanted.get(taint_key(t), t) for t in live]
    merged = [t for t in merged if taint_key(t) in wanted or taint_key(t) not in desired.record.taints]
    merged += [t for key, t in wanted.items() if key not in {taint_key(m) for m in live}]
    if merged == live:
        return None, ()
    was, now = ({taint_key(t): t for t in side} for side in (live, merged))
    fields = []
    for key in sorted({*was, *now}):
        if was.get(key) != now.get(key):
            origin = _origin(desired.pool, f"taints.{key}")
            sides = [_value(side.get(key)) for side in (was, now)]
            fields.append(FieldChange(("spec", "taints", key), sides[0], sides[1], origin))
    return tuple(merged), tuple(fields)


def _our_taints(desired: _DesiredNode) -> Iterator[str]:
    """Declared taints that we may remove later: those that did not exist before we set them."""
    live = {taint_key(t): t for t in taints_of(desired.node)}
    for taint in sorted(desired.pool.taints, key=taint_key) if desired.pool else ():
        if taint_key(taint) in desired.record.taints or live.get(taint_key(taint)) != taint:
            yield taint_key(taint)


def _taint_conflicts(desired: _DesiredNode) -> Iterator[FieldConflict]:
    """Declared taints that exist with another value set by others."""
    live = {taint_key(t): t for t in taints_of(desired.node)}
    owner = next((e for e in entries(desired.node) if "f:taints" in e.fields.get("f:spec", {})), _NO_OWNER)
    for taint in desired.pool.taints if desired.pool else ():
        key = taint_key(taint)
        if key in live and live[key] != taint and key not in desired.record.taints:
            path = ("spec", "taints", key)
            yield FieldConflict(path, taint.value, live[key].value, owner, _origin(desired.pool, f"taints.{key}"))


def _value(taint: Taint | None) -> Any:
    return ABSENT if taint is None else taint.value


def _taint(data: Mapping[str, Any]) -> Taint:
    return Taint(str(data["key"]), str(data.get("value") or ""), str(data["effect"]))


def taints_of(node: Mapping[str, Any]) -> tuple[Taint, ...]:
    """The taints on a live node, in its order."""
    return tuple(_taint(t) for t in node["spec"].get("taints") or ())


def taint_key(taint: Taint) -> str:
    """The key of a taint in the inventory; a node has at most one taint of each key and effect."""
    return f"{taint.key}:{taint.effect}"


def _unseen(bundle: Bundle, error: ApiError) -> NodePlan:
    steps, found = [], []
    for pool in bundle.pools:
        step = NodeStep(f"(pool {pool.name})", "", "", Action.UNKNOWN, {}, blocked=True)
        steps.append(step)
        found.append(findings.forbidden(step.id, error))
    return tuple(steps), tuple(found)
