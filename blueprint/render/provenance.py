"""`provenance.json`: where every field of every object came from.

Sources and template places are tables, fields refer to them by index; fields are JSON pointers. The source lines
themselves are kept too: whoever reads a report on the bundle sees them without having the blueprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

import orjson

from blueprint.diagnostics import Span
from blueprint.platform.origin import Source
from blueprint.render.model import Fact, FieldOrigin, Object, Path
from blueprint.source.paths import from_pointer, pointer

SCHEMA = "gpublueprint.dev/provenance/v1"
Rename = Callable[[str], str]


def source_to_json(source: Source, rename: Rename) -> list[Any]:
    """`[layer, file, line, column, end line, end column, path]`."""
    at = source.span
    return [source.layer, rename(at.file), at.line, at.column, at.end_line, at.end_column, source.path]


def source_from_json(data: list[Any]) -> Source:
    """The inverse of `source_to_json`."""
    layer, file, line, column, end_line, end_column, path = data
    return Source(layer, Span(file, line, column, end_line, end_column), path)


def provenance_to_json(
    objects: Iterable[tuple[str, Object]],
    facts: Iterable[Fact],
    extra: Iterable[Source],
    texts: Mapping[str, str],
    rename: Rename,
) -> dict[str, Any]:
    """The document for objects with the files they are kept in.

    `extra` are sources of other things (pools, expectations), whose lines are kept as well; `texts` is the text of
    the files by name; `rename` gives files their names in bundles.
    """
    sources: dict[Source, int] = {}
    templates: dict[Span, int] = {}
    fields: dict[str, dict[str, Any]] = {}
    for file, obj in objects:
        fields[file] = {
            pointer(path): [
                templates.setdefault(origin.template, len(templates)),
                *(sources.setdefault(source, len(sources)) for source in origin.sources),
            ]
            for path, origin in obj.origins.items()
            if origin.sources or origin.template
        }
    told = [[fact.what, *(sources.setdefault(each, len(sources)) for each in fact.sources)] for fact in facts]
    return {
        "schemaVersion": SCHEMA,
        "sources": [source_to_json(source, rename) for source in sources],
        "templates": [[rename(t.file), t.line, t.column, t.end_line, t.end_column] for t in templates],
        "objects": fields,
        "facts": told,
        "lines": _lines({*sources, *extra}, texts, rename),
    }


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
        lines = {int(number): line for number, line in self._provenance.lines[file].items()}
        return "\n".join(lines.get(number, "") for number in range(1, max(lines) + 1))

    def __iter__(self) -> Iterator[str]:
        return iter(self._provenance.lines)

    def __len__(self) -> int:
        return len(self._provenance.lines)


class StoredFacts:
    """The facts of a bundle on disk, read when somebody asks."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def __iter__(self) -> Iterator[Fact]:
        return self._provenance.facts()


class Provenance:
    """The provenance of a bundle on disk, read when it is first asked for."""

    def __init__(self, file: FilePath) -> None:
        self._file = file

    @cached_property
    def _content(self) -> Any:
        return orjson.loads(self._file.read_bytes())

    @property
    def lines(self) -> dict[str, dict[str, str]]:
        """The kept lines by file and number."""
        lines: dict[str, dict[str, str]] = self._content["lines"]
        return lines

    @property
    def texts(self) -> Texts:
        """The kept lines as texts; read when they are first looked at."""
        return Texts(self)

    def facts(self) -> Iterator[Fact]:
        """What the bundle says beside objects, pools and expectations."""
        for what, *sources in self._content["facts"]:
            yield Fact(what, tuple(self._sources[i] for i in sources))

    @cached_property
    def _sources(self) -> list[Source]:
        return [source_from_json(each) for each in self._content["sources"]]

    @cached_property
    def _templates(self) -> list[Span]:
        return [Span(*each) for each in self._content["templates"]]

    def of(self, file: str, data: Any) -> Mapping[Path, FieldOrigin]:
        """The origins of the fields of the object in `file`, whose content is `data`."""
        return {
            from_pointer(text, data): FieldOrigin(self._templates[template], tuple(self._sources[i] for i in sources))
            for text, (template, *sources) in self._content["objects"].get(file, {}).items()
        }
