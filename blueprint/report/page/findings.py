"""Findings as HTML: the sentence, the lines it points at, the evidence, the way out."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Fix, Span
from blueprint.report.context import Context
from blueprint.report.excerpt import MarkedLine, excerpt
from blueprint.report.page.markup import esc, facts, prose
from blueprint.report.record import ReportEntry


def finding_html(finding: ReportEntry, context: Context) -> str:
    """One finding as an article with the anchor `finding-N`."""
    return "\n".join(_parts(finding, context))


def _parts(finding: ReportEntry, context: Context) -> Iterator[str]:
    found = finding.diagnostic
    level = found.severity.value
    yield f'<article class={level} id="finding-{finding.number}">'
    yield (
        f'<div class=line><span class="badge {level}">{level}</span>'
        f'<a href="#{found.code.id}">{found.code.id}</a> <span class=faint>{esc(found.code.slug)}</span>'
        f'<span class="id mono faint" title="fingerprint {finding.fingerprint}">{finding.fingerprint[:12]}</span></div>'
    )
    yield f"<h3>{esc(found.message)}</h3>"
    if found.at:
        yield _figure(found.at, found.label, context, second=False)
    elif found.label:
        yield f"<p>{esc(found.label)}</p>"
    yield from (_figure(note.at, note.message, context, second=True) for note in found.notes if note.at)
    if remarks := [f"<li>{prose(note.message)}</li>" for note in found.notes if note.at is None]:
        yield f"<ul class=remarks>{''.join(remarks)}</ul>"
    yield facts(_evidence(found))
    if found.help:
        yield f"<p class=help><b>Help:</b> {prose(found.help)}</p>"
    if found.fix:
        yield f"<p class=help><b>Suggested:</b> {_suggestion(found.fix)}</p>"
    yield "</article>"


def _evidence(found: Diagnostic) -> Iterator[tuple[str, str]]:
    if found.subject:
        yield "object", found.subject
    if found.path:
        yield "field", found.path
    yield from found.evidence


def _figure(at: Span, label: str, context: Context, *, second: bool) -> str:
    """The place, and its lines with a mark under them where the source is at hand."""
    lines = excerpt(at, context)
    picture = "\n".join(_picture(lines, label, "second" if second else "first"))
    if not lines:
        picture = f"<p>{esc(label)}</p>" if label else ""
    return f"<figure><figcaption>{esc(str(at))}</figcaption>{picture}</figure>"


def _picture(lines: tuple[MarkedLine, ...], label: str, kind: str) -> Iterator[str]:
    """The lines; the label stands under its mark because an invisible copy of what precedes holds its place."""
    previous = None
    for line in lines:
        lead = "<pre>" if previous is None else ""
        if previous and line.number > previous + 1:
            yield "<span class=gutter>    ...</span>"
        mark = f"<mark class={kind}>{esc(line.inside) or ' '}</mark>"
        end = "</pre>" if line is lines[-1] and not label else ""
        yield f"{lead}<span class=gutter>{line.number:5} | </span>{esc(line.before)}{mark}{esc(line.after)}{end}"
        previous = line.number
    if lines and label:
        space = f"<span class=space aria-hidden=true>{esc(lines[-1].before)}</span>"
        yield f'<span class=gutter>      | </span>{space}<span class="said {kind}">{esc(label)}</span></pre>'


def _suggestion(fix: Fix) -> str:
    text = f"<code>{esc(fix.replacement)}</code>" if fix.replacement.strip() else "remove what is"
    return f"{text} at {esc(str(fix.at))}"
