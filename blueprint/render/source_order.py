"""Orders the sources of a field: first the line whose text is the value, then those that selected it.

All lines through which a rendered value has passed are recorded. A reader looks for the line to change, whose text is
in the field, completely or in part. It is found by comparing texts of the recorded lines. It is followed by other lines
that a user wrote, then the catalogue's, and finally defaults, which have no line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import USERS, FieldOrigin, Object, Path
from blueprint.data import shipped
from blueprint.diagnostics import Span
from blueprint.platform.tracking.sources import WRITTEN, Source, SourceGroup, Sources
from blueprint.records import replace

_LEAST = 3
"""The minimum number of characters of a partial match: shorter ones are found anywhere."""


def value_first(objects: Iterable[Object], texts: Mapping[str, str]) -> list[Object]:
    """The objects with the sources of all scalars in order; `texts` are the files behind them, except for shipped ones.

    The fields of users' manifests already have their own line first.
    """
    order = _Order(texts)
    return [each if each.component == USERS else replace(each, origins=order.origins(each)) for each in objects]


class _Order:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._text_by_source: dict[Source, str] = {}
        self._indexed: dict[SourceGroup, dict[str, Source]] = {}

    def origins(self, subject: Object) -> dict[Path, FieldOrigin]:
        """The object's origins, reordered for scalar fields."""
        found = dict(subject.origins)
        for path, origin in found.items():
            if origin.noted and (value := _scalar(subject.data, path)) is not None:
                found[path] = replace(origin, noted=self._ordered(origin.noted, value))
        return found

    def _ordered(self, noted: Sources, value: str) -> Sources:
        single = sorted((each for each in noted if isinstance(each, Source)), key=lambda each: self._rank(each, value))
        many = [each for each in noted if isinstance(each, SourceGroup)]
        if not single or self._rank(single[0], value)[0] > 0:
            found = (self._index(each).get(value) for each in many)
            return (*(each for each in found if each), *single, *many)
        return (*single, *many)

    def _index(self, many: SourceGroup) -> dict[str, Source]:
        """The text of each source in a group, written ones before the catalogue's."""
        if many not in self._indexed:
            lines = [each for each in many.sources if each.layer != "default"]
            by_rank = sorted(lines, key=lambda each: each.layer not in WRITTEN)
            self._indexed[many] = {self.text_of(each): each for each in reversed(by_rank)}
        return self._indexed[many]

    def _rank(self, source: Source, value: str) -> tuple[int, int]:
        if source.layer == "default":
            return 2, 2
        text, written = self.text_of(source), 0 if source.layer in WRITTEN else 1
        if text == value:
            return 0, written
        part = min(len(text), len(value)) >= _LEAST and (text in value or value in text)
        return (1 if part else 2), written

    def text_of(self, source: Source) -> str:
        """The text of a source, without quotes; for a multi-line one, the first line."""
        if source not in self._text_by_source:
            self._text_by_source[source] = text_at(source.span, self._lines_of(source.span.file))
        return self._text_by_source[source]

    def _lines_of(self, file: str) -> list[str]:
        if file not in self._lines:
            self._lines[file] = text_of(file, self._texts).splitlines()
        return self._lines[file]


def text_of(file: str, texts: Mapping[str, str]) -> str:
    """The text of a file in `texts` or of a shipped file; empty for others."""
    if file in texts:
        return texts[file]
    place = shipped(file)
    return place.read_text("utf-8") if place else ""


def text_at(span: Span, lines: list[str]) -> str:
    """The text of a span, without quotes; for a multi-line one, the part on the first line."""
    line = lines[span.line - 1] if span.line <= len(lines) else ""
    written_text = line[span.column - 1 : span.end_column - 1 if span.end_line == span.line else None].strip()
    quoted = len(written_text) > 1 and written_text[0] == written_text[-1] and written_text[0] in "\"'"
    return written_text[1:-1] if quoted else written_text


def _scalar(data: Any, path: Path) -> str | None:
    """The scalar at a path in YAML notation; None for other values."""
    try:
        for step in path:
            data = data[step]
    except (KeyError, IndexError, TypeError):
        return None
    if isinstance(data, str):
        return data
    return json.dumps(data) if isinstance(data, bool | int | float) else None
