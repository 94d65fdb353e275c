"""`provenance.json`: where every field of every object came from.

Sources, sets of sources and template places are tables. A field, which is a JSON pointer, refers to its template and
to one set, so that equal sets are written once; so do the pools of the lock and the prerequisites. A set is a list of
the numbers of sources; a negative number -n stands for everything in set n - 1, which comes before it. The source
lines themselves are kept too: whoever reads a report on the bundle sees them without having the blueprint.

The file can be read in parts (`json_parts`): who asks for one field of ten thousand objects reads that object's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from blueprint.bundle.json_parts import JsonParts, json_in_parts
from blueprint.bundle.model import Fact, FieldOrigin, Object
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import Source, SourceGroup, Sources, flatten
from blueprint.source.paths import pointer

SCHEMA = "gpublueprint.dev/provenance/v3"
Rename = Callable[[str], str]


def source_to_json(source: Source, rename: Rename) -> list[Any]:
    """`[layer, file, line, column, end line, end column, path]`."""
    at = source.span
    return [source.layer, rename(at.file), at.line, at.column, at.end_line, at.end_column, source.path]


def source_from_json(data: list[Any]) -> Source:
    """The inverse of `source_to_json`."""
    layer, file, line, column, end_line, end_column, path = data
    return Source(layer, Span(file, line, column, end_line, end_column), path)


class SourceTable:
    """Sources and sets of them, each once, numbered as they come."""

    def __init__(self) -> None:
        self.sources: dict[Source, int] = {}
        self.sets: dict[tuple[int, ...], int] = {}
        self._gathered: dict[SourceGroup, int] = {}

    def number(self, sources: Sources) -> int:
        """The number of the set of these sources."""
        members = tuple(map(self._member, sources))
        return self.sets.setdefault(members, len(self.sets))

    def _member(self, one: Source | SourceGroup) -> int:
        if isinstance(one, Source):
            return self.sources.setdefault(one, len(self.sources))
        if one not in self._gathered:
            self._gathered[one] = ~self.number(one.parts)
        return self._gathered[one]


def provenance_file(
    objects: Iterable[tuple[str, Object]],
    facts: Iterable[Fact],
    table: SourceTable,
    extra: Iterable[Source],
    texts: Mapping[str, str],
    rename: Rename,
) -> bytes:
    """The file for objects with the files they are kept in, to be made when all else is in the `table`.

    `extra` are sources of things that do not refer to the table, whose lines are kept as well; `texts` is the text of
    the files by name; `rename` gives files their names in bundles.
    """
    templates: dict[Span, int] = {}
    fields: dict[str, dict[str, Any]] = {}
    for file, obj in objects:
        fields[file] = {
            pointer(path): [templates.setdefault(origin.template, len(templates)), table.number(origin.noted)]
            for path, origin in obj.origins.items()
            if origin.noted or origin.template
        }
    told = [[fact.what, table.number(fact.noted)] for fact in facts]
    values = {"schemaVersion": SCHEMA, "facts": told}
    tables: dict[str, list[Any]] = {
        "templates": [[rename(t.file), t.line, t.column, t.end_line, t.end_column] for t in templates],
        "sources": [source_to_json(source, rename) for source in table.sources],
        "sets": list(table.sets),
    }
    mappings = {"objects": fields, "lines": _lines({*table.sources, *extra}, texts, rename)}
    return json_in_parts(values, tables, mappings)


def _lines(sources: Iterable[Source], texts: Mapping[str, str], rename: Rename) -> dict[str, dict[str, str]]:
    """The lines that the sources stand on, by file and number."""
    split = {name: text.splitlines() for name, text in texts.items()}
    found: dict[str, dict[str, str]] = {}
    for source in sources:
        lines, number = split.get(source.span.file, []), source.span.line
        if number <= len(lines):
            found.setdefault(rename(source.span.file), {})[str(number)] = lines[number - 1]
    return found


class Texts(Mapping[str, str]):
    """The files behind a bundle's sources, as far as their lines were kept; the other lines are empty."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def __getitem__(self, file: str) -> str:
        lines = {int(number): line for number, line in self._provenance.lines(file).items()}
        return "\n".join(lines.get(number, "") for number in range(1, max(lines) + 1))

    def __iter__(self) -> Iterator[str]:
        return iter(self._provenance.files())

    def __contains__(self, file: object) -> bool:
        return file in self._provenance.files()

    def __len__(self) -> int:
        return len(self._provenance.files())


class StoredSources(Mapping[str, tuple[Source, ...]]):
    """Sources by key, read when somebody asks."""

    def __init__(self, provenance: Provenance, sets: Mapping[str, int]) -> None:
        self._provenance = provenance
        self._sets = sets

    def __getitem__(self, key: str) -> tuple[Source, ...]:
        return flatten(self._provenance.noted(self._sets[key]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._sets)

    def __len__(self) -> int:
        return len(self._sets)


class StoredFacts:
    """The facts of a bundle on disk, read when somebody asks."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def __iter__(self) -> Iterator[Fact]:
        return self._provenance.facts()


class Provenance:
    """The provenance of a bundle on disk; each part is read when it is first asked for."""

    def __init__(self, file: FilePath) -> None:
        self._file = file
        self._parts = JsonParts(file)
        self._sources: dict[int, Source] = {}
        self._sets: dict[int, Sources] = {}
        self._gathered: dict[int, SourceGroup] = {}

    def files(self) -> Mapping[str, Any]:
        """The names of the files of which lines were kept."""
        return self._parts.keys("lines")

    def lines(self, file: str) -> dict[str, str]:
        """The kept lines of a file by number. Raises KeyError."""
        lines: dict[str, str] = self._parts.entry("lines", file)
        return lines

    @property
    def texts(self) -> Texts:
        """The kept lines as texts; read when they are first looked at."""
        return Texts(self)

    def facts(self) -> Iterator[Fact]:
        """What the bundle says beside objects, pools and expectations."""
        for what, number in self._parts.value("facts"):
            yield Fact(what, self.noted(number))

    def noted(self, number: int) -> Sources:
        """A set of sources."""
        if number not in self._sets:
            self._sets[number] = tuple(self._member(each, number) for each in self._parts.row("sets", number))
        return self._sets[number]

    def _member(self, number: int, whose: int) -> Source | SourceGroup:
        if number >= 0:
            return self._source(number)
        if not 0 <= ~number < whose:
            raise ValueError(f"{self._file}: set {whose} refers to set {~number}, which does not come before it")
        if number not in self._gathered:
            self._gathered[number] = SourceGroup(self.noted(~number))
        return self._gathered[number]

    def _source(self, number: int) -> Source:
        if number not in self._sources:
            self._sources[number] = source_from_json(self._parts.row("sources", number))
        return self._sources[number]

    def places(self, file: str) -> Mapping[str, tuple[int, int]]:
        """The fields of the object in `file` as JSON pointers, each with its template and its set of sources."""
        if file not in self._parts.keys("objects"):
            return {}
        places: dict[str, tuple[int, int]] = self._parts.entry("objects", file)
        return places

    def origin(self, place: tuple[int, int]) -> FieldOrigin:
        """The origin that one of the `places` stands for."""
        template, number = place
        return FieldOrigin(Span(*self._parts.row("templates", template)), self.noted(number))
