"""Our marks on nodes that an apply has not removed or taken over yet.

Declared marks with another value are reported by `nodes`. The marks reported here have the declared value, or are not
declared at all, and an apply would still write the node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.changes.compare import ABSENT
from blueprint.cluster.nodes import owned_labels, taint_key, taints_of
from blueprint.diagnostics import Note
from blueprint.drift.model import APPLY, Finding, FindingKind, FoundIn, facts
from blueprint.drift.ownership import claims_at, foreign, latest
from blueprint.drift.view import Live
from blueprint.inventory.membership import manager
from blueprint.inventory.model import Inventory, NodeRecord
from blueprint.source.paths import format_path

_NOT_TAKEN_BACK = Note(f"an earlier `blueprint apply` set it; {APPLY} removes it")
_NOT_TAKEN_OVER = Note(f"the value is right; {APPLY} takes ownership")
_NOTHING = NodeRecord("", (), ())


def left_marks(
    bundle: Bundle, record: Inventory | None, members: Iterable[tuple[Live, list[BundlePool]]]
) -> Iterator[Finding]:
    """Differences between our marks on each node and those that the bundle sets."""
    if bundle.node_labels != "apply":
        return
    known = record.nodes if record else {}
    for node, pools in members:
        name = node["metadata"]["name"]
        if len(pools) > 1 or not (pools or name in known):
            continue
        pool = pools[0] if pools else None
        if pool and not bundle.labels_nodes_of(pool):
            continue
        yield from _labels(bundle.name, node, pool.labels if pool else {}, known.get(name, _NOTHING))
        wanted = {taint_key(taint) for taint in pool.taints} if pool else set()
        yield from _taints(node, wanted, known.get(name, _NOTHING))


def _labels(blueprint: str, node: Live, wanted: Mapping[str, str], known: NodeRecord) -> Iterator[Finding]:
    us, owned = manager(blueprint), owned_labels(node, blueprint)
    labels = node["metadata"].get("labels") or {}
    for key in sorted(owned - set(wanted)):
        yield _finding(node, ("metadata", "labels", key), labels.get(key, ABSENT), us)
    if known.uid != node["metadata"].get("uid"):
        return  # no apply of ours has included this node yet
    for key in sorted(set(wanted) - owned):
        if labels.get(key) == wanted[key]:
            yield _finding(node, ("metadata", "labels", key), labels[key], us, wanted[key])


def _taints(node: Live, wanted: set[str], known: NodeRecord) -> Iterator[Finding]:
    for taint in taints_of(node):
        if taint_key(taint) in set(known.taints) - wanted:
            path = f"spec.taints[key={taint.key},effect={taint.effect}]"
            yield _left(node, path, taint.value)


def _finding(node: Live, path: tuple[str, ...], live: Any, us: str, wanted: Any = ABSENT) -> Finding:
    if wanted is ABSENT:
        return _left(node, format_path(path), live)
    return Finding(
        FindingKind.OWNERSHIP_LOST,
        f"Node/{node['metadata']['name']}",
        format_path(path),
        wanted,
        live,
        latest(foreign(claims_at(node, path, us))),
        found_in=FoundIn.NODE,
        seen=facts(node),
        remarks=(_NOT_TAKEN_OVER,),
    )


def _left(node: Live, path: str, live: Any) -> Finding:
    subject = f"Node/{node['metadata']['name']}"
    marks = (_NOT_TAKEN_BACK,)
    return Finding(
        FindingKind.MODIFIED, subject, path, live=live, found_in=FoundIn.NODE, seen=facts(node), remarks=marks
    )
