"""Nearest spelling: what somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` most likely misspells, or None. Case counts for little, order for nothing."""
    by_fold: dict[str, str] = {}
    for candidate in sorted(candidates):
        by_fold.setdefault(candidate.casefold(), candidate)
    found = difflib.get_close_matches(word.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def known_names(word: str, candidates: Iterable[str], most: int = 24, explained_by: str = "") -> str:
    """What there is instead of `word`, as one line: all of it, or where that is more than `most` names the likest.

    `explained_by` is the topic of `blueprint explain` that lists them.
    """
    names = sorted(candidates)
    if len(names) <= most:
        return f"known: {', '.join(names) or 'none'}"
    by_fold = {name.casefold(): name for name in reversed(names)}
    like = difflib.get_close_matches(word.casefold(), by_fold, n=5, cutoff=0.4)
    alike = f", among them {', '.join(by_fold[name] for name in like)}" if like else ""
    listing = f"blueprint explain {explained_by}".strip()
    return f"{len(names)} are known{alike}; `{listing}` lists them"
