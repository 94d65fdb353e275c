"""Nodes as scope `objects` sees them: how many each pool has, and the labels and taints that it declares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from blueprint.cluster.inventory import Inventory, manager
from blueprint.diagnostics import Note
from blueprint.drift.left_marks import left_marks
from blueprint.drift.model import APPLY, TAKE_OVER, Finding, FindingKind, Part, Station, Writer, facts
from blueprint.drift.places import examine_domains, examine_place
from blueprint.drift.view import Live, Unseen, View
from blueprint.render.compare import ABSENT
from blueprint.render.model import Bundle, BundlePool, FieldOrigin
from blueprint.render.paths import format_path
from blueprint.report.model import Coverage

SCOPE = "pool nodes"
_HOW_APPLIED = {
    "apply": "{apply} sets it",
    "provisioner": "nodeLabels is `provisioner`: whoever makes the nodes has to set it",
}


@dataclass(frozen=True, slots=True)
class _Mark:
    """A label or taint that is not as declared; `at` leads to what managedFields know of it."""

    path: str
    source: str
    want: str
    have: Any
    at: tuple[str, ...]


def pools_of(node: Live, pools: Iterable[BundlePool]) -> list[BundlePool]:
    """The pools whose selector matches a node. A pool without a selector claims none."""
    labels = node["metadata"].get("labels") or {}
    return [p for p in pools if p.selector and all(labels.get(k) == v for k, v in p.selector.items())]


def examine_nodes(bundle: Bundle, record: Inventory | None, view: View) -> Part:
    """Whether the nodes of every pool are there, and labelled and tainted as declared.

    `record` knows which nodes an apply of ours labelled: those that left all pools are named.
    """
    if not (bundle.pools or (record and record.nodes)):
        return Part(())
    try:
        nodes = view.nodes()
    except Unseen as unseen:
        expected = sum(pool.nodes_min for pool in bundle.pools)
        finding = Finding(FindingKind.UNKNOWN, "Node", station=Station.NODE, remarks=(Note(str(unseen)),))
        return Part((Coverage(SCOPE, 0, max(expected, 1), str(unseen)),), (finding,))
    members = [(node, pools_of(node, bundle.pools)) for node in nodes]
    left = sorted(n["metadata"]["name"] for n, pools in members if record and not pools and _is_ours(n, record))
    findings = [*_sizes(bundle, members, left), *_marks(bundle, members), *left_marks(bundle, record, members)]
    examined = sum(1 for _, pools in members if pools)
    return Part((Coverage(SCOPE, examined),), tuple(findings), failed=bool(findings))


def _is_ours(node: Live, record: Inventory) -> bool:
    """Whether an apply of ours labelled this very node."""
    known = record.nodes.get(node["metadata"]["name"])
    return known is not None and known.uid == node["metadata"].get("uid")


def _sizes(bundle: Bundle, members: list[tuple[Live, list[BundlePool]]], left: list[str]) -> Iterator[Finding]:
    lost = (Note(f"labelled by an earlier apply, in no pool now: {', '.join(left)}"),) if left else ()
    for pool in bundle.pools:
        there = sum(1 for _, pools in members if pool in pools)
        if not pool.nodes_min <= there <= pool.nodes_max:
            fixed = pool.nodes_min == pool.nodes_max
            yield Finding(
                FindingKind.POOL_SIZE,
                f"NodePool/{pool.name}",
                declared=pool.nodes_min if fixed else f"{pool.nodes_min} to {pool.nodes_max}",
                live=there,
                origin=_origin(pool, "nodes", "selector"),
                station=Station.NODE,
                remarks=lost if there < pool.nodes_min else (),
            )


def _marks(bundle: Bundle, members: list[tuple[Live, list[BundlePool]]]) -> Iterator[Finding]:
    us = manager(bundle.name)
    how = _HOW_APPLIED.get(bundle.node_labels, "")
    for node, pools in members:
        if len(pools) > 1:
            yield _shared(node, pools)
        elif pools:
            for finding in (*_labels(node, pools[0], us), *_taints(node, pools[0], us)):
                yield replace(finding, remarks=(Note(how.format(apply=TAKE_OVER if finding.contested else APPLY)),))
            yield from examine_place(node, pools[0])
    for pool in bundle.pools:
        yield from examine_domains(pool, [node for node, pools in members if pools == [pool]])


def _shared(node: Live, pools: list[BundlePool]) -> Finding:
    return Finding(
        FindingKind.SHARED_NODE,
        _subject(node),
        live=", ".join(pool.name for pool in pools),
        origin=_origin(pools[0], "selector"),
        station=Station.NODE,
        seen=_seen(node, pools[0]),
    )


def _labels(node: Live, pool: BundlePool, us: str) -> Iterator[Finding]:
    labels = node["metadata"].get("labels") or {}
    for key, want in sorted(pool.labels.items()):
        if (have := labels.get(key, ABSENT)) != want:
            path = ("metadata", "labels", key)
            yield _mark(node, pool, _Mark(format_path(path), f"labels.{key}", want, have, path), us)


def _taints(node: Live, pool: BundlePool, us: str) -> Iterator[Finding]:
    taints = {(t.get("key"), t.get("effect")): t.get("value", "") for t in node["spec"].get("taints") or ()}
    for taint in pool.taints:
        if (have := taints.get((taint.key, taint.effect), ABSENT)) != taint.value:
            path = f"spec.taints[key={taint.key},effect={taint.effect}]"
            source = f"taints.{taint.key}:{taint.effect}"
            yield _mark(node, pool, _Mark(path, source, taint.value, have, ("spec", "taints")), us)


def _mark(node: Live, pool: BundlePool, mark: _Mark, us: str) -> Finding:
    gone = mark.have is ABSENT
    return Finding(
        FindingKind.REMOVED if gone else FindingKind.MODIFIED,
        _subject(node),
        mark.path,
        mark.want,
        mark.have,
        _writer(node, mark.at, us, gone=gone),
        _origin(pool, mark.source, "labels", "selector"),
        Station.NODE,
        _seen(node, pool),
    )


def _writer(node: Live, at: tuple[str, ...], us: str, *, gone: bool) -> Writer | None:
    """The last writer of a field; of a removed one only where the list it was in has another owner than us."""
    from blueprint.drift.ownership import claims_at, foreign, latest

    claims = claims_at(node, at, us)
    return latest(foreign(claims) if gone else claims)


def _subject(node: Live) -> str:
    return f"Node/{node['metadata']['name']}"


def _seen(node: Live, pool: BundlePool) -> tuple[tuple[str, str], ...]:
    return (("pool", pool.name), *facts(node))


def _origin(pool: BundlePool, *keys: str) -> FieldOrigin | None:
    """The blueprint line that says so; there is no template behind it."""
    sources = next((pool.sources[key] for key in keys if pool.sources.get(key)), ())
    return FieldOrigin(sources[0].span, sources) if sources else None
