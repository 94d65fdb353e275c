"""Origins as JSON: tables of template places, sources and sets of sources, to which everything else refers by number.

Equal sets are written once, so the size stays linear in the number of pools. A set is a list of source numbers; a
negative number -n stands for the contents of set n - 1, which precedes it. Bundles and plan files contain such tables;
reports contain the sources in full.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from blueprint.bundle.manifest_origins import ManifestOrigins
from blueprint.bundle.model import FieldOrigin, Object, Path
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources
from blueprint.source.paths import from_pointer, pointer

Rename = Callable[[str], str]
"""Returns the name under which a file is written."""
Place = tuple[int, int]
"""An origin: the numbers of its template place and its set of sources."""


K = TypeVar("K", bound=Hashable)


class _Table(dict[K, int]):
    """Numbered rows, in insertion order.

    Rows of a block are not deduplicated. They are not stored either, but created again when the table is written.
    """

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[tuple[int, Callable[[], Iterable[K]]]] = []
        self._in_blocks = 0

    def __missing__(self, row: K) -> int:
        number = self[row] = len(self) + self._in_blocks
        return number

    def block(self, length: int, rows: Callable[[], Iterable[K]]) -> int:
        """The number of the first of `length` rows."""
        first = len(self) + self._in_blocks
        self._blocks.append((first, rows))
        self._in_blocks += length
        return first

    def rows(self) -> Iterator[K]:
        """All rows."""
        blocks = deque(self._blocks)
        for row, number in self.items():
            while blocks and blocks[0][0] < number:
                yield from blocks.popleft()[1]()
            yield row
        for _, block in blocks:
            yield from block()


def _other_spans(origins: ManifestOrigins) -> Iterator[Span]:
    """The spans of a manifest's fields, each one once, without the first."""
    return islice(dict.fromkeys(origins.spans()), 1, None)


def _other_sources(origins: ManifestOrigins) -> Iterator[Source]:
    return islice(origins.sources(), 1, None)


def _pairs(start: int, length: int, other: int) -> Iterator[tuple[int, int]]:
    return ((number, other) for number in range(start, start + length))


class OriginEncoder:
    """Numbers template places, sources and sets of sources, each one once, in insertion order."""

    def __init__(self) -> None:
        self._sources = _Table[Source]()
        self._templates = _Table[Span]()
        self._sets = _Table[tuple[int, ...]]()
        self._groups: dict[SourceGroup, int] = {}

    def number(self, sources: Sources) -> int:
        """The number of the set of these sources."""
        return self._sets[tuple(map(self._member, sources))]

    def numbers(self, sources: Mapping[str, Sources]) -> dict[str, int]:
        """The number of each set."""
        return {key: self.number(several) for key, several in sources.items()}

    def sources(self) -> Iterator[Source]:
        """All numbered sources."""
        return self._sources.rows()

    def places(self, obj: Object, shared: Container[str] = ()) -> dict[str, Place]:
        """The origin of each field of an object, by JSON pointer.

        `shared`: files to whose lines not only objects refer.
        """
        if isinstance(obj.origins, ManifestOrigins) and obj.origins.file not in shared:
            return self._manifest(obj.origins)
        return {pointer(path): self._place(origin) for path, origin in obj.origins.items()}

    def _place(self, origin: FieldOrigin) -> Place:
        return self._templates[origin.template], self.number(origin.noted)

    def _manifest(self, origins: ManifestOrigins) -> dict[str, Place]:
        """The origins of an object from a manifest whose lines nothing else refers to. Only those of the first field
        need to be deduplicated.
        """
        template, sources = self._place(next(iter(origins.values())))
        more = len(origins) - 1
        spans = [*origins.spans()]
        first, *others = dict.fromkeys(spans)
        start = self._templates.block(len(others), partial(_other_spans, origins))
        numbers = {first: template, **{span: number for number, span in enumerate(others, start)}}
        source = self._sources.block(more, partial(_other_sources, origins))
        pairs = partial(_pairs, source, more, self._sources[origins.named])
        start = self._sets.block(more, pairs)
        sets = [sources, *range(start, start + more)]
        return dict(zip(map(pointer, origins), zip(map(numbers.__getitem__, spans), sets, strict=True), strict=True))

    def tables(self, rename: Rename = str) -> dict[str, list[Any]]:
        """The tables, once everything is numbered."""
        return {name: list(rows) for name, rows in self.rows(rename).items()}

    def rows(self, rename: Rename = str) -> dict[str, Iterator[Any]]:
        """The rows of each table one at a time, for callers that do not need them all at once."""
        return {
            "templates": (_row(template, rename) for template in self._templates.rows()),
            "sources": ([s.layer, *_row(s.span, rename), s.path] for s in self.sources()),
            "sets": self._sets.rows(),
        }

    def _member(self, one: Source | SourceGroup) -> int:
        if isinstance(one, Source):
            return self._sources[one]
        if one not in self._groups:
            self._groups[one] = ~self.number(one.parts)
        return self._groups[one]


class OriginDecoder:
    """Decodes origins. `row` returns a row of a table by its number; each row is decoded once.

    All methods raise ValueError, KeyError, IndexError or TypeError if the tables are malformed.
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
        """The origin of each field of an object with this `data`."""
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
    """Sets of sources by key, decoded on first use."""

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
    """A source in full, for a report."""
    return {"layer": source.layer, "path": source.path, "at": span_to_json(source.span)}


def span_to_json(span: Span) -> dict[str, Any]:
    """A span in full, for a report."""
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }


def _row(span: Span, rename: Rename) -> list[Any]:
    return [rename(span.file), span.line, span.column, span.end_line, span.end_column]
