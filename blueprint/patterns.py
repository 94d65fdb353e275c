"""Regular expressions that are compiled on first use.

A command imports some 170 of them and uses a third; compiling the others would take a twentieth of a small compile.
Imports only the standard library.
"""

from __future__ import annotations

import re
from typing import Any, cast


def lazy_pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile(text, flags)` on first use. An invalid expression raises re.error only then."""
    return cast("re.Pattern[str]", _LazyPattern(text, flags))


class _LazyPattern:
    """A stand-in that gets each attribute from the compiled pattern once."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = text, flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value
