"""Work as a number of calls: the same on every machine, and what grows faster than it should shows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def counted_calls(work: Callable[[], T]) -> tuple[int, T]:
    """How many functions the work calls, C's included, and its result."""
    count = 0

    def counting(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counting)
    try:
        result = work()
    finally:
        sys.setprofile(None)
    return count, result


def is_linear(few: int, some: int, many: int) -> bool:
    """Whether each further one costs what those before it cost; the amounts are for n, 2n and 4n.

    Counts have no noise, so a small n and a narrow margin show as much as a large n and a wide one: with 12, 24 and 48,
    work for each pair shows once it is a 400th of the work for each one.
    """
    return (many - some) / 2 < 1.08 * (some - few)
