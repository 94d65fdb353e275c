"""Nearest spelling: what somebody probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest

MOST_COMPARISONS = 50_000
"""Words that are compared in one go: an input may have tens of thousands of names, misspelt as often."""


class Comparisons:
    """How many comparisons are left."""

    def __init__(self) -> None:
        self.left = MOST_COMPARISONS

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Inside, `nearest` counts what it compares, and finds nothing any more once that was too much."""
        before = _counting.set(self)
        try:
            yield
        finally:
            _counting.reset(before)

    def take(self, number: int) -> bool:
        """Whether so many are left; they are then taken off."""
        if number > self.left:
            return False
        self.left -= number
        return True


_counting: ContextVar[Comparisons | None] = ContextVar("comparisons that are counted", default=None)


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that `word` most likely misspells, or None. Case counts for little, order for nothing.

    Of several candidates that differ from each other in digits alone (ubuntu-22.04, ubuntu-24.04), none is likelier.
    `cutoff` is how alike the two must be, from 0 to 1.
    """
    candidates = [*candidates]
    counting = _counting.get()
    if counting and not counting.take(len(candidates)):
        return None
    length = len(word)
    by_fold: dict[str, str] = {}
    for candidate in sorted(candidates):
        if 2 * min(length, len(candidate)) >= _LEAST_ALIKE * cutoff * (length + len(candidate)):
            by_fold.setdefault(candidate.casefold(), candidate)
    if not by_fold:
        return None
    folded = word.casefold()
    found = difflib.get_close_matches(folded, by_fold, n=2, cutoff=cutoff)
    if len(found) > 1 and _in_series(*found) and len({_likeness(folded, each) for each in found}) == 1:
        found.sort(key=lambda each: _unlike(folded, each))
        if _unlike(folded, found[0]) < _unlike(folded, found[1]):
            return by_fold[found[0]]
        return None
    return by_fold[found[0]] if found else None


_LEAST_ALIKE = 0.8
"""Of how alike words of two lengths may be: folding may change the length a little."""


def _in_series(one: str, other: str) -> bool:
    return re.sub(r"\d", "0", one) == re.sub(r"\d", "0", other)


def _unlike(word: str, candidate: str) -> int:
    """At how many places they differ: 2026.10 is nearer to 2026.11 than to 2026.06."""
    return sum(one != other for one, other in zip_longest(word, candidate))


def _likeness(word: str, candidate: str) -> float:
    return difflib.SequenceMatcher(None, candidate, word).ratio()


_NEAREST = 3
"""So many names are given where there are too many for all of them."""


class Suggestions:
    """The nearest of names of which an input may have tens of thousands: the work is bounded over all who share it."""

    def __init__(self) -> None:
        self._comparisons = Comparisons()

    def nearest(self, word: str, names: Collection[str]) -> str | None:
        """The name that `word` most likely misspells; None also where comparing it would exceed the bound."""
        return nearest(word, names) if self._comparisons.take(len(names)) else None


def known_names(word: str, candidates: Iterable[str], most: int = 24, explained_by: str = "") -> str:
    """What there is instead of `word`, as one line: all of it, or where that is more than `most` names the likest.

    `explained_by` is the topic of `blueprint explain` that lists them.
    """
    names = sorted(candidates)
    if len(names) <= most:
        return f"known: {', '.join(names) or 'none'}"
    by_fold = {name.casefold(): name for name in reversed(names)}
    like = difflib.get_close_matches(word.casefold(), by_fold, n=_NEAREST, cutoff=0.4)
    alike = f", among them {', '.join(by_fold[name] for name in like)}" if like else ""
    listing = f"blueprint explain {explained_by}".strip()
    return f"{len(names)} are known{alike}; `{listing}` lists them"


def is_slip_of(word: str, other: str) -> bool:
    """Whether a finger's slip makes one name of another: two letters swapped, one inside dropped, one doubled.

    Names that differ at their end or in a digit are series (`train-a`, `train-b`; `gpu1`, `gpu2`), and no slips.
    """
    if len(word) == len(other):
        swaps = (n for n in range(1, len(word)) if word[n - 1 : n + 1].isalpha() and word[n - 1] != word[n])
        return any(word[: n - 1] + word[n] + word[n - 1] + word[n + 1 :] == other for n in swaps)
    short, long = sorted((word, other), key=len)
    letters = [n for n in range(1, len(long)) if long[n].isalpha() and long[:n] + long[n + 1 :] == short]
    return len(short) >= _SHORTEST and any(n < len(long) - 1 or long[n] == long[n - 1] for n in letters)


_SHORTEST = 3
"""Letters of a name that can be a slip of a longer one."""
