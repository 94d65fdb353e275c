"""Names that are surely misspelt: for rules that does not mention names which may only be newer."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.85
"""A letter or two in a word of ten; suggestions elsewhere are less strict, since something is wrong there anyway."""


def misspelt(word: str, known: Iterable[str]) -> str | None:
    """The known name that this one very nearly is; None where it may well be another."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=_ALIKE)
    return found[0] if found and found[0] != word else None
