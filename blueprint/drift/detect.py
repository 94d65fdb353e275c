"""The entry: what of the bundle is not so in the cluster, and in the GPUs of its nodes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Diagnostic
from blueprint.drift import codes
from blueprint.drift.diagnostics import diagnostics_of
from blueprint.drift.health import examine_health
from blueprint.drift.model import DriftReport, Part
from blueprint.drift.nodes import examine_nodes
from blueprint.drift.objects import RECORDS, examine_objects
from blueprint.drift.summary import verdict_of
from blueprint.drift.view import Unseen, View
from blueprint.inventory.model import Inventory
from blueprint.inventory.snapshots import was_applied
from blueprint.report.model import Coverage, Run
from blueprint.wording import counted

OBJECTS, NODES, DERIVED = "objects", "nodes", "derived"
SCOPES = (OBJECTS, NODES, DERIVED)
_ABOUT = {
    OBJECTS: "what the API server has",
    NODES: "readings from inside of them",
    DERIVED: "what operators make of our objects",
}

NEVER_ASKED = "objects that the bundle does not declare (a binding to one of its roles, a pod in one of its namespaces)"
"""What no scope answers for: it is said in every report, so that nobody takes it for examined."""


def detect_drift(
    bundle: Bundle,
    view: View | None,
    *,
    scopes: Collection[str] = (OBJECTS,),
    readings: Path | None = None,
    dry_run: bool = True,
    now: datetime | None = None,
    oldest: timedelta | None = None,
) -> DriftReport:
    """Compare what is with what `bundle` says.

    Args:
        bundle: What is declared.
        view: A cluster or a snapshot of one; None only for readings judged without a cluster.
        scopes: What to answer for: `objects` (with the labels, taints and number of nodes), `nodes`.
        readings: The folder of readings, for scope `nodes`.
        dry_run: Whether suspects may be confirmed by a server-side dry-run.
        now: The time of the run; readings are old or young by it.
        oldest: The greatest age of a reading that proves anything.

    Raises:
        Refused: the readings cannot be read, or the server does not even say what it serves (exit code 2).
    """
    parts: list[Part] = []
    remarks: list[Diagnostic] = []
    subject = {"bundle": bundle.digest} if bundle.digest else {}
    if OBJECTS in scopes and view is not None:
        record, told = _record(bundle, view)
        parts.append(told)
        if record and record.digest and not any(d.code is codes.PARTLY_APPLIED for d in told.diagnostics):
            subject["applied"] = record.digest
        missing = record is None and not told.coverage
        parts += [
            examine_objects(bundle, record, view, dry_run=dry_run, record_missing=missing),
            examine_health(bundle, view),
            examine_nodes(bundle, record, view),
        ]
    if NODES in scopes and readings is not None:
        from blueprint.drift.reading_trust import TOO_OLD
        from blueprint.drift.readings import examine_readings

        parts.append(examine_readings(bundle, view, readings, now, TOO_OLD if oldest is None else oldest))
    if view is not None and view.taken:
        remarks.append(
            Diagnostic(codes.SNAPSHOT_USED, f"compared with a snapshot of {view.name}, taken at {view.taken}")
        )
    return _report(parts, remarks, subject, tuple(scope for scope in SCOPES if scope not in scopes))


def _report(
    parts: list[Part], remarks: list[Diagnostic], subject: dict[str, str], not_asked: tuple[str, ...]
) -> DriftReport:
    findings = tuple(finding for part in parts for finding in part.findings)
    left_out = tuple(each for part in parts for each in part.left_out)
    told = [diagnostic for part in parts for diagnostic in part.diagnostics]
    return DriftReport(
        findings,
        (*diagnostics_of(findings), *told, *remarks),
        tuple(coverage for part in parts for coverage in part.coverage),
        not_asked,
        left_out,
        subject,
        failed=any(part.failed for part in parts),
        refuted={node: number for part in parts for node, number in part.refuted.items()},
        simulated=tuple(what for part in parts for what in part.simulated),
    )


def _record(bundle: Bundle, view: View) -> tuple[Inventory | None, Part]:
    """What was applied, and what is to be said of it. What is recorded and cannot be read is unknown."""
    try:
        record = view.record(bundle.name)
    except Unseen as unseen:
        text = f"the record of what was applied is unusable: {unseen}"
        unknown = Coverage(RECORDS, 0, 1, str(unseen))
        return None, Part((unknown,), diagnostics=(Diagnostic(codes.RECORD_UNUSABLE, text),))
    return record, Part((), diagnostics=tuple(_what_is_applied(bundle, record)) if record else ())


def _what_is_applied(bundle: Bundle, record: Inventory) -> Iterator[Diagnostic]:
    """Where that is not this bundle, as a whole. Records of earlier versions named it without having applied all."""
    if not bundle.digest:
        return
    if record.digest and record.digest != bundle.digest:
        text = f"the cluster has bundle {record.digest[:12]} applied; it is compared with {bundle.digest[:12]}"
        yield Diagnostic(codes.OTHER_BUNDLE, text)
    missing = sum(not was_applied(record, obj) for obj in bundle.objects)
    if record.begun or (missing and record.digest == bundle.digest):
        begun = (record.begun or record.digest)[:12]
        this = f"{missing} of the {counted(len(bundle.objects), 'object')} of bundle {bundle.digest[:12]}"
        text = f"the last apply, of bundle {begun}, did not write everything; {this} were never applied as it says"
        yield Diagnostic(codes.PARTLY_APPLIED, text)


def as_run(report: DriftReport, title: str) -> Run:
    """The report as every format tells it."""
    return Run(
        verb="drift",
        title=title,
        diagnostics=report.diagnostics,
        coverage=report.coverage,
        not_asked=(
            *(f"{scope} ({_ABOUT[scope]})" for scope in report.not_asked),
            *(f"{what} (simulated: no kubelet has ever reported there)" for what in report.simulated),
            NEVER_ASKED,
        ),
        subject=report.subject,
        left_out=report.left_out,
        verdict=verdict_of(report),
        exit_code=report.exit_code,
    )
