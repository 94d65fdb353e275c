"""A place from which a value came. Rendered fields, pools and expectations refer to such sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import cast

from blueprint.diagnostics import Span
from blueprint.probe.expectations import ExpectationSource
from blueprint.records import Record

GROUP_ABOVE = 32
"""More sources than this, read together, are recorded as one group. No single pool reads that many of its own."""
WRITTEN = ("blueprint", "overlay", "set", "patch", "manifest")
"""Layers that a user wrote, as opposed to defaults and the catalogue."""
_DECLARED = frozenset({*WRITTEN, "default"})


class Source(Record, cache_hash=True, gc=False):
    """A place from which a value came.

    `layer` is the type of place: `blueprint`, `overlay`, `set`, `default` (the place is the nearest enclosing line that
    exists), `patch`, `manifest`, `component`, `release`, `hardware`. `path` is the dotted path inside that document.
    """

    layer: str
    span: Span
    path: str


class SourceGroup:
    """A group of sources shared by many values, interned so that provenance stays linear in the number of pools.

    Otherwise each of a thousand pools would list the sources of a thousand pools.
    """

    __slots__ = ("_hash", "_sources", "parts")

    def __init__(self, parts: Sources) -> None:
        self.parts = parts
        self._hash = hash(parts)
        self._sources: tuple[Source, ...] | None = None

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, SourceGroup) and self.parts == other.parts)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of the group, without duplicates."""
        if self._sources is None:
            self._sources = flatten(self.parts)
        return self._sources


Sources = tuple[Source | SourceGroup, ...]


def grouped(sources: Iterable[Source | SourceGroup]) -> Sources:
    """The sources unchanged, or as one group if there are many."""
    found = tuple(sources)
    return found if len(found) <= GROUP_ABOVE else (SourceGroup(by_relevance(found)),)


def flatten(sources: Sources) -> tuple[Source, ...]:
    """All sources without duplicates, in order of first occurrence."""
    if not any(isinstance(each, SourceGroup) for each in sources):
        return cast("tuple[Source, ...]", sources)
    expanded = (each.sources if isinstance(each, SourceGroup) else (each,) for each in sources)
    return tuple(dict.fromkeys(chain.from_iterable(expanded)))


def by_relevance(sources: Iterable[Source | SourceGroup]) -> Sources:
    """The sources in order of relevance: written lines, then defaults, then the catalogue, then groups.

    Of the written lines, the last one read comes first: it is the value, whereas earlier ones determined whether it is
    used. A line that only encloses another one of the same document is omitted.
    """
    return _by_relevance(tuple(dict.fromkeys(sources)))


@lru_cache(maxsize=1_024)
def _by_relevance(several: Sources) -> Sources:
    """Cached, because most fields read what others have read too."""
    declared: list[Source] = []
    catalogue: list[Source] = []
    groups: list[SourceGroup] = []
    enclosing: dict[str, set[str]] = {}
    for each in several:
        if isinstance(each, SourceGroup):
            groups.append(each)
        elif each.layer in _DECLARED:
            declared.append(each)
            enclosing.setdefault(each.span.file, set()).update(_above(each.path))
        else:
            catalogue.append(each)
    innermost = [each for each in declared if each.path not in enclosing[each.span.file]]
    written = [each for each in reversed(innermost) if each.layer != "default"]
    defaults = [each for each in innermost if each.layer == "default"]
    return (*written, *defaults, *catalogue, *groups)


def each_source(sources: Sources) -> Iterator[Source]:
    """The sources one by one; groups after the requested one are not expanded."""
    for each in sources:
        if isinstance(each, SourceGroup):
            yield from each.sources
        else:
            yield each


def first_source(sources: Sources) -> Source | None:
    """The first of the sources; no group is expanded."""
    while sources and isinstance(sources[0], SourceGroup):
        sources = sources[0].parts
    return cast("Source | None", sources[0] if sources else None)


def line_to_change(sources: Sources) -> Source | None:
    """The line to show in a finding: the one that a user would change. `sources` are in order of relevance.

    It is the first line that a user wrote, otherwise the place of a default; the catalogue's only if there is neither.
    """
    written = (each for each in each_source(sources) if each.layer in WRITTEN)
    defaults = (each for each in each_source(sources) if each.layer == "default")
    return next(chain(written, defaults, each_source(sources)), None)


@lru_cache(maxsize=4_096)
def _above(path: str) -> tuple[str, ...]:
    """All paths that enclose a path. Cached, because neighbouring fields have the same ones."""
    end = max(path.rfind("."), path.rfind("["))
    return (*_above(path[:end]), path[:end]) if end > 0 else ()


def source_of(place: ExpectationSource) -> Source:
    """The source of an expectation as a `Source`."""
    return Source(place.layer, place.span, place.path)
