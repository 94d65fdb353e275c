"""SARIF 2.1.0 for code scanning, within the limits of code hosts: 25,000 results, 1,000 locations each."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from blueprint.diagnostics import Code, Diagnostic, Severity, Span
from blueprint.report.context import Context
from blueprint.report.document import carried
from blueprint.report.model import Run
from blueprint.report.record import (
    ReportContent,
    ReportEntry,
    WaivedEntry,
    counts_in_words,
    coverage_in_words,
    record_of,
    waiver_in_words,
)
from blueprint.report.repository_paths import RepositoryPaths

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
MOST_RESULTS = 25_000
MOST_PLACES = 1_000
ROOT = "SRCROOT"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def render(run: Run, context: Context) -> str:
    """One SARIF run. Results beyond the limits are counted in a notification; nothing is dropped silently."""
    record = record_of(run)
    diagnostics = [e.diagnostic for e in record.findings] + [e.diagnostic for e in record.waived]
    codes = sorted({diagnostic.code.id: diagnostic.code for diagnostic in diagnostics}.items())
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver([code for _, code in codes], context)},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
                "invocations": [_invocation(record)],
                "results": _Results({key: n for n, (key, _) in enumerate(codes)}, context).of(record),
                "properties": _properties(record),
            }
        ],
    }
    return json.dumps(carried(log), indent=1, ensure_ascii=True) + "\n"


def _driver(codes: list[Code], context: Context) -> dict[str, Any]:
    return {
        "name": "blueprint",
        "fullName": "gpu-platform-blueprint",
        "version": context.version,
        "rules": [_rule(code) for code in codes],
    }


def _rule(code: Code) -> dict[str, Any]:
    about = " ".join(code.about.split())
    return {
        "id": code.id,
        "name": code.slug,
        "shortDescription": {"text": code.slug.replace("-", " ")},
        "fullDescription": {"text": about or code.slug},
        "help": {"text": about or code.slug, "markdown": code.about or code.slug},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }


def _invocation(record: ReportContent) -> dict[str, Any]:
    """Whether the run succeeded, and what it did not examine."""
    sentences = coverage_in_words(record.run)
    if (left_out := len(record.findings) + len(record.waived) - MOST_RESULTS) > 0:
        sentences.append(f"{left_out} more results are not in this file; the JSON report has all.")
    unknown = any(coverage.unknown for coverage in record.run.coverage)
    return {
        "executionSuccessful": record.run.exit_code in {0, 1, 3},
        "exitCode": record.run.exit_code,
        "exitCodeDescription": record.verdict,
        "toolExecutionNotifications": [
            {"level": "warning" if unknown or left_out > 0 else "note", "message": {"text": sentence}}
            for sentence in sentences
        ],
    }


def _properties(record: ReportContent) -> dict[str, Any]:
    return {
        "verb": record.run.verb,
        "title": record.run.title,
        "outcome": record.outcome,
        "verdict": record.verdict,
        "counts": {severity.value: number for severity, number in record.counts.items()},
        "changeCounts": {action.value: number for action, number in record.actions.items()},
        "summary": counts_in_words(record),
    }


class _Results:
    """The results of one run, which refer to rules by index and to files by repository path."""

    def __init__(self, rule_index: dict[str, int], context: Context) -> None:
        self._rule_index = rule_index
        self._paths = RepositoryPaths(context)

    def of(self, record: ReportContent) -> list[dict[str, Any]]:
        """The results of a run in SARIF form, at most MOST_RESULTS: findings first, then waived ones as suppressed."""
        fallback = self._paths.first_of(record)
        results = [self._result(finding, fallback) for finding in record.findings[:MOST_RESULTS]]
        room = MOST_RESULTS - len(results)
        return results + [self._suppressed(entry, fallback) for entry in record.waived[:room]]

    def _suppressed(self, entry: WaivedEntry, fallback: str | None) -> dict[str, Any]:
        """A waived result: code hosts show it as dismissed."""
        waiver = entry.waiver
        suppression: dict[str, Any] = {
            "kind": "inSource" if waiver.is_comment else "external",
            "status": "accepted",
            "justification": waiver_in_words(waiver),
        }
        if physical := self._physical(waiver.at):
            suppression["location"] = {"physicalLocation": physical}
        return {**self._result(entry, fallback), "suppressions": [suppression]}

    def _result(self, finding: ReportEntry | WaivedEntry, fallback: str | None) -> dict[str, Any]:
        diagnostic = finding.diagnostic
        result: dict[str, Any] = {
            "ruleId": diagnostic.code.id,
            "ruleIndex": self._rule_index[diagnostic.code.id],
            "level": _LEVELS[diagnostic.severity],
            "message": {"text": _message(diagnostic)},
            "partialFingerprints": {"blueprint/v1": finding.fingerprint},
        }
        if location := self._location(diagnostic, fallback):
            result["locations"] = [location]
        if related := self._related(diagnostic):
            result["relatedLocations"] = related
        if fixes := self._fixes(diagnostic):
            result["fixes"] = fixes
        return result

    def _location(self, diagnostic: Diagnostic, fallback: str | None) -> dict[str, Any]:
        """The location. Code hosts drop results without a file, so those refer to a first line."""
        location: dict[str, Any] = {}
        if physical := self._physical(diagnostic.at):
            location["physicalLocation"] = physical
        elif fallback:
            location["physicalLocation"] = {"artifactLocation": _artifact(fallback), "region": {"startLine": 1}}
        if diagnostic.subject:
            name = "#".join(part for part in (diagnostic.subject, diagnostic.path) if part)
            location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "object"}]
        return location

    def _related(self, diagnostic: Diagnostic) -> list[dict[str, Any]]:
        related = []
        for number, note in enumerate(diagnostic.notes[:MOST_PLACES], start=1):
            if physical := self._physical(note.at):
                place = {"id": number, "physicalLocation": physical, "message": {"text": note.message or "see also"}}
                related.append(place)
        return related

    def _fixes(self, diagnostic: Diagnostic) -> list[dict[str, Any]]:
        fix = diagnostic.fix
        physical = self._physical(fix.at) if fix else None
        if fix is None or physical is None:
            return []
        replacement = {"deletedRegion": physical["region"], "insertedContent": {"text": fix.replacement}}
        change = {"artifactLocation": physical["artifactLocation"], "replacements": [replacement]}
        return [{"description": {"text": f"Put {fix.replacement or 'nothing'} here."}, "artifactChanges": [change]}]

    def _physical(self, span: Span | None) -> dict[str, Any] | None:
        path = self._paths.of(span.file) if span else None
        if span is None or path is None:
            return None
        return {"artifactLocation": _artifact(path), "region": _region(span)}


def _artifact(path: str) -> dict[str, str]:
    return {"uri": quote(path.encode("utf-8", "replace")), "uriBaseId": ROOT}


def _region(span: Span) -> dict[str, int]:
    return {
        "startLine": max(span.line, 1),
        "startColumn": max(span.column, 1),
        "endLine": max(span.end_line, span.line, 1),
        "endColumn": max(span.end_column, 1),
    }


def _message(diagnostic: Diagnostic) -> str:
    """Message, remarks without a location, evidence and help: a code host shows nothing else."""
    parts = [diagnostic.message]
    if diagnostic.label:
        parts.append(diagnostic.label)
    parts += [note.message for note in diagnostic.notes if note.at is None]
    parts += [f"{name}: {text}" for name, text in diagnostic.evidence]
    if diagnostic.help:
        parts.append(f"help: {diagnostic.help}")
    return "\n".join(parts)
