"""Durations as Prometheus writes them."""

from __future__ import annotations

import re
from typing import Any

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")


def seconds(text: Any) -> float | None:
    """`1m30s` is 90; None for what is no duration."""
    if not isinstance(text, str) or not re.fullmatch(f"({_PART.pattern})+", text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
