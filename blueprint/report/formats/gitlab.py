"""Code quality for GitLab: findings at the lines of a merge request."""

from __future__ import annotations

import json
from typing import Any

from blueprint.diagnostics import Severity
from blueprint.report.context import Context
from blueprint.report.document import carried
from blueprint.report.model import Run
from blueprint.report.record import ReportEntry, record_of
from blueprint.report.repository_paths import RepositoryPaths

_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(run: Run, context: Context) -> str:
    """The array that GitLab documents. Waived findings are omitted, because it would show them as open."""
    record = record_of(run)
    paths = RepositoryPaths(context)
    fallback = paths.first_of(record) or "blueprint.yaml"
    issues = [_issue(finding, paths, fallback) for finding in record.findings]
    return json.dumps(carried(issues), indent=1, ensure_ascii=True) + "\n"


def _issue(finding: ReportEntry, paths: RepositoryPaths, fallback: str) -> dict[str, Any]:
    """One issue. GitLab drops issues without a path, so those without a file in the repository refer to a first
    line.
    """
    diagnostic = finding.diagnostic
    at = diagnostic.at
    path = paths.of(at.file) if at else None
    line = at.line if at and path else 1
    return {
        "description": f"{diagnostic.code.id} {diagnostic.code.slug}: {diagnostic.message}",
        "check_name": diagnostic.code.id,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[diagnostic.severity],
        "location": {"path": path or fallback, "lines": {"begin": line}},
    }
