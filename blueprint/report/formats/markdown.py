"""Markdown for pull request comments and job summaries, within the comment limit of 65,536 characters.

With many findings or changes, the details are folded.

Everything from outside is in code spans or code blocks: there it cannot become a link, a heading, HTML or a mention.
"""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Iterable, Iterator

from blueprint.changes.compare import Action, FieldChange, ObjectChange
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.patterns import lazy_pattern
from blueprint.report.changes import MARKS, block_diff, only_labels, origin_text, split_label_changes, values_text
from blueprint.report.context import Context
from blueprint.report.escaping import visible
from blueprint.report.excerpt import excerpt
from blueprint.report.model import Run
from blueprint.report.placements import HEAD, rows_of
from blueprint.report.record import (
    ReportContent,
    actions_in_words,
    counts_in_words,
    left_out_by_reason,
    record_of,
    waiver_in_words,
)
from blueprint.report.suggestion import suggestion
from blueprint.wording import counted

MOST_BYTES = 65_000
_MOST_OPEN = 5
"""The maximum number of findings, and of an object's fields, that are shown unfolded; above it, all are folded."""
_ACTIVE = lazy_pattern(r"([\\`*_{}\[\]<>#|~!&])")
_LINKED_BY_HOSTS = lazy_pattern(r"\S*(?:@|://|www\.|#\d)\S*")  # mentions, bare addresses, issue numbers
_WORDS = {Severity.ERROR: "Error", Severity.WARNING: "Warning", Severity.NOTE: "Note"}


def render(run: Run, context: Context) -> str:
    """The verdict first, then findings and changes; what does not fit is counted at the end."""
    record = record_of(run)
    head = "\n".join(_head(record))
    blocks = [
        *_findings(record, context),
        *_waived(record),
        *_platform(record),
        *_changes(record.changes),
        *_placements(run),
        *_images(run),
    ]
    room = MOST_BYTES - len(head.encode("utf-8", "replace"))
    fitting = list(_fitting(blocks, room))
    if more := len(blocks) - len(fitting):
        fitting.append(f"_{more} more entries do not fit here; the JSON report has all._\n")
    return "\n".join([head, *fitting])


def inline(text: str) -> str:
    """External text as a code span."""
    shown = visible(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{fence}{pad}{shown or ' '}{pad}{fence}"


def prose(text: str) -> str:
    """An external sentence: Markdown syntax is escaped, and what hosts turn into links is code."""
    escaped, at, shown = "", 0, visible(text)
    for found in _LINKED_BY_HOSTS.finditer(shown):
        escaped += _ACTIVE.sub(r"\\\1", shown[at : found.start()]) + inline(found[0])
        at = found.end()
    return escaped + _ACTIVE.sub(r"\\\1", shown[at:])


def block(text: str, language: str = "text") -> str:
    """A code block whose fence is longer than any in `text`."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _head(record: ReportContent) -> Iterator[str]:
    run = record.run
    yield f"## blueprint {prose(run.verb)}"
    yield ""
    changes = f"{actions_in_words(record)}; " if record.actions else ""
    yield f"**{changes}{counts_in_words(record)}.** {prose(record.verdict)}"
    yield ""
    if run.title:
        yield f"{prose(run.title)}\n"
    if run.subject:
        yield from _table(
            ("", ""), ((prose(key), inline(value).replace("|", "\\|")) for key, value in run.subject.items())
        )
    if run.coverage or run.out_of_scope or run.left_out:
        yield from _table(("Scope", "Examined", "Unknown", "Why"), _coverage(run))


def _coverage(run: Run) -> Iterator[tuple[str, ...]]:
    for each in run.coverage:
        yield prose(each.scope), str(each.examined), str(each.unknown), prose(each.reason)
    for scope in run.out_of_scope:
        yield prose(scope), "not requested", "", ""
    for reason, number in left_out_by_reason(run).items():
        yield "left out", str(number), "", prose(reason)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    names = list(head)
    yield f"| {' | '.join(names)} |"
    yield f"|{' --- |' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _findings(record: ReportContent, context: Context) -> Iterator[str]:
    folded = len(record.findings) > _MOST_OPEN
    for number, finding in enumerate(record.findings):
        heading = "### Findings\n\n" if number == 0 else ""
        yield heading + "\n".join(_finding(finding.diagnostic, context, folded=folded))


def _finding(diagnostic: Diagnostic, context: Context, *, folded: bool) -> Iterator[str]:
    word = _WORDS[diagnostic.severity]
    yield f"**{word} {diagnostic.code.id} {diagnostic.code.slug}**: {prose(diagnostic.message)}"
    yield ""
    facts = [f"- {name}: {text}" for name, text in _facts(diagnostic)]
    picture = _picture(diagnostic, context)
    body = "\n\n".join(part for part in ("\n".join(facts), block(picture) if picture else "") if part)
    if body:
        place = f"<code>{html.escape(visible(str(diagnostic.at)))}</code>" if diagnostic.at else "details"
        yield _folded(place, body) if folded else f"{body}\n"


def _folded(summary: str, body: str) -> str:
    """A collapsible section; `summary` is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{body.rstrip()}\n\n</details>\n"


def _facts(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    if diagnostic.at:
        yield "at", inline(str(diagnostic.at))
    if diagnostic.subject:
        yield "object", inline(" ".join(part for part in (diagnostic.subject, diagnostic.path) if part))
    for note in diagnostic.notes:
        yield "note", f"{prose(note.message)} {inline(str(note.at))}" if note.at else prose(note.message)
    for name, text in diagnostic.evidence:
        yield prose(name), inline(text)
    if diagnostic.help:
        yield "help", prose(diagnostic.help)
    if diagnostic.fix:
        yield "suggestion", inline(suggestion(diagnostic.fix, diagnostic.at))


def _picture(diagnostic: Diagnostic, context: Context) -> str:
    marked = excerpt(diagnostic.at, context) if diagnostic.at else ()
    lines = []
    for line in marked:
        if line is not marked[0] and line.number > marked[0].number + 1:
            lines.append("      ...")
        label = f" {visible(diagnostic.label)}" if diagnostic.label and line is marked[-1] else ""
        lines.append(f"{line.number:5} | {line.text}")
        lines.append(f"      | {' ' * line.indent}{'^' * line.length}{label}")
    return "\n".join(lines)


def _waived(record: ReportContent) -> Iterator[str]:
    for number, entry in enumerate(record.waived):
        diagnostic, waiver = entry.diagnostic, entry.waiver
        at = f" {inline(str(diagnostic.at))}" if diagnostic.at else ""
        line = f"- {diagnostic.code.id} {diagnostic.code.slug}: {prose(diagnostic.message)}{at}"
        why = f"  - {prose(waiver_in_words(waiver))} ({inline(str(waiver.at))})"
        yield ("### Waived\n\n" if number == 0 else "") + f"{line}\n{why}\n"


def _platform(record: ReportContent) -> Iterator[str]:
    for number, change in enumerate(record.platform):
        yield ("### Platform\n\n" if number == 0 else "") + _change(change)


def _changes(changes: tuple[ObjectChange, ...]) -> Iterator[str]:
    shown, labelled = split_label_changes(changes)
    for number, change in enumerate(shown):
        yield ("### Changes\n\n" if number == 0 else "") + _change(change)
    if labelled:
        yield f"- `~` {prose(only_labels(labelled))}\n"
    if unchanged := sum(change.action is Action.UNCHANGED for change in changes):
        yield f"- `=` {unchanged} unchanged\n"


def _change(change: ObjectChange) -> str:
    reason = f" ({prose(change.reason)})" if change.reason else ""
    head = f"- `{MARKS[change.action]}` {change.action.value} {inline(str(change.id))}{reason}"
    if len(change.fields) <= _MOST_OPEN:
        return "\n".join([head, *(_field(field) for field in change.fields)])
    fields = "\n".join(_field(field) for field in change.fields)
    return f"{head}\n\n{textwrap.indent(_folded(f'{len(change.fields)} fields', fields), '  ')}\n"


def _placements(run: Run) -> Iterator[str]:
    if run.placements:
        rows = (
            (inline(name), prose(requests), pods, prose(outcome))
            for name, requests, pods, outcome in rows_of(run.placements)
        )
        yield "### Workloads\n\n" + "\n".join(_table(HEAD, rows)) + "\n"


def _images(run: Run) -> Iterator[str]:
    if run.images:
        rows = ((inline(image.ref), inline(image.digest or ""), prose(image.component)) for image in run.images)
        table = "\n".join(_table(("Image", "Digest", "Component"), rows))
        yield "### Images\n\n" + _folded(counted(len(run.images), "image"), table)


def _field(field: FieldChange) -> str:
    origin = f" {prose(origin_text(field.origin))}" if field.origin else ""
    if lines := block_diff(field):
        picture = textwrap.indent(block("\n".join(lines), "diff"), "    ")
        return f"  - {inline(field.shown)}{origin}\n\n{picture}\n"
    return f"  - {inline(field.shown)}: {inline(values_text(field))}{origin}"


def _fitting(blocks: list[str], room: int) -> Iterator[str]:
    for each in blocks:
        room -= len(each.encode("utf-8", "replace")) + 1
        if room < 200:  # noqa: PLR2004 - the line that counts the rest needs a place
            return
        yield each
