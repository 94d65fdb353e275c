"""`provenance.json`: the origin of every field of every object.

Template places, sources and sets of sources are tables (`origin_codec`). A field, identified by a JSON pointer, refers
to its template place and to one set; so do the pools in the lock and the prerequisites. The source lines themselves are
stored as well, so that reports on the bundle can show them without the blueprint.

The file can be read in parts (`json_parts`): looking up one field of ten thousand objects reads only that object's
part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path as FilePath
from typing import Any

from blueprint.bundle.json_parts import JsonParts, json_in_parts
from blueprint.bundle.model import BundleFact, Object
from blueprint.bundle.origin_codec import OriginDecoder, OriginEncoder, Place, Rename
from blueprint.platform.tracking.sources import Source

SCHEMA = "gpublueprint.dev/provenance/v3"


def provenance_file(
    objects: Mapping[str, Object],
    facts: Iterable[BundleFact],
    encoder: OriginEncoder,
    extra: Iterable[Source],
    texts: Mapping[str, str],
    rename: Rename,
) -> bytes:
    """The file for objects, keyed by their manifest files. Must be created after everything else is numbered in
    `encoder`.

    `extra` are sources that do not refer to the tables, but whose lines are stored as well; `texts` contains the text
    of the files by name; `rename` returns the name of a file in the bundle.
    """
    shared = {each.span.file for each in encoder.sources()}
    numbered = [[fact.what, encoder.number(fact.noted)] for fact in facts]
    values = {"schemaVersion": SCHEMA, "facts": numbered}
    fields = ((file, encoder.places(objects[file], shared)) for file in sorted(objects))
    lines = _lines(encoder, extra, texts, rename)
    return json_in_parts(values, {"objects": fields, "lines": lines}, encoder.rows(rename))


def _lines(
    encoder: OriginEncoder, extra: Iterable[Source], texts: Mapping[str, str], rename: Rename
) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines of the sources, by file and line number. They are collected when the first file is requested."""
    split = {name: text.splitlines() for name, text in texts.items()}
    found: dict[str, dict[str, str]] = {}
    for source in chain(encoder.sources(), extra):
        lines, number = split.get(source.span.file, []), source.span.line
        if number <= len(lines):
            found.setdefault(rename(source.span.file), {})[str(number)] = lines[number - 1]
    yield from sorted(found.items())


class Texts(Mapping[str, str]):
    """The files behind a bundle's sources, as far as their lines are stored; other lines are empty."""

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


class StoredFacts:
    """The facts of a bundle on disk, read on first use."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def __iter__(self) -> Iterator[BundleFact]:
        return self._provenance.facts()


class Provenance:
    """The provenance of a bundle on disk; each part is read when it is first requested."""

    def __init__(self, file: FilePath) -> None:
        self._parts = JsonParts(file)
        self.decoder = OriginDecoder(self._parts.row)

    def files(self) -> Mapping[str, Any]:
        """The names of the files whose lines are stored."""
        return self._parts.keys("lines")

    def lines(self, file: str) -> dict[str, str]:
        """The stored lines of a file, by number. Raises KeyError."""
        lines: dict[str, str] = self._parts.entry("lines", file)
        return lines

    @property
    def texts(self) -> Texts:
        """The stored lines as texts, read on first use."""
        return Texts(self)

    def facts(self) -> Iterator[BundleFact]:
        """The facts of the bundle other than objects, pools and expectations."""
        for what, number in self._parts.value("facts"):
            yield BundleFact(what, self.decoder.set(number))

    def places(self, file: str) -> Mapping[str, Place]:
        """The fields of the object in `file` as JSON pointers, each with its template place and its set of sources."""
        if file not in self._parts.keys("objects"):
            return {}
        places: dict[str, Place] = self._parts.entry("objects", file)
        return places
