"""A node taint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taint:
    """A node taint; `value` may be empty."""

    key: str
    value: str
    effect: str
