"""One self-contained page for sign-off: without scripts and external resources, with the JSON report inside.

The page contains the exact bytes of the JSON format between `<script type="application/json" id="report">` and
`</script>`, and their SHA-256, so that what a user read can be compared with what a program received. Its markup is in
the templates of `report/page`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from blueprint.diagnostics import Code, Severity
from blueprint.report.context import Context
from blueprint.report.formats import json as json_format
from blueprint.report.model import Run
from blueprint.report.page.checks import matrix_of
from blueprint.report.page.findings import findings_view
from blueprint.report.page.markup import PAGE, style_sheet
from blueprint.report.page.objects import changes_view
from blueprint.report.placements import rows_of
from blueprint.report.record import (
    ReportContent,
    actions_in_words,
    counts_in_words,
    left_out_by_reason,
    place_and_time,
    record_of,
)

_PAGE_WIDTH = 118


def render(run: Run, context: Context) -> str:
    """The whole page. `context.width` and `color` have no effect; the same run results in the same bytes."""
    context = Context(context.source, context.base, width=_PAGE_WIDTH, version=context.version)
    record = record_of(run)
    embedded = json_format.render(run, context)
    return PAGE.render(
        "page.html.j2",
        run=run,
        record=record,
        title=run.title or f"blueprint {run.verb}",
        style=style_sheet(),
        tone=_tone(record),
        place=place_and_time(run),
        counts=counts_in_words(record),
        actions=actions_in_words(record),
        tiles=list(_tiles(record)),
        coverage=list(_coverage(run)),
        matrix=matrix_of(run.checks),
        findings=findings_view(record.findings, context),
        waived=list(_waived(record)),
        platform=changes_view(record.platform),
        changes=changes_view(record.changes),
        placements=list(rows_of(run.placements)),
        images=[(image.ref, image.digest or "", image.component) for image in run.images],
        codes=list(_codes(record)),
        version=context.version,
        digest=hashlib.sha256(embedded.encode("ascii")).hexdigest(),
        embedded=Markup(embedded),  # noqa: S704 - JSON without a character that HTML acts on
    )


def _tone(record: ReportContent) -> str:
    """The colour of the verdict: differences alone are not an error."""
    differs = record.outcome == "findings" and not record.counts[Severity.ERROR]
    return "differs" if differs else record.outcome


def _tiles(record: ReportContent) -> Iterator[tuple[str, int, str]]:
    for severity, number in record.counts.items():
        yield severity.value, number, f"{severity.value}s" if number != 1 else severity.value
    if record.run.coverage:
        yield "unseen", sum(each.unknown for each in record.run.coverage), "unknown"


def _coverage(run: Run) -> Iterator[tuple[str, ...]]:
    for each in run.coverage:
        yield each.scope, str(each.examined), str(each.unknown), each.reason
    yield from ((scope, "not requested", "", "not part of this question") for scope in run.out_of_scope)
    yield from (("left out", str(number), "", reason) for reason, number in left_out_by_reason(run).items())


def _waived(record: ReportContent) -> Iterator[tuple[str, ...]]:
    for entry in record.waived:
        found, waiver = entry.diagnostic, entry.waiver
        code, place = f"{found.code.id} {found.code.slug}", str(found.at or "")
        yield code, found.message, place, waiver.expires.isoformat(), waiver.owner, waiver.reason, str(waiver.at)


def _codes(record: ReportContent) -> Iterator[tuple[Code, int, int]]:
    """All occurring codes: how often each occurs, and the number of its first finding."""
    number_of = Counter(finding.diagnostic.code.id for finding in record.findings)
    first = {finding.diagnostic.code.id: finding for finding in reversed(record.findings)}
    for code_id in sorted(first):
        yield first[code_id].diagnostic.code, number_of[code_id], first[code_id].number
