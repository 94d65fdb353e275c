"""Findings on the page: rows of one table, cards with the details, and filters for both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from blueprint.diagnostics import Diagnostic, Note
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.report.context import Context
from blueprint.report.excerpt import MarkedLine, excerpt
from blueprint.report.page.side_by_side import DiffRow, side_by_side
from blueprint.report.record import ReportEntry

MOST_OPEN = 10
"""The maximum number of unfolded findings; above it, all are folded."""
_MOST_CHOICES = 20
_COLUMNS = ("declared", "live", "writer", "since")
"""Evidence with its own column."""
_POOL = lazy_pattern(r"(?:spec\.nodePools\.|NodePool/)([^.\[/]+)")


class FilterValue(Record):
    """One value of a filter: its anchor is also the class of the matching rows and cards."""

    anchor: str
    text: str
    number: int


class Filter(Record):
    """One property by which findings can be filtered, and its values."""

    name: str
    choices: tuple[FilterValue, ...]


class Figure(Record):
    """A location, its lines if the source is available, and a remark."""

    place: str
    lines: tuple[MarkedLine, ...]
    label: str
    second: bool


class FindingDetails(Record):
    """The contents of one finding's row and details. `facts` are visible, `more` is folded."""

    number: int
    finding: Diagnostic
    fingerprint: str
    classes: str
    seen: dict[str, str]
    figures: tuple[Figure, ...]
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]
    sides: tuple[DiffRow, ...]


class FindingsView(Record):
    """All findings. `compares`: whether any of them has a declared and a live value, so that there are columns for
    them.
    """

    cards: tuple[FindingDetails, ...]
    filters: tuple[Filter, ...]
    compares: bool

    @property
    def are_open(self) -> bool:
        """Whether the cards are unfolded."""
        return len(self.cards) <= MOST_OPEN

    @property
    def anchors(self) -> Iterator[str]:
        """The anchors of all filters."""
        return (choice.anchor for each in self.filters for choice in each.choices)


def findings_view(findings: Sequence[ReportEntry], context: Context) -> FindingsView:
    """The findings on the page, in order."""
    seen = [dict(each.diagnostic.evidence) for each in findings]
    values = {
        "severity": [each.diagnostic.severity.value for each in findings],
        "danger": [each.diagnostic.danger or "" for each in findings],
        "pool": [_pool(each.diagnostic, facts) for each, facts in zip(findings, seen, strict=True)],
        "writer": [facts.get("writer", "") for facts in seen],
    }
    filters = [_filter(name, each) for name, each in values.items()]
    anchors = [{choice.text: choice.anchor for choice in each.choices} for each in filters]
    classes = [
        " ".join(anchor for value, known in zip(each, anchors, strict=True) if (anchor := known.get(value)))
        for each in zip(*values.values(), strict=True)
    ]
    cards = map(lambda entry, facts, name: _card(entry, facts, name, context), findings, seen, classes)
    compares = any("declared" in facts or "live" in facts for facts in seen)
    return FindingsView(tuple(cards), tuple(each for each in filters if len(each.choices) > 1), compares)


def _filter(name: str, values: Sequence[str]) -> Filter:
    counts = Counter(value for value in values if value).most_common(_MOST_CHOICES)
    return Filter(
        name, tuple(FilterValue(f"{name}-{n}", text, number) for n, (text, number) in enumerate(counts, start=1))
    )


def _pool(found: Diagnostic, facts: dict[str, str]) -> str:
    """The pool to which a finding refers, if any."""
    if pool := facts.get("pool"):
        return pool
    match = _POOL.match(found.path or "") or _POOL.match(found.subject or "")
    return match[1] if match else ""


def _card(entry: ReportEntry, seen: dict[str, str], classes: str, context: Context) -> FindingDetails:
    found = entry.diagnostic
    shown = _COLUMNS[:2] if _compares(seen) else ()
    facts = [pair for pair in found.evidence if pair[0] not in found.at_length and pair[0] not in shown]
    more = [pair for pair in found.evidence if pair[0] in found.at_length and pair[0] not in shown]
    return FindingDetails(
        entry.number,
        found,
        entry.fingerprint,
        classes,
        seen,
        tuple(_figures(found, context)),
        tuple(note.message for note in found.notes if note.at is None and not _is_inner(note, found)),
        (*_where(found), *facts),
        (*more, ("fingerprint", entry.fingerprint)),
        _sides(found, seen),
    )


def _compares(seen: dict[str, str]) -> bool:
    return "declared" in seen or "live" in seen


def _is_inner(note: Note, found: Diagnostic) -> bool:
    """Whether a remark repeats what the two sides show better."""
    return found.sides is not None and ": declared " in note.message


def _where(found: Diagnostic) -> Iterator[tuple[str, str]]:
    if found.subject:
        yield "object", found.subject
    if found.path:
        yield "field", found.path
    if found.danger:
        yield "danger", found.danger.value


def _sides(found: Diagnostic, seen: dict[str, str]) -> tuple[DiffRow, ...]:
    if found.sides:
        return side_by_side(*found.sides)
    if not _compares(seen):
        return ()
    return (DiffRow("differs", seen.get("declared"), seen.get("live")),)


def _figures(found: Diagnostic, context: Context) -> Iterator[Figure]:
    if found.at:
        yield Figure(str(found.at), excerpt(found.at, context), found.label, second=False)
    for note in found.notes:
        if note.at:
            yield Figure(str(note.at), excerpt(note.at, context), note.message, second=True)
