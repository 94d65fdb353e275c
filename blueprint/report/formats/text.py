"""Text for terminals: findings with line and caret, changes with marks, the verdict last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from blueprint.diagnostics import Diagnostic, Severity, Span
from blueprint.report.changes import change_lines
from blueprint.report.context import Context
from blueprint.report.escaping import cells, in_ascii, visible
from blueprint.report.excerpt import excerpt
from blueprint.report.model import Run
from blueprint.report.placements import HEAD, details_of, outcome_in_words, pods_in_words
from blueprint.report.record import (
    ReportContent,
    actions_in_words,
    counts_in_words,
    coverage_in_words,
    record_of,
    waiver_in_words,
)
from blueprint.report.style import Style
from blueprint.report.suggestion import suggestion
from blueprint.report.summary import Group, grouped, summary_of
from blueprint.report.wrapping import on_terminal, wrapped

_GUTTER, _LEAD = 8, 4
_WIDEST = 56
"""The maximum width of a column in cells; selectors can have any length, and the JSON report contains them in full."""
_WHOLE = 50
"""The maximum number of findings shown in full; above it, those after the first of their code are shown in one line
each.
"""
_FIRST = 3
_BRIEF = 6
"""The maximum number of lines of a brief finding, counting wrapped lines once."""
_PLACES = 3
"""The maximum number of additional lines to which a finding refers, if they only contributed."""


def render(run: Run, context: Context) -> str:
    """The run as text. Only `context.width`, `color`, `ascii_only` and `verbose` affect the presentation."""
    record = record_of(run)
    text = "\n".join(_lines(record, context)) + "\n"
    return in_ascii(text) if context.ascii_only else text


def _lines(record: ReportContent, context: Context) -> Iterator[str]:
    style = Style(context.color)
    if record.run.title:
        yield from map(style.bold, _headline(visible(record.run.title), context))
        yield ""
    found = [finding.diagnostic for finding in record.findings]
    yield from _summary(found, context, style)
    yield from _findings(found, context, style)
    yield from _waived(record, context, style)
    left_out = record.run.on_screen if context.terminal else frozenset()
    objects = [each for each in record.changes if each.id not in left_out]
    for heading, changes in (("Platform", record.platform), ("Objects", objects)):
        if changes:
            if record.platform:
                yield style.bold(heading)
            yield from change_lines(changes, context, style)
            yield ""
    if record.run.placements:
        yield from _placements(record, context, style)
        yield ""
    if record.run.images:
        yield from (visible(f"  {image.ref}  ({image.component})") for image in record.run.images)
        yield ""
    yield from _ending(record, context, style)


def _placements(record: ReportContent, context: Context, style: Style) -> Iterator[str]:
    """One line per workload with aligned columns; details follow below if they do not fit.

    If the columns do not fit on a terminal, everything except the name of the workload is below it.
    """
    placed = record.run.placements
    rows = [HEAD, *((one.workload, one.requests, pods_in_words(one), outcome_in_words(one)) for one in placed)]
    details = ["", *(visible(details_of(one)) for one in placed)]
    shown = [[_cut(visible(cell)) for cell in row] for row in rows]
    *widths, last = (max(map(cells, column)) for column in zip(*shown, strict=True))
    if context.terminal and sum(widths) + last + 2 * len(rows[0]) > context.width:
        for one, (name, requests, pods, outcome), more in zip(placed, shown[1:], details[1:], strict=True):
            yield f"  {name}"
            of_pods = f"{pods} pod{'' if one.pods == 1 else 's'}"
            yield from wrapped(f"      {requests}, {of_pods}, {outcome}{more and f': {more}'}", context, 6)
        return
    for number, (row, more) in enumerate(zip(shown, details, strict=True)):
        *columns, outcome = row
        padded = [text + " " * (width - cells(text)) for text, width in zip(columns, widths, strict=True)]
        line = "  " + "  ".join([*padded, outcome])
        fits = not more or cells(f"{line}: {more}") <= context.width
        whole = f"{line}: {more}" if more and fits else line
        yield style.bold(whole) if not number else whole
        if not fits:
            yield from wrapped(f"      {more}", context, 6)


def _cut(text: str) -> str:
    return text if cells(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."


def _summary(diagnostics: Sequence[Diagnostic], context: Context, style: Style) -> Iterator[str]:
    """A short summary: by danger, the writers and the time, and what a repair restarts."""
    summary = summary_of(diagnostics)
    if summary is None:
        return
    yield from map(style.bold, wrapped(visible(summary.headline), context, _LEAD))
    widest = max(cells(visible(writer)) for writer, _ in summary.writers)
    for writer, text in summary.writers:
        name = visible(writer)
        yield from wrapped(f"    {name}{' ' * (widest - cells(name))}  {visible(text)}", context)
    if summary.restarts:
        yield from wrapped(f"    a repair restarts {visible(summary.restarts)}", context)
    yield ""


def _findings(diagnostics: Sequence[Diagnostic], context: Context, style: Style) -> Iterator[str]:
    groups = list(map(Group, diagnostics)) if context.verbose else grouped(diagnostics)
    most = len(groups) if context.verbose or len(groups) <= _WHOLE else _FIRST
    shown: Counter[str] = Counter()
    short = 0
    for group in groups:
        code = group.first.code.id
        shown[code] += 1
        if shown[code] <= most:
            if short:
                yield ""
            yield from _diagnostic(group, context, style, explain=shown[code] == 1)
            yield ""
            short = 0
        else:
            yield from _one_line(group, context, style)
            short += 1
    if short:
        yield ""
    cut = sum(number - most for number in shown.values() if number > most)
    yield from (style.dim(line) for hint in _hints(groups, cut, context) for line in wrapped(hint, context))


def _hints(groups: Sequence[Group], cut: int, context: Context) -> Iterator[str]:
    """Hints about details that the findings omit, and how to show them."""
    if cut:
        yield f"{cut} of {len(groups)} findings are shown in one line each; -v shows them in full."
    brief = [group.first.code.id for group in groups if _is_brief(group.first, context)]
    if brief:
        yield f"-v adds all evidence; `blueprint explain {brief[0]}` explains a code."


def _waived(record: ReportContent, context: Context, style: Style) -> Iterator[str]:
    """All waived findings in verbose mode, otherwise their number."""
    if not record.waived:
        return
    if context.verbose:
        for entry in record.waived:
            diagnostic, waiver = entry.diagnostic, entry.waiver
            place = f" {style.place(visible(str(diagnostic.at)))}" if diagnostic.at else ""
            yield f"waived[{diagnostic.code.id}]{place} {visible(diagnostic.message)}"
            yield from wrapped(f"  = {visible(waiver_in_words(waiver))} ({visible(str(waiver.at))})", context)
    else:
        yield style.dim(f"waived: {len(record.waived)}; -v shows them with reason, owner and day of expiry.")
    yield ""


def _one_line(group: Group, context: Context, style: Style) -> Iterator[str]:
    diagnostic = group.first
    head = style.severity(f"{diagnostic.severity}[{diagnostic.code.id}]", diagnostic.severity)
    place = f" {style.place(visible(str(diagnostic.at)))}" if diagnostic.at else ""
    yield f"{head}{place} {visible(diagnostic.message)}"
    if group.others:
        yield from wrapped(f"  = {visible(group.in_words)}", context)


def _ending(record: ReportContent, context: Context, style: Style) -> Iterator[str]:
    if context.verbose:
        yield from _skipped_rules(record, context)
    for sentence in coverage_in_words(record.run):
        if sentence.removeprefix("Examined: ").removesuffix(".") not in record.verdict:  # no number twice
            yield from wrapped(visible(sentence), context)
    counts = counts_in_words(record)
    if record.actions:
        counts = f"{actions_in_words(record)}; {counts}" if record.findings else actions_in_words(record)
    worst = next((severity for severity, number in record.counts.items() if number), None)
    counts = counts[:1].upper() + counts[1:]
    counted = style.severity(counts, worst) if worst else style.bold(counts)
    first, *rest = _headline(f"{counts}. {visible(record.verdict)}", context)
    yield f"{counted}{first.removeprefix(counts)}" if first.startswith(counts) else first
    yield from rest


def _skipped_rules(record: ReportContent, context: Context) -> Iterator[str]:
    """Codes of the rules that did not run, by reason."""
    by_reason: dict[str, dict[str, None]] = {}
    for each in record.run.skipped_rules:
        by_reason.setdefault(each.reason, {}).update(dict.fromkeys(each.codes))
    for reason, codes in sorted(by_reason.items()):
        yield from wrapped(f"Rules that did not run: {', '.join(sorted(codes))}: {visible(reason)}.", context)


def _is_brief(diagnostic: Diagnostic, context: Context) -> bool:
    """Whether it has evidence for auditors, and is therefore shown in at most six lines."""
    return bool(diagnostic.at_length) and not context.verbose


def _head(diagnostic: Diagnostic, context: Context, style: Style) -> Iterator[str]:
    severity = f"{diagnostic.severity}[{diagnostic.code.id}]"
    danger = f" ({diagnostic.danger})" if diagnostic.danger else ""
    start = f"{severity} {diagnostic.code.slug}{danger}: "
    first, *rest = _headline(f"{start}{visible(diagnostic.message)}", context)
    if not first.startswith(start):
        yield first
    else:
        plain = start.removeprefix(severity)
        yield f"{style.severity(severity, diagnostic.severity)}{plain}{style.bold(first.removeprefix(start))}"
    yield from map(style.bold, rest)


def _diagnostic(group: Group, context: Context, style: Style, *, explain: bool) -> Iterator[str]:
    diagnostic = group.first
    yield from _head(diagnostic, context, style)
    if _is_brief(diagnostic, context):
        yield from _in_brief(diagnostic, context, style)
    else:
        yield from _in_full(diagnostic, context, style, explain=explain)
    if group.others:
        yield from wrapped(f"  = {visible(group.in_words)}", context)


def _in_brief(diagnostic: Diagnostic, context: Context, style: Style) -> Iterator[str]:
    """The line, the differences inside it, the writer, what to do: with the headline at most six lines."""
    room = _BRIEF - 1
    remarks = [note.message for note in diagnostic.notes if note.at is None]
    facts = list(_facts(diagnostic))
    room -= bool(facts) + bool(diagnostic.help)
    if diagnostic.at:
        yield f"  {style.dim('-->')} {style.place(visible(str(diagnostic.at)))}"
        room -= 1
        if room > len(remarks) and (lines := excerpt(diagnostic.at, context, _GUTTER)):
            yield f"{style.dim(f'{lines[0].number:5} |')} {lines[0].text}"
            room -= 1
    shown = remarks if len(remarks) <= room else remarks[:room]
    for number, remark in enumerate(shown, start=1):
        more = f" (and {len(remarks) - number} more: -v)" if number == len(shown) < len(remarks) else ""
        yield from wrapped(f"  = {visible(remark)}{more}", context)
    if facts:
        yield from wrapped(f"  = {visible(', '.join(facts))}", context)
    if diagnostic.help:
        yield from wrapped(f"  = help: {visible(diagnostic.help)}", context)


def _facts(diagnostic: Diagnostic) -> Iterator[str]:
    """Evidence beyond the headline."""
    yield from (f"{name} {text}" for name, text in _subject(diagnostic))
    for name, text in diagnostic.evidence:
        if name == "restarts":
            what = text.removesuffix(f" of {diagnostic.subject}").removesuffix(f" ({diagnostic.subject})")
            yield f"a repair restarts {what}"
        elif name not in {*diagnostic.at_length, "cause"} and not (name == "writer" and text in diagnostic.message):
            yield f"{name} {text}"


def _in_full(diagnostic: Diagnostic, context: Context, style: Style, *, explain: bool) -> Iterator[str]:
    severity = diagnostic.severity
    if diagnostic.at:
        yield from _place("-->", diagnostic.at, diagnostic.label, context, style, severity)
    elif diagnostic.label:
        yield f"  = {visible(diagnostic.label)}"
    places = [note for note in diagnostic.notes if note.at]
    folded = places[_PLACES:] if len(places) > _PLACES + 1 and not context.verbose and _may_fold(diagnostic) else []
    for note in diagnostic.notes:
        if note in folded:
            continue
        if note.at:
            yield from _place(":::", note.at, note.message, context, style, None)
        else:
            yield from wrapped(f"  = note: {visible(note.message)}", context)
    if folded:
        yield from wrapped(f"  = and {len(folded)} more lines that contributed; -v lists them", context)
    yield from _evidence(diagnostic, context)
    if diagnostic.help:
        yield from wrapped(f"  = help: {visible(diagnostic.help)}", context)
    if asides := _asides(diagnostic, explain=explain):
        yield f"  = {'    '.join(asides)}"


def _may_fold(diagnostic: Diagnostic) -> bool:
    """Whether its locations may be folded, because they only contributed. Answers of `trace` are never folded."""
    return any("took part" in note.message for note in diagnostic.notes)


def _place(
    arrow: str, span: Span, label: str, context: Context, style: Style, severity: Severity | None
) -> Iterator[str]:
    yield f"  {style.dim(arrow)} {style.place(visible(str(span)))}"
    mark = "^" if severity else "-"
    marked = excerpt(span, context, _GUTTER)
    previous = None
    for line in marked:
        if previous and line.number > previous + 1:
            yield style.dim("      ...")
        yield f"{style.dim(f'{line.number:5} |')} {line.text}"
        caption = f" {visible(label)}" if label and line is marked[-1] else ""
        under = style.severity(mark * line.length + caption, severity) if severity else mark * line.length + caption
        yield f"{style.dim('      |')} {' ' * line.indent}{under}"
        previous = line.number
    if not marked and label:
        yield f"{style.dim('      |')} {visible(label)}"


def _evidence(diagnostic: Diagnostic, context: Context) -> Iterator[str]:
    left = frozenset() if context.verbose else diagnostic.at_length
    evidence = (pair for pair in diagnostic.evidence if pair[0] not in left)
    pairs = [(visible(name), visible(text)) for name, text in (*_subject(diagnostic), *evidence)]
    widest = max((cells(name) for name, _ in pairs), default=0)
    for name, text in pairs:
        line = f"    {name}{' ' * (widest - cells(name))}  {text}".rstrip()
        yield from on_terminal(line, context, min(widest + 6, context.width // 3))


def _subject(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """Object and field, unless the message contains both."""
    parts = [part for part in (diagnostic.subject, diagnostic.path) if part]
    if diagnostic.subject and not all(part in diagnostic.message for part in parts):
        yield "object", "  ".join(parts)


def _asides(diagnostic: Diagnostic, *, explain: bool) -> list[str]:
    asides = [suggestion(diagnostic.fix, diagnostic.at)] if diagnostic.fix else []
    if explain:
        asides.append(f"blueprint explain {diagnostic.code.id}")
    return asides


def _headline(text: str, context: Context) -> Iterator[str]:
    return on_terminal(text, context, _LEAD)
