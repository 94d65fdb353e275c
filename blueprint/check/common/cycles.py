"""Names that are above themselves, where each says which one is above it."""

from __future__ import annotations

from collections.abc import Mapping

_MOST_SHOWN = 12


class Ring:
    """Names of which each is below the next, and the last below the first."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        self._places = {name: place for place, name in enumerate(names)}

    def way_from(self, name: str) -> list[str]:
        """The names from one of them back to it; of a long way the beginning and the end."""
        place = self._places[name]
        way = self._names[place : place + _MOST_SHOWN]
        way += self._names[: min(place, _MOST_SHOWN - len(way))]
        return [*way, *(["..."] if len(way) < len(self._names) else []), name]


def rings(above: Mapping[str, str]) -> dict[str, Ring]:
    """The names that are above themselves, each with its ring. Every name is visited once.

    Args:
        above: For each name the one above it, or nothing.
    """
    found: dict[str, Ring] = {}
    seen: set[str] = set()
    for start in above:
        way: dict[str, None] = {}
        here = start
        while here in above and here not in seen:
            seen.add(here)
            way[here] = None
            here = above[here]
        if here in way:
            names = [*way]
            ring = Ring(names[names.index(here) :])
            found |= dict.fromkeys(names[names.index(here) :], ring)
    return found
