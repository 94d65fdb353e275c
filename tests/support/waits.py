"""The wait function of the tests: it waits for a condition, and its failure names that condition."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 300.0
"""The maximum wait in seconds. A wait ends as soon as its condition is met, so that a busy machine fails no test."""


def eventually(
    look: Callable[[], T],
    what: str = "it is so",
    *,
    seconds: float = PATIENCE,
    pause: float = 0.01,
    errors: tuple[type[Exception], ...] = (),
) -> T:
    """The result of `look` once it is true.

    Args:
        look: The condition.
        what: A description of the condition as a clause: "the lab is gone".
        seconds: The maximum wait.
        pause: The seconds between two checks.
        errors: Exceptions that are ignored while waiting.
    """
    deadline = time.monotonic() + seconds
    last = "nothing"
    while True:
        try:
            if found := look():
                return found
            last = repr(found)
        except errors as error:
            last = repr(error)
        assert time.monotonic() < deadline, f"waited {seconds} s in vain until {what}; last seen: {last}"
        time.sleep(pause)
