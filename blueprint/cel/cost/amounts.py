"""Sizes and costs: integers that saturate at the largest 64-bit value, as in Kubernetes."""

from __future__ import annotations

import math
from typing import NamedTuple

ENDLESS = 2**64 - 1
"""Represents every larger number, and an unbounded size."""
PER_CHARACTER = 0.1
"""The cost of reading one character of a string, or of comparing two values by one unit of their size."""
PER_REGEX_CHARACTER = 0.25
NEW_LIST, NEW_MAP, NEW_STRUCT = 10, 30, 40
"""The cost of creating a value, in addition to that of its parts."""


def plus(*amounts: int) -> int:
    """The sum."""
    return min(sum(amounts), ENDLESS)


def times(left: int, right: int) -> int:
    """The product."""
    return min(left * right, ENDLESS)


def scaled(amount: int, factor: float) -> int:
    """The product with a fraction, rounded up."""
    return min(math.ceil(float(amount) * factor), ENDLESS)


class SizeRange(NamedTuple):
    """The minimum and maximum size of a value: characters, bytes, items, entries; 1 for a scalar."""

    least: int
    most: int

    def plus(self, other: SizeRange) -> SizeRange:
        """The size of both together."""
        return SizeRange(plus(self.least, other.least), plus(self.most, other.most))

    def times(self, other: SizeRange) -> SizeRange:
        """The size of that many copies of the other."""
        return SizeRange(times(self.least, other.least), times(self.most, other.most))

    def or_(self, other: SizeRange) -> SizeRange:
        """The size of either of the two."""
        return SizeRange(min(self.least, other.least), max(self.most, other.most))


ONE = SizeRange(1, 1)
UNBOUNDED = SizeRange(0, ENDLESS)
