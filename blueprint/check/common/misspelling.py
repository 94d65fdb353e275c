"""Detects certain misspellings, for rules that must not report names which may just be newer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.85
"""One or two letters in a word of ten. Suggestions elsewhere are less strict, because there the name is known to be
wrong.
"""


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known name of which this is a likely misspelling; None if it may be a different name."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=_ALIKE)
    return found[0] if found and found[0] != word else None
