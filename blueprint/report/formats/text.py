"""For people at a terminal: findings with line and caret, changes with marks, the verdict last."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from blueprint.diagnostics import Diagnostic, Severity, Span
from blueprint.report.changes import change_lines
from blueprint.report.context import Context
from blueprint.report.escaping import cells, in_ascii, visible
from blueprint.report.excerpt import excerpt
from blueprint.report.model import Run
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

_GUTTER = 8
_CODE, _HELD = re.compile(r"`[^`]*`"), "\u2060"
_WHOLE = 50
"""So many findings are told in full; of more, those after the first of their code are told in one line each."""
_FIRST = 3


def render(run: Run, context: Context) -> str:
    """The run as text. Only `context.width`, `color`, `ascii_only` and `verbose` influence how it looks."""
    record = record_of(run)
    text = "\n".join(_lines(record, context)) + "\n"
    return in_ascii(text) if context.ascii_only else text


def _lines(record: ReportContent, context: Context) -> Iterator[str]:
    style = Style(context.color)
    if record.run.title:
        yield style.bold(visible(record.run.title))
        yield ""
    yield from _findings([finding.diagnostic for finding in record.findings], context, style)
    yield from _waived(record, context, style)
    for heading, changes in (("What the platform is", record.platform), ("Objects", record.changes)):
        if changes:
            if record.platform:
                yield style.bold(heading)
            yield from change_lines(changes, context, style)
            yield ""
    if record.run.images:
        yield from (visible(f"  {image.ref}  ({image.component})") for image in record.run.images)
        yield ""
    yield from _ending(record, context, style)


def _findings(diagnostics: Sequence[Diagnostic], context: Context, style: Style) -> Iterator[str]:
    most = len(diagnostics) if context.verbose or len(diagnostics) <= _WHOLE else _FIRST
    shown: Counter[str] = Counter()
    short = 0
    for diagnostic in diagnostics:
        code = diagnostic.code.id
        shown[code] += 1
        if shown[code] <= most:
            if short:
                yield ""
            yield from _diagnostic(diagnostic, context, style, explain=shown[code] == 1)
            yield ""
            short = 0
        else:
            yield _one_line(diagnostic, style)
            short += 1
    if short:
        yield ""
    if cut := sum(number - most for number in shown.values() if number > most):
        yield style.dim(f"{cut} of {len(diagnostics)} findings are shown in one line each; -v shows them in full.")


def _waived(record: ReportContent, context: Context, style: Style) -> Iterator[str]:
    """Each waived finding at length, their number otherwise."""
    if not record.waived:
        return
    if context.verbose:
        for entry in record.waived:
            diagnostic, waiver = entry.diagnostic, entry.waiver
            place = f" {style.place(visible(str(diagnostic.at)))}" if diagnostic.at else ""
            yield f"waived[{diagnostic.code.id}]{place} {visible(diagnostic.message)}"
            yield from _wrapped(f"  = {visible(waiver_in_words(waiver))} ({visible(str(waiver.at))})", context)
    else:
        yield style.dim(f"waived: {len(record.waived)}; -v shows them with reason, owner and day of expiry.")
    yield ""


def _one_line(diagnostic: Diagnostic, style: Style) -> str:
    head = style.severity(f"{diagnostic.severity}[{diagnostic.code.id}]", diagnostic.severity)
    place = f" {style.place(visible(str(diagnostic.at)))}" if diagnostic.at else ""
    return f"{head}{place} {visible(diagnostic.message)}"


def _ending(record: ReportContent, context: Context, style: Style) -> Iterator[str]:
    if context.verbose:
        yield from _skipped_rules(record, context)
    for sentence in coverage_in_words(record.run):
        yield from _wrapped(visible(sentence), context)
    counts = counts_in_words(record)
    if record.actions:
        counts = f"{actions_in_words(record)}; {counts}" if record.findings else actions_in_words(record)
    worst = next((severity for severity, number in record.counts.items() if number), None)
    counts = counts[:1].upper() + counts[1:]
    counted = style.severity(counts, worst) if worst else style.bold(counts)
    yield f"{counted}. {visible(record.verdict)}"


def _skipped_rules(record: ReportContent, context: Context) -> Iterator[str]:
    """Codes of the rules that did not run, by the reason."""
    by_reason: dict[str, dict[str, None]] = {}
    for each in record.run.skipped_rules:
        by_reason.setdefault(each.reason, {}).update(dict.fromkeys(each.codes))
    for reason, codes in sorted(by_reason.items()):
        yield from _wrapped(f"Rules that did not run: {', '.join(sorted(codes))}: {visible(reason)}.", context)


def _diagnostic(diagnostic: Diagnostic, context: Context, style: Style, *, explain: bool) -> Iterator[str]:
    severity = diagnostic.severity
    head = style.severity(f"{severity}[{diagnostic.code.id}]", severity)
    yield f"{head} {diagnostic.code.slug}: {style.bold(visible(diagnostic.message))}"
    if diagnostic.at:
        yield from _place("-->", diagnostic.at, diagnostic.label, context, style, severity)
    elif diagnostic.label:
        yield f"  = {visible(diagnostic.label)}"
    for note in diagnostic.notes:
        if note.at:
            yield from _place(":::", note.at, note.message, context, style, None)
        else:
            yield from _wrapped(f"  = note: {visible(note.message)}", context)
    yield from _evidence(diagnostic, context)
    if diagnostic.help:
        yield from _wrapped(f"  = help: {visible(diagnostic.help)}", context)
    if asides := _asides(diagnostic, explain=explain):
        yield f"  = {'    '.join(asides)}"


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
        yield f"    {name}{' ' * (widest - cells(name))}  {text}".rstrip()


def _subject(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """Object and field, unless the message says both already."""
    parts = [part for part in (diagnostic.subject, diagnostic.path) if part]
    if diagnostic.subject and not all(part in diagnostic.message for part in parts):
        yield "object", "  ".join(parts)


def _asides(diagnostic: Diagnostic, *, explain: bool) -> list[str]:
    asides = [suggestion(diagnostic.fix, diagnostic.at)] if diagnostic.fix else []
    if explain:
        asides.append(f"blueprint explain {diagnostic.code.id}")
    return asides


def _wrapped(text: str, context: Context) -> Iterator[str]:
    """Lines of the width; what stands between backticks is to be copied, so it stays on one."""
    whole = _CODE.sub(lambda found: found[0].replace(" ", _HELD), text)
    for line in textwrap.wrap(
        whole, context.width, subsequent_indent="          ", break_long_words=False, break_on_hyphens=False
    ):
        yield line.replace(_HELD, " ")
