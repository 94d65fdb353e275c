"""Patterns for subjects and fields: `*` for any text, `?` for one character; brackets are literal."""

from __future__ import annotations

import re
from functools import lru_cache

_WILDCARDS = {"*": ".*", "?": "."}


def matches(pattern: str, text: str) -> bool:
    """Whether the whole `text` matches the pattern. Case matters, and `*` also matches `/` and `.`."""
    return bool(text) and _compiled(pattern).fullmatch(text) is not None


def matches_everything(pattern: str) -> bool:
    """Whether a pattern excludes almost nothing: it consists of wildcards and separators."""
    return not pattern.strip("*?/.")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*+|\?)", pattern)
    return re.compile("".join(_WILDCARDS.get(part[:1], re.escape(part)) if part else "" for part in parts), re.DOTALL)
