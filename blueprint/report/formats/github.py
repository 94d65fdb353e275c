"""Workflow commands that GitHub shows at the lines of a pull request.

A step may show 10 errors, 10 warnings and 10 notices. GitHub silently drops the rest, so this format stays within these
limits and reports the number of omitted findings.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Severity, Span
from blueprint.report.context import Context
from blueprint.report.escaping import visible
from blueprint.report.model import Run
from blueprint.report.record import (
    ReportContent,
    actions_in_words,
    counts_in_words,
    coverage_in_words,
    record_of,
    waiver_in_words,
)
from blueprint.report.repository_paths import RepositoryPaths
from blueprint.report.suggestion import suggestion

MOST_PER_LEVEL = 10
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(run: Run, context: Context) -> str:
    """Annotations, the worst first; then plain lines with the scope, the counts and the verdict."""
    record = record_of(run)
    return "".join(f"{line}\n" for line in _lines(record, RepositoryPaths(context)))


def _lines(record: ReportContent, paths: RepositoryPaths) -> Iterator[str]:
    shown = _shown(record)
    for diagnostic in shown:
        yield _annotation(diagnostic, paths)
    if more := len(record.findings) - len(shown):
        yield _command("notice", {"title": "blueprint"}, f"{more} more findings are not shown here; see the report")
    for entry in record.waived:
        code = entry.diagnostic.code.id
        yield visible(f"waived {code}: {entry.diagnostic.message} ({waiver_in_words(entry.waiver)})")
    for sentence in coverage_in_words(record.run):
        yield visible(sentence)
    changes = f"{actions_in_words(record)}; " if record.actions else ""
    yield visible(f"blueprint {record.run.verb}: {changes}{counts_in_words(record)}. {record.verdict}")


def _shown(record: ReportContent) -> list[Diagnostic]:
    """At most ten per level; one notice fewer if the line about the rest needs its place."""
    found = [finding.diagnostic for finding in record.findings]
    by_level = {level: [each for each in found if each.severity is level] for level in Severity}
    too_many = any(len(each) > MOST_PER_LEVEL for each in by_level.values())
    room = dict.fromkeys(Severity, MOST_PER_LEVEL)
    if too_many:
        room[Severity.NOTE] -= 1
    return [each for level in Severity for each in by_level[level][: room[level]]]


def _annotation(diagnostic: Diagnostic, paths: RepositoryPaths) -> str:
    properties = _place(diagnostic.at, paths)
    properties["title"] = f"{diagnostic.code.id} {diagnostic.code.slug}"
    return _command(_LEVELS[diagnostic.severity], properties, _message(diagnostic))


def _place(at: Span | None, paths: RepositoryPaths) -> dict[str, str]:
    path = paths.of(at.file) if at else None
    if at is None or path is None:
        return {}
    place = {"file": path, "line": str(at.line), "endLine": str(max(at.end_line, at.line)), "col": str(at.column)}
    if at.end_line == at.line:  # GitHub rejects columns across several lines
        place["endColumn"] = str(max(at.end_column, at.column))
    return place


def _message(diagnostic: Diagnostic) -> str:
    lines = [diagnostic.message]
    if diagnostic.at:
        lines[0] += f" ({diagnostic.at})"
    if diagnostic.label:
        lines.append(diagnostic.label)
    lines += [f"{note.message} ({note.at})" if note.at else note.message for note in diagnostic.notes]
    lines += [f"{name}: {text}" for name, text in diagnostic.evidence]
    if diagnostic.help:
        lines.append(f"help: {diagnostic.help}")
    if diagnostic.fix:
        lines.append(suggestion(diagnostic.fix, diagnostic.at))
    return "\n".join(visible(line) for line in lines)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    attributes = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {attributes}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
