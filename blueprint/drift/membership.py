"""The nodes of pools: their number, nodes that left, their replacements, and recreated ones.

The inventory contains every node that we labelled, by name and uid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.diagnostics import Note
from blueprint.drift import node_codes as codes
from blueprint.drift.model import Finding, FindingKind, FoundIn, Writer
from blueprint.drift.node_facts import seen_of, subject_of, writer_of
from blueprint.drift.view import Live
from blueprint.inventory.membership import manager
from blueprint.inventory.model import Inventory
from blueprint.records import Record

POOL_LABEL = "gpublueprint.dev/pool"
"""The label that an apply sets on the nodes of a pool; a node that left keeps it until the next apply."""

Members = Sequence[tuple[Live, list[BundlePool]]]
"""All nodes, with the pools whose selectors match them."""


class _Left(Record):
    """A node that an apply labelled and that is in no pool now. `live` is None if it is not in the cluster."""

    name: str
    pool: str
    live: Live | None
    how: str
    writer: Writer | None = None


def examine_membership(bundle: Bundle, record: Inventory | None, members: Members) -> Iterator[Finding]:
    """Pools with too few or too many nodes, nodes that left, and recreated nodes with the same name."""
    left = list(_left(bundle, record, members)) if record and bundle.node_labels == "apply" else []
    reported: set[str] = set()
    for pool in bundle.pools:
        there = sum(1 for _, pools in members if pool in pools)
        if not pool.nodes_min <= there <= pool.nodes_max:
            lost = [each for each in left if each.pool in (pool.name, "")] if there < pool.nodes_min else []
            reported |= {each.name for each in lost}
            yield _size(pool, there, lost)
    for each in left:
        if each.name not in reported and (each.live is not None or _newcomers(bundle, record, members, each)):
            yield _gone(bundle, record, members, each)
    yield from _remade(record, members)


def _left(bundle: Bundle, record: Inventory, members: Members) -> Iterator[_Left]:
    there = {node["metadata"]["name"]: (node, pools) for node, pools in members}
    names = {pool.name for pool in bundle.pools}
    for name, known in sorted(record.nodes.items()):
        node, pools = there.get(name, (None, []))
        if node is None:
            yield _Left(name, "", None, "it is no longer in the cluster")
        elif not pools and known.uid == node["metadata"].get("uid"):
            only = next(iter(names)) if len(names) == 1 else ""
            pool = (node["metadata"].get("labels") or {}).get(POOL_LABEL, only)
            if pool in names or not pool:
                yield _left_by_label(bundle, node, pool)


def _left_by_label(bundle: Bundle, node: Live, name: str) -> _Left:
    """The label of the pool's selector that the node lacks. A changed label has a writer, a removed one has none."""
    labels = node["metadata"].get("labels") or {}
    selector = next((pool.selector for pool in bundle.pools if pool.name == name), {})
    how, writer = "no selector matches it", None
    for key, value in selector.items():
        if labels.get(key) != value:
            how = f"its label {key} is {labels[key]!r}" if key in labels else f"it no longer has the label {key}"
            writer = writer_of(node, ("metadata", "labels", key), manager(bundle.name)) if key in labels else None
            break
    return _Left(node["metadata"]["name"], name, node, how, writer)


def _newcomers(bundle: Bundle, record: Inventory | None, members: Members, left: _Left) -> list[str]:
    """Nodes of fixed-size pools that no apply has labelled; in other pools, nodes come and go."""
    fixed = [p for p in bundle.pools if p.nodes_min == p.nodes_max and left.pool in (p.name, "")]
    known = record.nodes if record else {}
    return [n["metadata"]["name"] for n, pools in members if pools[:1] and pools[0] in fixed
            and n["metadata"]["name"] not in known]  # fmt: skip


def _size(pool: BundlePool, there: int, lost: list[_Left]) -> Finding:
    fixed = pool.nodes_min == pool.nodes_max
    return Finding(
        FindingKind.POOL_SIZE,
        f"NodePool/{pool.name}",
        declared=pool.nodes_min if fixed else f"{pool.nodes_min} to {pool.nodes_max}",
        live=there,
        origin=pool.origin("nodes", "selector"),
        found_in=FoundIn.NODE,
        remarks=tuple(Note(f"{each.name} was labelled by an earlier apply: {each.how}{_by(each)}") for each in lost),
    )


def _by(left: _Left) -> str:
    return f", written by {left.writer}" if left.writer else ""


def _gone(bundle: Bundle, record: Inventory | None, members: Members, left: _Left) -> Finding:
    instead = _newcomers(bundle, record, members, left)
    pools = {p.name: p for p in bundle.pools}
    pool = pools.get(left.pool) or next((p for n, found in members for p in found[:1]
                                         if n["metadata"]["name"] in instead), None)  # fmt: skip
    remarks = (Note(f"new since then: {', '.join(instead)}"),) if instead else ()
    whose = f"pool {pool.name}" if pool else "a pool"
    return Finding(
        FindingKind.LEFT,
        f"Node/{left.name}",
        writer=left.writer,
        origin=pool.origin("selector") if pool else None,
        found_in=FoundIn.NODE,
        seen=seen_of(left.live, pool) if left.live and pool else (),
        remarks=remarks,
        code=codes.NODE_LEFT,
        statement=f"belonged to {whose} at the last apply: {left.how}",
        help="label the node again, or run `blueprint apply` to update the recorded nodes",
    )


def _remade(record: Inventory | None, members: Members) -> Iterator[Finding]:
    for node, pools in members:
        meta = node["metadata"]
        known = record.nodes.get(meta["name"]) if record else None
        if known and len(pools) == 1 and known.uid != meta.get("uid"):
            yield Finding(
                FindingKind.REPLACED,
                subject_of(node),
                declared=known.uid,
                live=str(meta.get("uid")),
                origin=pools[0].origin("nodes", "selector"),
                found_in=FoundIn.NODE,
                seen=seen_of(node, pools[0]),
                remarks=(Note(f"applied as uid {known.uid}"),),
                code=codes.NODE_REMADE,
                statement=f"was deleted and joined again on {meta.get('creationTimestamp')}",
                help="make sure that it is the intended machine; `blueprint apply` then records it",
            )
