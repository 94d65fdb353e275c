"""Follow a value: from a rendered field back to its lines, or from a line of the blueprint to all that it decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from blueprint.bundle.model import Bundle, FieldOrigin, Object, Path
from blueprint.platform.tracking.sources import WRITTEN, Source, by_relevance, flatten, source_of
from blueprint.source.paths import format_path


@dataclass(frozen=True, slots=True)
class TracedField:
    """A rendered leaf with its value and everything it came from.

    `own` are the sources of the leaf and of the containers around it that stand inside the object; `origin` has
    them first, then what decided that there is such an object at all.
    """

    object: Object
    path: Path
    value: Any
    own: tuple[Source, ...]
    origin: FieldOrigin

    @property
    def name(self) -> str:
        """The field as people write it."""
        return format_path(self.path, self.object.data)


@dataclass(frozen=True, slots=True)
class TracedFact:
    """Something of a bundle that is no field: an expectation or a fact about a pool."""

    what: str
    source: Source


def trace_back(obj: Object, path: Path) -> list[TracedField]:
    """Every leaf at or below `path`, with its origin. KeyError if the object has no such field."""
    value: Any = obj.data
    for step in path:
        value = value[step]
    return [_traced(obj, leaf, found) for leaf, found in _leaves(value, path)]


def trace_forward(bundle: Bundle, path: str) -> tuple[list[TracedField], list[TracedFact]]:
    """Every leaf and fact that the blueprint's value at dotted `path`, or anything below it, takes part in."""
    fields = [
        field
        for obj in bundle.objects
        if _mentions(obj, path)
        for field in trace_back(obj, ())
        if any(_within(source, path) for source in field.origin.sources)
    ]
    return fields, list(_facts(bundle, path))


def _traced(obj: Object, path: Path, value: Any) -> TracedField:
    chain = [found for end in range(len(path), 0, -1) if (found := obj.origins.get(path[:end]))]
    root = [found] if (found := obj.origins.get(())) else []
    own, whole = defaults_last(_joined(chain)), _joined([*chain, *root])
    return TracedField(obj, path, value, own, FieldOrigin([*chain, *root][0].template, whole))


def defaults_last(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The first source as it is, then lines that somebody wrote, the catalogue's, and defaults."""
    rest = sorted(sources[1:], key=lambda each: 2 if each.layer == "default" else each.layer not in WRITTEN)
    return (*sources[:1], *rest)


def _joined(chain: list[FieldOrigin]) -> tuple[Source, ...]:
    """The first origin's sources as they are, then what the others add."""
    own = chain[0].sources if chain else ()
    around = flatten(by_relevance(source for found in chain[1:] for source in found.sources))
    return (*own, *(source for source in around if source not in own))


def _leaves(value: Any, at: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*at, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, (*at, index))
    else:
        yield at, value


def _mentions(obj: Object, path: str) -> bool:
    return any(_within(source, path) for origin in obj.origins.values() for source in origin.sources)


def _within(source: Source, path: str) -> bool:
    if source.layer not in (*WRITTEN, "default") or source.layer == "manifest":  # paths of another document
        return False
    return source.path == path or source.path.startswith((f"{path}.", f"{path}["))


def _facts(bundle: Bundle, path: str) -> Iterator[TracedFact]:
    for fact in bundle.facts:
        if found := next((source for source in fact.sources if _within(source, path)), None):
            yield TracedFact(fact.what, found)
    for pool in bundle.pools:
        for key, sources in pool.sources.items():
            if found := next((source for source in sources if _within(source, path)), None):
                yield TracedFact(f"pool {pool.name}: {key}", found)
    for expectation in bundle.expectations:
        for place in expectation.sources:
            if place.path == path or place.path.startswith((f"{path}.", f"{path}[")):
                yield TracedFact(f"expectation {expectation.check} of pool {expectation.pool}", source_of(place))
                break
