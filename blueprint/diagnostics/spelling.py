"""Suggestions for misspelt names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import zip_longest

MOST_COMPARISONS = 50_000
"""The maximum number of comparisons: an input may contain tens of thousands of names, misspelt as often."""


class Comparisons:
    """The number of comparisons that are left. `refused` is called each time that more would be needed."""

    def __init__(self, refused: Callable[[], None] = lambda: None) -> None:
        self.left = MOST_COMPARISONS
        self._refused = refused

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Within this context `nearest` counts its comparisons, and returns None when none are left."""
        before = _counting.set(self)
        try:
            yield
        finally:
            _counting.reset(before)

    def take(self, number: int) -> bool:
        """Whether so many are left. If so, they are subtracted."""
        if number > self.left:
            self._refused()
            return False
        self.left -= number
        return True


_counting: ContextVar[Comparisons | None] = ContextVar("comparisons that are counted", default=None)


def nearest(word: str, candidates: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The candidate that `word` most likely misspells, or None. Case matters little, order does not matter.

    If several candidates differ from each other only in digits (ubuntu-22.04, ubuntu-24.04), none is more likely.
    `cutoff` is the minimum similarity, from 0 to 1.
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
"""A tolerance for words of different lengths: case folding may change the length slightly."""


def _in_series(one: str, other: str) -> bool:
    return re.sub(r"\d", "0", one) == re.sub(r"\d", "0", other)


def _unlike(word: str, candidate: str) -> int:
    """The number of positions at which they differ: 2026.10 is closer to 2026.11 than to 2026.06."""
    return sum(one != other for one, other in zip_longest(word, candidate))


def _likeness(word: str, candidate: str) -> float:
    return difflib.SequenceMatcher(None, candidate, word).ratio()


_NEAREST = 3
"""The number of names that are listed if there are too many for a complete list."""


def known_names(word: str, candidates: Iterable[str], most: int = 24, explained_by: str = "") -> str:
    """The alternatives to `word` in one line: all names, or, if there are more than `most`, the most similar ones.

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
    """Whether one name is a likely typo of another: two letters swapped, one missing inside, one doubled.

    Names that differ at their end or in a digit form series (`train-a`, `train-b`; `gpu1`, `gpu2`) and are not typos.
    """
    if len(word) == len(other):
        swaps = (n for n in range(1, len(word)) if word[n - 1 : n + 1].isalpha() and word[n - 1] != word[n])
        return any(word[: n - 1] + word[n] + word[n - 1] + word[n + 1 :] == other for n in swaps)
    short, long = sorted((word, other), key=len)
    letters = [n for n in range(1, len(long)) if long[n].isalpha() and long[:n] + long[n + 1 :] == short]
    return len(short) >= _SHORTEST and any(n < len(long) - 1 or long[n] == long[n - 1] for n in letters)


_SHORTEST = 3
"""The minimum number of letters of a name that can be a typo of a longer one."""
