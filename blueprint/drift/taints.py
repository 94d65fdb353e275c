"""Taints of a node that its pool does not declare: those of controllers with their meaning, others as additions.

For the API server, `spec.taints` is one field with one last writer for all elements. A taint is therefore not
attributed to a last writer that only preserved it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.catalog.component_files.node_marks import KnownTaint
from blueprint.diagnostics import Note
from blueprint.drift import node_codes as codes
from blueprint.drift.known_marks import Marks
from blueprint.drift.model import Finding, FindingKind, FoundIn, Remedy, Writer
from blueprint.drift.node_facts import seen_of, subject_of, writer_of
from blueprint.drift.view import Live

_KEEPS_AWAY = {
    "NoSchedule": "new pods that do not tolerate it are not scheduled there",
    "NoExecute": "pods that do not tolerate it are evicted, and new ones are not scheduled there",
}
_CORDON = "node.kubernetes.io/unschedulable"
_UNKNOWN_WRITER = Writer("", "", "", "")
_MAKERS = frozenset({"kubelet"})
"""The writers of a node's taints at registration: they come from the configuration of the machine."""


def examine_taints(node: Live, pool: BundlePool, marks: Marks, us: str) -> Iterator[Finding]:
    """All undeclared taints that keep pods away."""
    declared = {(taint.key, taint.effect) for taint in pool.taints}
    others = [t for t in node["spec"].get("taints") or () if (t.get("key"), t.get("effect")) not in declared]
    others = [t for t in others if t.get("effect") in _KEEPS_AWAY and not _repeats_cordon(node, t)]
    if not others:
        return
    writer = writer_of(node, ("spec", "taints"), us)
    kinds = [(taint, marks.taint(str(taint["key"]))) for taint in others]
    strange = sum(1 for _, each in kinds if each is None)
    for taint, each in kinds:
        if each is None:
            yield _foreign(node, pool, taint, marks, _author(writer, marks.taints, us))
        elif _is_forged(each, writer, us, alone=not strange):
            yield _foreign(node, pool, taint, marks, writer)
        elif not _is_stale(node, taint, each, writer):
            yield _controllers(node, pool, taint, each, writer)


def _repeats_cordon(node: Live, taint: Mapping[str, Any]) -> bool:
    return taint.get("key") == _CORDON and bool(node["spec"].get("unschedulable"))


def _author(writer: Writer | None, known: Iterable[KnownTaint], us: str) -> Writer | None:
    """The last writer of the list, unless it only preserves what others added."""
    if writer is None or writer.manager == us:
        return None
    keeps = writer.manager not in _MAKERS and any(_is_one_of(writer, each) for each in known)
    return None if keeps else writer


def _is_one_of(writer: Writer, known: KnownTaint) -> bool:
    return any(fnmatchcase(writer.manager, each) for each in known.writers)


def _is_forged(known: KnownTaint, writer: Writer | None, us: str, *, alone: bool) -> bool:
    """Whether someone other than a controller set this taint, as far as a list with one writer shows."""
    return writer is not None and writer.manager != us and alone and not _is_one_of(writer, known)


def _is_stale(node: Live, taint: Mapping[str, Any], known: KnownTaint, writer: Writer | None) -> bool:
    """Whether the taint is outdated. The API server taints new nodes as not ready; without the controller, the taint
    stays.
    """
    if known.condition is None or taint.get("effect") != "NoSchedule" or _is_one_of(writer or _UNKNOWN_WRITER, known):
        return False
    conditions = (node.get("status") or {}).get("conditions") or ()
    states = [c.get("status") for c in conditions if c.get("type") == known.condition]
    return states in ([], ["True"])


def _controllers(
    node: Live, pool: BundlePool, taint: Mapping[str, Any], known: KnownTaint, writer: Writer | None
) -> Finding:
    passing = known.means != "ill"
    name = _name(taint)
    return Finding(
        FindingKind.IN_TRANSITION,
        subject_of(node),
        _path(taint),
        live=str(taint.get("value") or ""),
        writer=writer if writer and _is_one_of(writer, known) else None,
        origin=pool.origin("nodes", "selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pool),
        remarks=(Note(f"source: {known.source}"), *_since(taint)),
        code=codes.NODE_COMES_OR_GOES if passing else codes.NODE_IN_TRANSITION,
        statement=f"{known.sentence} (taint {name})",
        help=None if passing else f"look for the cause with `kubectl describe node {node['metadata']['name']}`",
        ended_by=Remedy.WAIT,
        passing=passing,
    )


def _foreign(node: Live, pool: BundlePool, taint: Mapping[str, Any], marks: Marks, writer: Writer | None) -> Finding:
    name, effect = _name(taint), str(taint["effect"])
    shut_out = sorted(who for who, them in marks.tolerations.items() if not any(_tolerates(t, taint) for t in them))
    remarks = [Note(_KEEPS_AWAY[effect])]
    if shut_out:
        remarks.append(Note(f"the pods of these objects do not tolerate it: {', '.join(shut_out)}"))
    if writer:
        remarks.append(
            Note("all taints of a node share one field owner, so the writer shown is that of the last change")
        )
    made = writer is not None and writer.manager in _MAKERS
    command = f"kubectl taint node {node['metadata']['name']} {taint['key']}:{effect}-"
    return Finding(
        FindingKind.FOREIGN_ADDITION,
        subject_of(node),
        _path(taint),
        live=str(taint.get("value") or ""),
        writer=writer,
        origin=pool.origin("taints", "selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pool),
        remarks=(*remarks, *_since(taint)),
        code=codes.NODE_TAINT_OF_MAKER if made else codes.NODE_FOREIGN_TAINT,
        statement=f"has the taint {name}, which pool {pool.name} does not declare",
        help=f"remove it with `{command}`, or declare it in the taints of the pool; an apply does not remove it",
    )


def _tolerates(toleration: Mapping[str, Any], taint: Mapping[str, Any]) -> bool:
    if toleration.get("effect") not in (None, "", taint["effect"]):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", taint["key"])
    return toleration.get("key") == taint["key"] and (toleration.get("value") or "") == (taint.get("value") or "")


def _name(taint: Mapping[str, Any]) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _path(taint: Mapping[str, Any]) -> str:
    return f"spec.taints[key={taint['key']},effect={taint['effect']}]"


def _since(taint: Mapping[str, Any]) -> tuple[Note, ...]:
    return (Note(f"since {taint['timeAdded']}"),) if taint.get("timeAdded") else ()
