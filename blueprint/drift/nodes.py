"""The nodes in scope `objects`: the members of each pool, their declared marks, and anything that makes them
unusable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.changes.compare import ABSENT
from blueprint.diagnostics import Diagnostic, Note
from blueprint.drift import node_codes as codes
from blueprint.drift.capacity import examine_capacity, offers_resources
from blueprint.drift.left_marks import left_marks
from blueprint.drift.membership import Members, examine_membership
from blueprint.drift.model import APPLY, TAKE_OVER, Finding, FindingKind, FoundIn, Remedy, ScopeResult
from blueprint.drift.node_facts import is_real, seen_of, subject_of, writer_of
from blueprint.drift.node_topology import examine_domains, examine_place
from blueprint.drift.view import Live, Unseen, View
from blueprint.inventory.membership import manager
from blueprint.inventory.model import Inventory
from blueprint.records import Record, replace
from blueprint.report.model import Coverage
from blueprint.source.paths import format_path
from blueprint.wording import first_few

SCOPE = "pool nodes"
_HOW_APPLIED = {
    "apply": "{apply} sets it",
    "provisioner": "let the node provisioner set it, because nodeLabels is `provisioner`",
}

_HOW_MADE = "replace the node: the pool's NodePool sets it only on new nodes"


class _Mark(Record):
    """A label or taint that is not as declared; `at` is its path in managedFields."""

    path: str
    source: str
    want: str
    have: Any
    at: tuple[str, ...]


def pools_of(node: Live, pools: Iterable[BundlePool]) -> list[BundlePool]:
    """The pools whose selector matches a node. A pool without a selector matches none."""
    labels = node["metadata"].get("labels") or {}
    return [p for p in pools if p.selector and all(labels.get(k) == v for k, v in p.selector.items())]


def examine_nodes(bundle: Bundle, record: Inventory | None, view: View) -> ScopeResult:
    """Whether the nodes of every pool exist, are as declared, and are usable.

    `record` contains the nodes that our applies labelled, so that those that left their pool can be named.
    """
    if not (bundle.pools or (record and record.nodes)):
        return ScopeResult(())
    try:
        nodes = view.nodes()
    except Unseen as unseen:
        return _unseen(bundle, str(unseen))
    members = [(node, pools_of(node, bundle.pools)) for node in nodes]
    offering = {pool.name for pool in bundle.pools if offers_resources(bundle, pool)}
    silent = [n for n, pools in members if len(pools) == 1 and pools[0].name in offering and not _reports(n)]
    ours = tuple(left_marks(bundle, record, members))
    known = {(finding.subject, finding.path) for finding in ours}
    each = (found for found in _each(bundle, members, offering) if (found.subject, found.path) not in known)
    findings = (*examine_membership(bundle, record, members), *each, *ours)
    return _result(members, findings, silent)


def _unseen(bundle: Bundle, why: str) -> ScopeResult:
    """The result if nothing could be examined: at least as many unknown nodes as the minimum of the pools."""
    expected = sum(pool.nodes_min for pool in bundle.pools)
    finding = Finding(FindingKind.UNKNOWN, "Node", found_in=FoundIn.NODE, remarks=(Note(why),))
    return ScopeResult((Coverage(SCOPE, 0, max(expected, 1), why),), (finding,))


def _result(members: Members, findings: tuple[Finding, ...], silent: list[Live]) -> ScopeResult:
    """The findings, and the coverage. `silent` nodes do not report what they offer: unknown, if a kubelet runs
    there.
    """
    unknown = [node for node in silent if is_real(node)]
    reason = "they have not reported what they offer" if unknown else ""
    coverage = Coverage(SCOPE, sum(1 for _, pools in members if pools), len(unknown), reason)
    failed = any(finding.is_drift for finding in findings)
    simulated = ("GPUs that nodes offer",) if len(silent) > len(unknown) else ()
    return ScopeResult((coverage,), findings, tuple(_without_status(unknown)), failed=failed, simulated=simulated)


def _reports(node: Live) -> bool:
    return bool((node.get("status") or {}).get("allocatable"))


def _without_status(unknown: list[Live]) -> Iterator[Diagnostic]:
    if unknown:
        text = f"{named(unknown)} {'does' if len(unknown) == 1 else 'do'} not report which resources pods can use"
        yield Diagnostic(codes.NODE_STATUS_UNKNOWN, text, help="check whether the kubelet is running there")


def named(nodes: Iterable[Live], most: int = 5) -> str:
    """The names of nodes, or of the first few if there are many."""
    names = sorted(node["metadata"]["name"] for node in nodes)
    return first_few(names, most)


def _each(bundle: Bundle, members: Members, offering: set[str]) -> Iterator[Finding]:
    if not any(pools for _, pools in members):
        return  # the known marks need not be read either
    from blueprint.drift.known_marks import Marks
    from blueprint.drift.node_marks import examine_marks, is_in_transition

    us = manager(bundle.name)
    marks = Marks(bundle)
    for node, pools in members:
        if len(pools) > 1:
            yield _shared(node, pools)
        elif pools:
            yield from _declared(bundle, node, pools[0], us)
            yield from examine_place(node, pools[0])
            found = list(examine_marks(node, pools[0], marks, us))
            yield from found
            if pools[0].name in offering and _reports(node):
                yield from examine_capacity(node, pools[0], us, passing=is_in_transition(found))
    for pool in bundle.pools:
        yield from examine_domains(pool, [node for node, pools in members if pools == [pool]])


def _declared(bundle: Bundle, node: Live, pool: BundlePool, us: str) -> Iterator[Finding]:
    """Labels and taints of the pool that the node lacks or has with other values."""
    ours = bundle.labels_nodes_of(pool)
    how = _HOW_MADE if pool.provisioned else _HOW_APPLIED.get(bundle.node_labels, "")
    by = None if ours else Remedy.NODES
    for finding in (*_labels(node, pool, us), *_taints(node, pool, us)):
        remark = Note(how.format(apply=TAKE_OVER if finding.contested else APPLY))
        yield replace(finding, remarks=(remark,), ended_by=by)


def _shared(node: Live, pools: list[BundlePool]) -> Finding:
    return Finding(
        FindingKind.SHARED_NODE,
        subject_of(node),
        live=", ".join(pool.name for pool in pools),
        origin=pools[0].origin("selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pools[0]),
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
        subject_of(node),
        mark.path,
        mark.want,
        mark.have,
        writer_of(node, mark.at, us, gone=gone),
        pool.origin(mark.source, "labels", "selector"),
        FoundIn.NODE,
        seen_of(node, pool),
    )
