"""Marks on a node beyond its pool's declaration: marks that operators read or report, cordons and taints of others.

Healthy nodes have many such marks. Normal ones are listed in data files (`nodes.yaml` of the components). Marks that an
operator sets for its own upgrade are reported as such, which requires two witnesses: the writer, and the mark in which
the operator reports the upgrade.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.catalog.component_files.node_marks import KnownTaint, Switch
from blueprint.diagnostics import Note
from blueprint.drift import node_codes as codes
from blueprint.drift.known_marks import Marks, NodeProgress
from blueprint.drift.model import Finding, FindingKind, FoundIn, Remedy, Writer
from blueprint.drift.node_facts import seen_of, subject_of, writer_of
from blueprint.drift.taints import examine_taints
from blueprint.drift.view import Live
from blueprint.source.paths import format_path

UNSCHEDULABLE = ("spec", "unschedulable")
_VERBS = {"labels": "label", "annotations": "annotate"}


def examine_marks(node: Live, pool: BundlePool, marks: Marks, us: str) -> Iterator[Finding]:
    """All marks on a node of `pool` that affect what runs there and that the pool does not declare."""
    stages = marks.stages(node) if pool.gpu_count else []
    for stage in stages:
        yield _stage(node, pool, stage, us)
    if pool.gpu_count:
        for switch, key, value in marks.switches(node):
            if _is_odd(switch, key, value, pool):
                writer = writer_of(node, ("metadata", switch.at, key), us)
                if not _may_write(switch, writer):
                    yield _switch(node, pool, switch, (key, value), writer)
    if node["spec"].get("unschedulable"):
        yield _cordon(node, pool, marks, stages, us)
    yield from examine_taints(node, pool, marks, us)


def is_in_transition(findings: Iterable[Finding]) -> bool:
    """Whether the findings about a node explain why it offers less than declared for now."""
    return any(f.kind is FindingKind.IN_TRANSITION for f in findings)


def _is_odd(switch: Switch, key: str, value: str, pool: BundlePool) -> bool:
    """Whether the mark is neither declared nor one of those without effect."""
    if value in switch.normal or (switch.at == "labels" and (key in pool.labels or key in pool.selector)):
        return False
    beside = switch.beside is not None and switch.beside in pool.labels
    return not beside and not any(fnmatchcase(value, each) for each in switch.normal)


def _may_write(switch: Switch, writer: Writer | None) -> bool:
    return bool(switch.writers) and (writer is None or writer.manager in switch.writers)


def _switch(node: Live, pool: BundlePool, switch: Switch, mark: tuple[str, str], writer: Writer | None) -> Finding:
    (key, value), noun = mark, switch.at.removesuffix("s")
    command = f"kubectl {_VERBS[switch.at]} node {node['metadata']['name']} {key}-"
    return Finding(
        FindingKind.FOREIGN_ADDITION,
        subject_of(node),
        format_path(("metadata", switch.at, key)),
        live=value,
        writer=writer,
        origin=pool.origin("selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pool),
        remarks=(Note(f"this {noun} {switch.effect}"), Note(f"source: {switch.source}")),
        code=codes.NODE_STEERED,
        statement=f"has the {noun} {key}={value}, which pool {pool.name} does not declare",
        help=f"remove it with `{command}`, or declare its purpose in the blueprint; an apply does not remove it",
    )


def _stage(node: Live, pool: BundlePool, stage: NodeProgress, us: str) -> Finding:
    progress, name = stage.progress, node["metadata"]["name"]
    doing = f"{progress.what} {'failed' if stage.failed else 'is under way, or stuck'}"
    return Finding(
        FindingKind.FAILED if stage.failed else FindingKind.IN_TRANSITION,
        subject_of(node),
        format_path(("metadata", "labels", progress.key)),
        live=stage.value,
        writer=writer_of(node, ("metadata", "labels", progress.key), us),
        origin=pool.origin("gpu", "selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pool),
        remarks=(Note(f"source: {progress.source}"),),
        code=codes.NODE_FAILED if stage.failed else codes.NODE_IN_TRANSITION,
        statement=f"has the label {progress.key}={stage.value}: {doing}",
        help=progress.remedy.replace("NODE", name),
    )


def _cordon(node: Live, pool: BundlePool, marks: Marks, stages: list[NodeProgress], us: str) -> Finding:
    writer = writer_of(node, UNSCHEDULABLE, us)
    why = next((stage for stage in stages if _explains(stage, writer)), None)
    going = next((t for t in marks.taints if t.means == "going" and _has_taint(node, t)
                  and writer and writer.manager in t.writers), None)  # fmt: skip
    excuse = why.progress.what if why else "its removal" if going else ""
    passing = bool(going) and not why
    excused = codes.NODE_COMES_OR_GOES if passing else codes.NODE_IN_TRANSITION
    uncordon = f"`kubectl uncordon {node['metadata']['name']}`"
    return Finding(
        FindingKind.IN_TRANSITION if excuse else FindingKind.FOREIGN_ADDITION,
        subject_of(node),
        format_path(UNSCHEDULABLE),
        live=True,
        writer=writer,
        origin=pool.origin("nodes", "selector"),
        found_in=FoundIn.NODE,
        seen=seen_of(node, pool),
        remarks=(Note("no new pod is scheduled to it, so no new pod gets its GPUs"),),
        code=excused if excuse else codes.NODE_CORDONED,
        statement=f"is cordoned for {excuse}" if excuse else "is cordoned",
        help=f"wait until its operator uncordons the node; if it is stuck, run {uncordon}"
        if excuse
        else f"uncordon it with {uncordon}",
        ended_by=Remedy.WAIT if excuse else Remedy.REMOVE,
        passing=passing,
    )  # fmt: skip


def _explains(stage: NodeProgress, writer: Writer | None) -> bool:
    """Whether an operator cordoned the node for its reported operation. Without a recorded writer, the report suffices
    while the operation is running.
    """
    if writer is None:
        return bool(stage.progress.writers) and not stage.failed
    return any(fnmatchcase(writer.manager, each) for each in stage.progress.writers)


def _has_taint(node: Live, known: KnownTaint) -> bool:
    taints: list[Mapping[str, Any]] = node["spec"].get("taints") or []
    return any(fnmatchcase(str(taint.get("key")), known.key) for taint in taints)
