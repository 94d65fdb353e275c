"""The exporter's file of counters."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

COUNTERS_KEY = "dcgm-metrics.csv"
ALONE_KEY = "metrics"
_TYPES = ("gauge", "counter", "histogram", "summary", "label")
_FIELD = re.compile(r"DCGM_(FI|EXP)_[A-Z0-9_]+")
RULES = ()


def counter_faults(text: str) -> Iterator[str]:
    """Everything wrong with the file, line by line."""
    fields: dict[str, int] = {}
    lines = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        lines += 1
        parts = [part.strip() for part in next(csv.reader([line], skipinitialspace=True))]
        if len(parts) != 3:  # noqa: PLR2004 - that is the format
            yield f"line {number} has {len(parts)} parts instead of 3: {line.strip()}"
            continue
        name, kind, _ = parts
        if not _FIELD.fullmatch(name):
            yield f"line {number}: {name} is no field of DCGM"
        elif name in fields:
            yield f"line {number}: {name} stands in line {fields[name]} already"
        if kind not in _TYPES:
            yield f"line {number}: {kind} is none of {', '.join(_TYPES)}"
        fields.setdefault(name, number)
    if not lines:
        yield "there is not one counter in it"
