"""One line per finding, for `grep` and editors: `FILE:LINE:COLUMN: severity[CODE] message`.

On a terminal, lines are wrapped.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.changes.compare import Action
from blueprint.diagnostics import Diagnostic
from blueprint.report.context import Context
from blueprint.report.escaping import in_ascii, visible
from blueprint.report.model import Run
from blueprint.report.record import ReportContent, actions_in_words, counts_in_words, coverage_in_words, record_of
from blueprint.report.wrapping import on_terminal

_INDENT = 4


def render(run: Run, context: Context) -> str:
    """Findings, the worst first; then changes, what was not examined, and the verdict, one line each."""
    lines = (part for line in _lines(record_of(run)) for part in on_terminal(visible(line), context, _INDENT))
    text = "".join(f"{line}\n" for line in lines)
    return in_ascii(text) if context.ascii_only else text


def _lines(record: ReportContent) -> Iterator[str]:
    yield from (_finding(each.diagnostic) for each in record.findings)
    for change in (*record.platform, *record.changes):
        if change.action is not Action.UNCHANGED:
            yield f"{change.action.value} {change.id}"
    run = record.run
    if run.out_of_scope or run.left_out or any(each.unknown for each in run.coverage):
        yield from coverage_in_words(run)
    changes = f"{actions_in_words(record)}; " if record.actions else ""
    yield f"blueprint {run.verb}: {changes}{counts_in_words(record)}. {record.verdict}"


def _finding(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.at}: " if diagnostic.at else ""
    return f"{place}{diagnostic.severity}[{diagnostic.code.id}] {diagnostic.message}"
