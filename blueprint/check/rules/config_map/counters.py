"""The exporter's counters file."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.check.common.monitoring import csv_row
from blueprint.patterns import lazy_pattern
from blueprint.wording import counted

COUNTERS_KEY = "dcgm-metrics.csv"
_TYPES = ("gauge", "counter", "histogram", "summary", "label")
_FIELD = lazy_pattern(r"DCGM_(FI|EXP)_[A-Z0-9_]+")
RULES = ()


def counter_faults(text: str) -> Iterator[tuple[int | None, str]]:
    """All errors in the file, line by line, with the number of the line."""
    fields: dict[str, int] = {}
    lines = [*_lines(text)]
    for number, parts, line in lines:
        if len(parts) != 3:  # noqa: PLR2004 - that is the format
            yield number, f"line {number} has {counted(len(parts), 'part')} instead of 3: {line}"
            continue
        name, kind, _ = parts
        if not _FIELD.fullmatch(name):
            yield number, f"line {number}: {name} is not a DCGM field"
        elif name in fields:
            yield number, f"line {number}: {name} is already in line {fields[name]}"
        if kind not in _TYPES:
            yield number, f"line {number}: {kind} is not one of {', '.join(_TYPES)}"
        fields.setdefault(name, number)
    if not lines:
        yield None, "the file contains no counters"


def named_fields(text: str) -> Iterator[tuple[int, str]]:
    """The line number and name of every well-formed field."""
    return ((number, parts[0]) for number, parts, _ in _lines(text) if _FIELD.fullmatch(parts[0]))


def _lines(text: str) -> Iterator[tuple[int, list[str], str]]:
    """All lines with content: number, parts, the line itself."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, [part.strip() for part in csv_row(line)], line.strip()
