"""A place that a value came from. Rendered fields, pools and expectations all point at such places."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from blueprint.diagnostics import Span
from blueprint.probe import ExpectationSource

WRITTEN = ("blueprint", "overlay", "set", "patch", "manifest")
"""Layers that somebody wrote, as against defaults and the catalogue."""


@dataclass(frozen=True, slots=True)
class Source:
    """A place that a value came from.

    `layer` says what kind of place: `blueprint`, `overlay`, `set`, `default` (the place is the nearest
    enclosing line that exists), `patch`, `manifest`, `component`, `release`, `hardware`. `path` is the dotted path
    inside that document.
    """

    layer: str
    span: Span
    path: str

    def __hash__(self) -> int:
        return hash((self.path, self.span.line))  # in every set of notes: all six parts would take thrice the time


def in_order(sources: Iterable[Source]) -> tuple[Source, ...]:
    """What a reader wants first: written lines, then defaults, then the catalogue.

    Among written lines the last one read comes first: it gave the value, those before it decided whether. A line
    that only encloses another one of the same document is left out.
    """
    kept = list(dict.fromkeys(sources))
    paths = {(source.span.file, source.path) for source in kept}
    enclosing = {(file, above) for file, path in paths for above in _above(path)}
    written = [s for s in reversed(kept) if s.layer in WRITTEN and (s.span.file, s.path) not in enclosing]
    defaults = [s for s in kept if s.layer == "default" and (s.span.file, s.path) not in enclosing]
    return (*written, *defaults, *(s for s in kept if s.layer not in WRITTEN and s.layer != "default"))


@cache
def _above(path: str) -> tuple[str, ...]:
    return tuple(path[:index] for index, char in enumerate(path) if char in ".[" and index)


def source_of(place: ExpectationSource) -> Source:
    """An expectation's source as the place it is."""
    return Source(place.layer, place.span, place.path)
