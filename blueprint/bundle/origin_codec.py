"""Origins as JSON: tables of template places, sources and sets of sources, to which everything else refers by number.

So equal sets are written once, and what is written stays linear in the number of pools. A set is a list of the numbers
of sources; a negative number -n stands for everything in set n - 1, which comes before it. Bundles and plan files hold
such tables; reports spell sources out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import FieldOrigin, Object, Path
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources
from blueprint.source.paths import from_pointer, pointer

Rename = Callable[[str], str]
"""Gives a file the name that it is written under."""
Place = tuple[int, int]
"""An origin: the numbers of its template place and of its set of sources."""


class OriginEncoder:
    """Numbers template places, sources and sets of sources, each once, in the order in which they come."""

    def __init__(self) -> None:
        self.sources: dict[Source, int] = {}
        self._templates: dict[Span, int] = {}
        self._sets: dict[tuple[int, ...], int] = {}
        self._groups: dict[SourceGroup, int] = {}

    def number(self, sources: Sources) -> int:
        """The number of the set of these sources."""
        members = tuple(map(self._member, sources))
        return self._sets.setdefault(members, len(self._sets))

    def numbers(self, sources: Mapping[str, Sources]) -> dict[str, int]:
        """The number of each set."""
        return {key: self.number(several) for key, several in sources.items()}

    def places(self, obj: Object) -> dict[str, Place]:
        """The origin of each field of an object, by JSON pointer."""
        return {
            pointer(path): (
                self._templates.setdefault(origin.template, len(self._templates)),
                self.number(origin.noted),
            )
            for path, origin in obj.origins.items()
        }

    def tables(self, rename: Rename = str) -> dict[str, list[Any]]:
        """The tables, once everything has its number."""
        return {name: list(rows) for name, rows in self.rows(rename).items()}

    def rows(self, rename: Rename = str) -> dict[str, Iterator[Any]]:
        """The rows of each table one by one, for who does not need them all at once."""
        return {
            "templates": (_row(template, rename) for template in self._templates),
            "sources": ([s.layer, *_row(s.span, rename), s.path] for s in self.sources),
            "sets": iter(self._sets),
        }

    def _member(self, one: Source | SourceGroup) -> int:
        if isinstance(one, Source):
            return self.sources.setdefault(one, len(self.sources))
        if one not in self._groups:
            self._groups[one] = ~self.number(one.parts)
        return self._groups[one]


class OriginDecoder:
    """Reads origins back; `row` gives a row of a table by its number, and each is read once.

    Every method raises ValueError, KeyError, IndexError or TypeError where the tables are not what an encoder makes.
    """

    def __init__(self, row: Callable[[str, int], Any]) -> None:
        self._row = row
        self._sources: dict[int, Source] = {}
        self._sets: dict[int, Sources] = {}
        self._groups: dict[int, SourceGroup] = {}

    def set(self, number: int) -> Sources:
        """A set of sources."""
        if number not in self._sets:
            self._sets[number] = tuple(self._member(each, number) for each in self._row("sets", number))
        return self._sets[number]

    def origin(self, place: Place) -> FieldOrigin:
        """An origin."""
        template, number = place
        return FieldOrigin(Span(*self._row("templates", template)), self.set(number))

    def origins(self, places: Mapping[str, Place], data: Any) -> dict[Path, FieldOrigin]:
        """The origin of each field of an object that has this `data`."""
        return {from_pointer(text, data): self.origin(place) for text, place in places.items()}

    def _member(self, number: int, whose: int) -> Source | SourceGroup:
        if number >= 0:
            return self._source(number)
        if not 0 <= ~number < whose:
            raise ValueError(f"set {whose} refers to set {~number}, which does not come before it")
        if number not in self._groups:
            self._groups[number] = SourceGroup(self.set(~number))
        return self._groups[number]

    def _source(self, number: int) -> Source:
        if number not in self._sources:
            layer, *place, path = self._row("sources", number)
            self._sources[number] = Source(layer, Span(*place), path)
        return self._sources[number]


class DecodedSets(Mapping[str, Sources]):
    """Sets of sources by key, each decoded when it is first needed."""

    def __init__(self, decoder: OriginDecoder, numbers: Mapping[str, int]) -> None:
        self._decoder = decoder
        self._numbers = numbers

    def __getitem__(self, key: str) -> Sources:
        return self._decoder.set(self._numbers[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)


def source_to_json(source: Source) -> dict[str, Any]:
    """A source spelt out, for a report."""
    return {"layer": source.layer, "path": source.path, "at": span_to_json(source.span)}


def span_to_json(span: Span) -> dict[str, Any]:
    """A place spelt out, for a report."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _row(span: Span, rename: Rename) -> list[Any]:
    return [rename(span.file), span.line, span.column, span.end_line, span.end_column]
