"""Sizes and costs: whole numbers that stop at the largest of 64 bits, as Kubernetes counts them."""

from __future__ import annotations

import math
from typing import NamedTuple

ENDLESS = 2**64 - 1
"""Stands for every larger number, and for a size that nothing bounds."""
PER_CHARACTER = 0.1
"""Cost of reading a character of a text, or of comparing two values by one unit of their size."""
PER_REGEX_CHARACTER = 0.25
NEW_LIST, NEW_MAP, NEW_STRUCT = 10, 30, 40
"""Cost of making a value, beside that of its parts."""


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
    """How large a value is at least and at most: characters, bytes, items, entries; 1 for a scalar."""

    least: int
    most: int

    def plus(self, other: SizeRange) -> SizeRange:
        """The size of both together."""
        return SizeRange(plus(self.least, other.least), plus(self.most, other.most))

    def times(self, other: SizeRange) -> SizeRange:
        """The size of as many of the other."""
        return SizeRange(times(self.least, other.least), times(self.most, other.most))

    def or_(self, other: SizeRange) -> SizeRange:
        """The size of one of both."""
        return SizeRange(min(self.least, other.least), max(self.most, other.most))


ONE = SizeRange(1, 1)
UNBOUNDED = SizeRange(0, ENDLESS)
