"""One self-contained page for sign-off: no script runs, nothing is loaded, the JSON report is inside.

The page carries the exact bytes of the JSON format between `<script type="application/json" id="report">` and
`</script>`, and their SHA-256, so what a person read can be checked against what a program got.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from blueprint.report.context import Context
from blueprint.report.formats import json as json_format
from blueprint.report.markdown import to_html
from blueprint.report.model import Run
from blueprint.report.page.findings import finding_html
from blueprint.report.page.markup import esc, prose, table
from blueprint.report.page.objects import changes_html
from blueprint.report.record import (
    ReportContent,
    WaivedEntry,
    actions_in_words,
    counts_in_words,
    left_out_by_reason,
    record_of,
)

_STYLE = Path(__file__).parent.parent / "page" / "report.css"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PAGE_WIDTH = 118


def render(run: Run, context: Context) -> str:
    """The whole page. `context.width` and `color` do not matter; the same run gives the same bytes."""
    context = Context(context.source, context.base, width=_PAGE_WIDTH, version=context.version)
    record = record_of(run)
    embedded = json_format.render(run, context)
    return "\n".join(_page(record, context, embedded)) + "\n"


def _page(record: ReportContent, context: Context, embedded: str) -> Iterator[str]:
    run = record.run
    title = run.title or f"blueprint {run.verb}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield f"<title>{esc(title)}</title>"
    yield f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style></head><body><main>"
    yield f"<div class=kicker>blueprint <b>{esc(run.verb)}</b></div><h1>{esc(title)}</h1>"
    yield from _answer(record)
    yield from _inputs(run)
    yield from _coverage(run)
    yield from _findings(record, context)
    if record.waived:
        yield "<h2>Waived</h2>"
        yield table(("Code", "Finding", "Until", "Owner", "Reason", "Waiver"), map(_waived_row, record.waived))
    if record.platform:
        yield "<h2>What the platform is</h2>"
        yield from changes_html(record.platform)
    if record.changes:
        yield f"<h2>Changes</h2><p class=faint>{esc(actions_in_words(record))}</p>"
        yield from changes_html(record.changes)
    if run.images:
        rows = ((f"<span class=mono>{esc(i.ref)}</span>", esc(i.digest or ""), esc(i.component)) for i in run.images)
        yield f"<h2>Images</h2>{table(('Image', 'Digest', 'Component'), rows)}"
    yield from _codes(record)
    yield _footer(context, embedded)
    yield f'<script type="application/json" id="report">{embedded}</script>'
    yield "</main></body></html>"


def _answer(record: ReportContent) -> Iterator[str]:
    code = record.run.exit_code
    yield (
        f'<div class="verdict {record.outcome}"><span>{prose(record.verdict)}</span>'
        f"<span>{esc(counts_in_words(record))} &middot; exit code {code}</span></div>"
    )
    tiles = [
        (severity.value, number, f"{severity.value}s" if number != 1 else severity.value)
        for severity, number in record.counts.items()
    ]
    if record.run.coverage:
        tiles.append(("unseen", sum(each.unknown for each in record.run.coverage), "could not be seen"))
    cells = "".join(
        f'<li class="{kind}{" some" if number else ""}"><b>{number}</b>{label}</li>' for kind, number, label in tiles
    )
    yield f"<ul class=tiles>{cells}</ul>"


def _inputs(run: Run) -> Iterator[str]:
    if run.subject:
        yield "<h2>Inputs</h2>"
        rows = ((esc(key), f"<span class=mono>{esc(value)}</span>") for key, value in run.subject.items())
        yield table(("Input", "Value"), rows)


def _coverage(run: Run) -> Iterator[str]:
    if not (run.coverage or run.out_of_scope or run.left_out):
        return
    yield "<h2>Coverage</h2>"
    rows = [(esc(c.scope), str(c.examined), str(c.unknown), esc(c.reason)) for c in run.coverage]
    rows += [(esc(scope), "not requested", "", "not part of this question") for scope in run.out_of_scope]
    rows += [("left out", str(number), "", esc(reason)) for reason, number in left_out_by_reason(run).items()]
    yield table(("Scope", "Examined", "Unknown", "Why"), rows)


def _findings(record: ReportContent, context: Context) -> Iterator[str]:
    yield "<h2>Findings</h2>"
    if not record.findings:
        yield "<p>No findings.</p>"
    yield from (finding_html(finding, context) for finding in record.findings)


def _waived_row(entry: WaivedEntry) -> tuple[str, ...]:
    diagnostic, waiver = entry.diagnostic, entry.waiver
    code = f"{diagnostic.code.id} {diagnostic.code.slug}"
    place = f"<br><span class=mono>{esc(str(diagnostic.at))}</span>" if diagnostic.at else ""
    finding = f"{prose(diagnostic.message)}{place}"
    where = f"<span class=mono>{esc(str(waiver.at))}</span>"
    return esc(code), finding, waiver.expires.isoformat(), esc(waiver.owner), prose(waiver.reason), where


def _codes(record: ReportContent) -> Iterator[str]:
    """Every code that occurs: how often, first where, and what it means."""
    if not record.findings:
        return
    yield "<h2>What the codes mean</h2>"
    number_of = Counter(finding.diagnostic.code.id for finding in record.findings)
    first = {finding.diagnostic.code.id: finding for finding in reversed(record.findings)}
    for code_id in sorted(first):
        code = first[code_id].diagnostic.code
        yield (
            f'<section id="{code_id}"><h3>{code_id} {esc(code.slug)}</h3><p class=faint>{number_of[code_id]} in this '
            f'report, <a href="#finding-{first[code_id].number}">the first</a></p>{to_html(code.about)}</section>'
        )


def _footer(context: Context, embedded: str) -> str:
    digest = hashlib.sha256(embedded.encode("ascii")).hexdigest()
    return (
        f"<footer>Written by blueprint {esc(context.version)}. This page holds the JSON report of the same run; its "
        f"SHA-256 is <code>{digest}</code>. The report is not signed.</footer>"
    )
