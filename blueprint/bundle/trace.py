"""Traces values: from a rendered field back to its lines, or from a line of the blueprint to everything that it
decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, FieldOrigin, Object, Path, noted_sources
from blueprint.platform.tracking.sources import (
    WRITTEN,
    Source,
    SourceGroup,
    Sources,
    by_relevance,
    each_source,
    flatten,
    source_of,
)
from blueprint.records import Record
from blueprint.source.paths import format_path


class TracedField(Record):
    """A rendered leaf with its value and all of its sources.

    `noted` are the sources of the leaf and of its ancestors inside the object; `origin` has them first, followed by
    what decided that the object exists at all. Groups of sources, which contain lines of every pool, are expanded only
    on access.
    """

    object: Object
    path: Path
    value: Any
    noted: Sources
    origin: FieldOrigin

    @property
    def name(self) -> str:
        """The field path in readable form."""
        return format_path(self.path, self.object.data)

    @property
    def first(self) -> Source | None:
        """The source of the value."""
        return next(each_source(self.noted), None)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources in `noted`: the first one unchanged, then lines that users wrote, the catalogue's, and
        defaults.
        """
        first, *rest = flatten(self.noted) or (None,)
        rest.sort(key=lambda each: 2 if each.layer == "default" else each.layer not in WRITTEN)
        return (first, *rest) if first else ()


class TracedUse(Record):
    """Something that a line decides: a field, or a description of a fact, for example about a pool."""

    source: Source
    field: TracedField | None = None
    fact: str = ""


def trace_back(obj: Object, path: Path) -> list[TracedField]:
    """All leaves at or below `path`, with their origins. Raises KeyError if the object has no such field."""
    value: Any = obj.data
    for step in path:
        value = value[step]
    return list(_traced(obj, obj.origins, path, value))


def trace_forward(bundle: Bundle, path: str) -> Iterator[TracedUse]:
    """All leaves, then all facts, that depend on the blueprint's value at the dotted `path` or below it."""
    lines = _LinesWithin(path)
    for obj in bundle.objects:
        origins = obj.origins
        if any(lines.first(origin.noted) for origin in origins.values()):
            for field in _traced(obj, origins, (), obj.data):
                if source := lines.first(field.origin.noted):
                    yield TracedUse(source, field)
    yield from _facts(bundle, lines)


def deciding_paths(bundle: Bundle) -> set[str]:
    """The blueprint paths on which something depends, and their ancestors."""
    noted = {each for obj in bundle.objects for origin in obj.origins.values() for each in origin.noted}
    noted |= {each for pool in bundle.pools for several in noted_sources(pool.sources).values() for each in several}
    paths = {source.path for source in each_source(tuple(noted)) if source.path.startswith("spec.")}
    steps = [path.split(".") for path in paths]
    return {".".join(each[:end]) for each in steps for end in range(2, len(each) + 1)}


class _LinesWithin:
    """Finds the first source at or below a path of the blueprint. Each group of sources is searched once."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._in_groups: dict[SourceGroup, Source | None] = {}

    def first(self, sources: Sources) -> Source | None:
        """The first source at or below the path."""
        return next(filter(None, map(self._line, sources)), None)

    def covers(self, path: str) -> bool:
        """Whether a path equals the requested one, or is below it."""
        return path == self._path or path.startswith((f"{self._path}.", f"{self._path}["))

    def _line(self, one: Source | SourceGroup) -> Source | None:
        if isinstance(one, Source):
            return one if one.layer in _BLUEPRINT and self.covers(one.path) else None
        if one not in self._in_groups:
            self._in_groups[one] = self.first(one.parts)
        return self._in_groups[one]


_BLUEPRINT = (*(layer for layer in WRITTEN if layer != "manifest"), "default")
"""Layers whose paths refer to the blueprint, not to another document."""


def _traced(obj: Object, origins: Mapping[Path, FieldOrigin], path: Path, value: Any) -> Iterator[TracedField]:
    root = [found] if (found := origins.get(())) else []
    for leaf, each in _leaves(value, path):
        chain = [found for end in range(len(leaf), 0, -1) if (found := origins.get(leaf[:end]))]
        origin = FieldOrigin([*chain, *root][0].template, _joined([*chain, *root]))
        yield TracedField(obj, leaf, each, _joined(chain), origin)


def _joined(chain: list[FieldOrigin]) -> Sources:
    """The first origin's sources unchanged, followed by what the other origins add."""
    own = chain[0].noted if chain else ()
    around = by_relevance(source for found in chain[1:] for source in found.noted)
    known = {*own}
    return (*own, *(source for source in around if source not in known))


def _leaves(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*at, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*at, index))
    else:
        yield at, value


def _facts(bundle: Bundle, lines: _LinesWithin) -> Iterator[TracedUse]:
    for fact in bundle.facts:
        if found := lines.first(fact.noted):
            yield TracedUse(found, fact=fact.what)
    for pool in bundle.pools:
        for key, sources in noted_sources(pool.sources).items():
            if found := lines.first(sources):
                yield TracedUse(found, fact=f"pool {pool.name}: {key}")
    for expectation in bundle.expectations:
        for place in expectation.sources:
            if lines.covers(place.path):
                what = f"expectation {expectation.check} of pool {expectation.pool}"
                yield TracedUse(source_of(place), fact=what)
                break
