"""The one wait of tests: until something is so, and a failure that says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 300.0
"""Seconds to wait for what must come. A wait ends when it has come, so a busy machine fails no test."""


def eventually(
    look: Callable[[], T],
    what: str = "it is so",
    *,
    seconds: float = PATIENCE,
    pause: float = 0.01,
    errors: tuple[type[Exception], ...] = (),
) -> T:
    """What `look` returns once that is true.

    Args:
        look: Looks whether it is so.
        what: What is waited for, as a clause: "the lab is gone".
        seconds: How long.
        pause: Between two looks.
        errors: Exceptions that mean not yet.
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
