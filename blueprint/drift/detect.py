"""The entry point of drift detection: compares the bundle with the cluster, and with the GPUs of its nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from blueprint.bundle.model import Bundle
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.drift import codes
from blueprint.drift.diagnostics import diagnostics_of
from blueprint.drift.model import DriftReport, ScopeResult
from blueprint.drift.scopes import OBJECTS, SCOPES, DriftRequest
from blueprint.drift.summary import verdict_of
from blueprint.drift.view import View
from blueprint.probe.codes import READING_UNOPENABLE
from blueprint.records import replace
from blueprint.report.model import Run

UNEXAMINED = "objects that the bundle does not declare (a binding to one of its roles, a pod in one of its namespaces)"
"""Objects that no scope covers. Every report lists it, so that it is not assumed to be examined."""


def detect_drift(
    bundle: Bundle,
    view: View | None,
    *,
    scopes: Collection[str] = (OBJECTS.name,),
    readings: Path | None = None,
    dry_run: bool = True,
    now: datetime | None = None,
    oldest: timedelta | None = None,
) -> DriftReport:
    """Compare the actual state with `bundle`. `scopes` are the names of the scopes to examine; see `DriftRequest`.

    Raises:
        Refused: the readings cannot be read, or the server does not even report what it serves (exit code 2).
    """
    request = DriftRequest(bundle, view, readings, dry_run, now, oldest)
    examined = [scope for scope in SCOPES.values() if scope.name in scopes]
    parts = [part for scope in examined for part in scope.examine(request)]
    return _report(request, parts, tuple(name for name in SCOPES if name not in scopes))


def _report(request: DriftRequest, parts: Sequence[ScopeResult], out_of_scope: tuple[str, ...]) -> DriftReport:
    findings = tuple(finding for part in parts for finding in part.findings)
    subject = {"bundle": request.bundle.digest} if request.bundle.digest else {}
    for part in parts:
        subject |= part.subject
    return DriftReport(
        findings,
        (
            *diagnostics_of(findings),
            *(diagnostic for part in parts for diagnostic in part.diagnostics),
            *_remarks(request.view),
        ),
        tuple(coverage for part in parts for coverage in part.coverage),
        out_of_scope,
        tuple(each for part in parts for each in part.left_out),
        subject,
        failed=any(part.failed for part in parts),
        refuted={node: number for part in parts for node, number in part.refuted.items()},
        simulated=tuple(what for part in parts for what in part.simulated),
        checks=tuple(check for part in parts for check in part.checks),
    )


def _remarks(view: View | None) -> tuple[Diagnostic, ...]:
    if view is None or not view.taken:
        return ()
    return (Diagnostic(codes.SNAPSHOT_USED, f"compared with a snapshot of {view.name}, taken at {view.taken}"),)


def without(report: DriftReport, waived: Collection[int]) -> DriftReport:
    """The report without some of its diagnostics, given by index: the first ones correspond to the findings."""
    findings = tuple(each for number, each in enumerate(report.findings) if number not in waived)
    standing = tuple(each for number, each in enumerate(report.diagnostics) if number not in waived)
    errors = [each for each in standing[len(findings) :] if _contradicts(each)]
    on_nodes = Counter(each.subject for each in errors)
    refuted = {
        node: min(number, on_nodes[f"Node/{node}"])
        for node, number in report.refuted.items()
        if on_nodes[f"Node/{node}"]
    }
    failed = bool(errors) or any(finding.is_drift for finding in findings)
    return replace(report, findings=findings, diagnostics=standing, failed=failed, refuted=refuted)


def _contradicts(diagnostic: Diagnostic) -> bool:
    """Whether a diagnostic that is not a finding counts as drift. A reading that cannot be opened is unknown."""
    return diagnostic.severity is Severity.ERROR and diagnostic.code is not READING_UNOPENABLE


def as_run(report: DriftReport, title: str) -> Run:
    """The report as a run, for all formats."""

    def reassess(waived: Collection[int]) -> tuple[str, int]:
        """Verdict and exit code without the waived findings, given by index."""
        rest = without(report, waived)
        return verdict_of(rest), rest.exit_code

    return Run(
        verb="drift",
        title=title,
        diagnostics=report.diagnostics,
        coverage=report.coverage,
        out_of_scope=(
            *(f"{scope} ({SCOPES[scope].about})" for scope in report.out_of_scope),
            *(f"{what} (simulated: no kubelet has ever reported there)" for what in report.simulated),
            UNEXAMINED,
        ),
        subject=report.subject,
        left_out=report.left_out,
        verdict=verdict_of(report),
        exit_code=report.exit_code,
        reassess=reassess,
        checks=report.checks,
    )
