"""Measure work as a number of function calls. The number is the same on every machine and shows superlinear growth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")


def counted_calls(work: Callable[[], T]) -> tuple[int, T]:
    """The number of functions that the work calls, including C functions, and its result."""
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
    """Whether the cost grows linearly. The counts are for n, 2n and 4n items.

    Counts have no noise, so that a small n and a narrow margin are sufficient. With 12, 24 and 48 items, work for each
    pair is detected if it costs at least 1/400 of the work for each item.
    """
    return (many - some) / 2 < 1.08 * (some - few)
