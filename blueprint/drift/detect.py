"""The entry: what of the bundle is not so in the cluster, and in the GPUs of its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from blueprint.cluster.inventory import Inventory
from blueprint.diagnostics import Diagnostic
from blueprint.drift import codes
from blueprint.drift.closing import verdict_of
from blueprint.drift.health import examine_health
from blueprint.drift.model import DriftReport, Part
from blueprint.drift.nodes import examine_nodes
from blueprint.drift.objects import examine_objects
from blueprint.drift.tell import diagnostics_of
from blueprint.drift.view import Unseen, View
from blueprint.render.model import Bundle
from blueprint.report.model import Coverage, Run

OBJECTS, NODES, DERIVED = "objects", "nodes", "derived"
SCOPES = (OBJECTS, NODES, DERIVED)
_ABOUT = {
    OBJECTS: "what the API server has",
    NODES: "readings from inside of them",
    DERIVED: "what operators make of our objects",
}


def detect_drift(
    bundle: Bundle,
    view: View | None,
    *,
    scopes: Collection[str] = (OBJECTS,),
    readings: Path | None = None,
    dry_run: bool = True,
    now: datetime | None = None,
) -> DriftReport:
    """Compare what is with what `bundle` says.

    Args:
        bundle: What is declared.
        view: A cluster or a snapshot of one; None only for readings judged without a cluster.
        scopes: What to answer for: `objects` (with the labels, taints and number of nodes), `nodes`.
        readings: The folder of readings, for scope `nodes`.
        dry_run: Whether suspects may be confirmed by a server-side dry-run.
        now: The time of the run; readings are old or young by it.

    Raises:
        Refused: the readings cannot be read, or the server does not even say what it serves (exit code 2).
    """
    parts: list[Part] = []
    remarks: list[Diagnostic] = []
    subject = {"bundle": bundle.digest} if bundle.digest else {}
    if OBJECTS in scopes and view is not None:
        record, told = _record(bundle, view)
        parts.append(told)
        if record and record.digest:
            subject["applied"] = record.digest
        parts += [
            examine_objects(bundle, record, view, dry_run=dry_run),
            examine_health(bundle, view),
            examine_nodes(bundle, record, view),
        ]
    if NODES in scopes and readings is not None:
        from blueprint.drift.readings import examine_readings

        parts.append(examine_readings(bundle, view, readings, now))
    if view is not None and view.taken:
        remarks.append(
            Diagnostic(codes.SNAPSHOT_USED, f"compared with a snapshot of {view.name}, taken at {view.taken}")
        )
    return _report(parts, remarks, subject, tuple(scope for scope in SCOPES if scope not in scopes))


def _report(
    parts: list[Part], remarks: list[Diagnostic], subject: dict[str, str], not_asked: tuple[str, ...]
) -> DriftReport:
    findings = tuple(finding for part in parts for finding in part.findings)
    folded: Counter[str] = Counter()
    for part in parts:
        folded.update(part.folded)
    if folded:
        subject["folded"] = "; ".join(f"{count} x {reason}" for reason, count in sorted(folded.items()))
    told = [diagnostic for part in parts for diagnostic in part.diagnostics]
    return DriftReport(
        findings,
        (*diagnostics_of(findings), *told, *remarks),
        tuple(coverage for part in parts for coverage in part.coverage),
        not_asked,
        dict(folded),
        subject,
        failed=any(part.failed for part in parts),
        refuted={node: number for part in parts for node, number in part.refuted.items()},
    )


def _record(bundle: Bundle, view: View) -> tuple[Inventory | None, Part]:
    """What was applied, and what is to be said of it. What is recorded and cannot be read is unknown."""
    try:
        record = view.record(bundle.name)
    except Unseen as unseen:
        text = f"the record of what was applied is unusable: {unseen}"
        unknown = Coverage("records of what was applied", 0, 1, str(unseen))
        return None, Part((unknown,), diagnostics=(Diagnostic(codes.RECORD_UNUSABLE, text),))
    if record is None:
        text = f"no record says that blueprint {bundle.name!r} was ever applied to {view.name}"
        return None, Part((), diagnostics=(Diagnostic(codes.NEVER_APPLIED, text),))
    return record, Part((), diagnostics=tuple(_other_bundle(bundle, record)))


def _other_bundle(bundle: Bundle, record: Inventory) -> Iterator[Diagnostic]:
    if bundle.digest and record.digest and bundle.digest != record.digest:
        text = f"the cluster has bundle {record.digest[:12]} applied; it is compared with {bundle.digest[:12]}"
        yield Diagnostic(codes.OTHER_BUNDLE, text)


def as_run(report: DriftReport, title: str) -> Run:
    """The report as every format tells it."""
    return Run(
        verb="drift",
        title=title,
        diagnostics=report.diagnostics,
        coverage=report.coverage,
        not_asked=tuple(f"{scope} ({_ABOUT[scope]})" for scope in report.not_asked),
        subject=report.subject,
        verdict=verdict_of(report),
        exit_code=report.exit_code,
    )
