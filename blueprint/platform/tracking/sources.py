"""A place that a value came from. Rendered fields, pools and expectations all point at such places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from itertools import chain
from typing import cast

from blueprint.diagnostics import Span
from blueprint.probe.expectations import ExpectationSource
from blueprint.records import Record

GROUP_ABOVE = 32
"""More sources than this, read together, are recorded as one group: more than one pool ever reads of its own."""
WRITTEN = ("blueprint", "overlay", "set", "patch", "manifest")
"""Layers that somebody wrote, as against defaults and the catalogue."""
_DECLARED = frozenset({*WRITTEN, "default"})


class Source(Record, cache_hash=True, gc=False):
    """A place that a value came from.

    `layer` says what kind of place: `blueprint`, `overlay`, `set`, `default` (the place is the nearest
    enclosing line that exists), `patch`, `manifest`, `component`, `release`, `hardware`. `path` is the dotted path
    inside that document.
    """

    layer: str
    span: Span
    path: str


class SourceGroup:
    """A group of sources shared by many values, interned so that provenance stays linear in the number of pools.

    Otherwise a thousand pools would each name the lines of a thousand pools.
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
        """The sources of the group, each once."""
        if self._sources is None:
            self._sources = flatten(self.parts)
        return self._sources


Sources = tuple[Source | SourceGroup, ...]


def grouped(sources: Iterable[Source | SourceGroup]) -> Sources:
    """The sources as they are, or as one group where they are many."""
    found = tuple(sources)
    return found if len(found) <= GROUP_ABOVE else (SourceGroup(by_relevance(found)),)


def flatten(sources: Sources) -> tuple[Source, ...]:
    """Each source once, in order of its first mention."""
    if not any(isinstance(each, SourceGroup) for each in sources):
        return cast("tuple[Source, ...]", sources)
    expanded = (each.sources if isinstance(each, SourceGroup) else (each,) for each in sources)
    return tuple(dict.fromkeys(chain.from_iterable(expanded)))


def by_relevance(sources: Iterable[Source | SourceGroup]) -> Sources:
    """What a reader wants first: written lines, then defaults, then the catalogue, then groups.

    Among written lines the last one read comes first: it gave the value, those before it decided whether. A line
    that only encloses another one of the same document is left out.
    """
    return _by_relevance(tuple(dict.fromkeys(sources)))


@lru_cache(maxsize=1_024)
def _by_relevance(several: Sources) -> Sources:
    """Most fields read what others have read too."""
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
    """The sources one by one; groups that come after the one that is looked for are not spread out."""
    for each in sources:
        if isinstance(each, SourceGroup):
            yield from each.sources
        else:
            yield each


def first_source(sources: Sources) -> Source | None:
    """The first of the sources; no group is spread out."""
    while sources and isinstance(sources[0], SourceGroup):
        sources = sources[0].parts
    return cast("Source | None", sources[0] if sources else None)


def line_to_change(sources: Sources) -> Source | None:
    """Of the lines of a value, the deciding one first, the one to point at: a reader of a finding changes that.

    It is the first that somebody wrote, else the place of a default; the catalogue's only where there is neither.
    """
    written = (each for each in each_source(sources) if each.layer in WRITTEN)
    defaults = (each for each in each_source(sources) if each.layer == "default")
    return next(chain(written, defaults, each_source(sources)), None)


@cache
def _above(path: str) -> tuple[str, ...]:
    """Everything that encloses a path; paths share the texts of what encloses them."""
    end = max(path.rfind("."), path.rfind("["))
    return (*_above(path[:end]), path[:end]) if end > 0 else ()


def source_of(place: ExpectationSource) -> Source:
    """An expectation's source as the place it is."""
    return Source(place.layer, place.span, place.path)
