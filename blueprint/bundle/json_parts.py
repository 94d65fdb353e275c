"""JSON files of which single parts can be read.

The document is ordinary JSON. Its tables (lists of rows) are split into pages, and every page and every entry of a
mapping is on a separate line. The last member, `index`, contains the byte offset and the length of each of them.
Compact JSON has no line breaks inside values, so the index can be found without reading the rest.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

PAGE = 64
"""Rows per page: few enough to read one row cheaply, and enough to keep the index small."""

_INDEX = b'\n"index":'


def json_in_parts(
    values: Mapping[str, Any], tables: Mapping[str, Iterable[Any]], mappings: Mapping[str, Mapping[str, Any]]
) -> bytes:
    """The bytes of the file. `values` are small and stored as a whole; rows of `tables` and entries of `mappings` are
    parts.

    Tables are iterated once, row by row. An entry may be a `Fragment` of serialized JSON.
    """
    writer = _Writer()
    for name, value in values.items():
        writer.member(name, _dumps(value))
    for name, rows in tables.items():
        pages = ((b"", _dumps(page)) for page in _pages(rows))
        writer.index[name] = [place for _, place in writer.lines(name, b"[]", pages)]
    for name, mapping in mappings.items():
        entries = ((_dumps(key) + b":", _dumps(mapping[key])) for key in sorted(mapping))
        writer.index[name] = {
            key: place for key, (_, place) in zip(sorted(mapping), writer.lines(name, b"{}", entries), strict=True)
        }
    writer.member("index", _dumps(writer.index))
    writer.out.write(b"}\n")
    return writer.out.getvalue()


def fragment(value: Any) -> orjson.Fragment:
    """A value as serialized JSON, for callers that hold many values until they are written.

    It is copied, because the object that orjson returns occupies several times its size.
    """
    return orjson.Fragment(bytes(memoryview(_dumps(value))))


def _pages(rows: Iterable[Any]) -> Iterator[list[Any]]:
    remaining = iter(rows)
    while page := list(islice(remaining, PAGE)):
        yield page


class _Writer:
    def __init__(self) -> None:
        self.out = BytesIO()  # Returns the bytes without copying them.
        self.index: dict[str, Any] = {}

    def member(self, name: str, value: bytes) -> None:
        """Write a whole value on one line."""
        self.out.write((b",\n" if self.out.tell() else b"{\n") + _dumps(name) + b":" + value)

    def lines(
        self, name: str, brackets: bytes, parts: Iterator[tuple[bytes, bytes]]
    ) -> Iterator[tuple[bytes, tuple[int, int]]]:
        """A container with one part per line, and for each part its key, the offset of its value, and its length."""
        self.member(name, brackets[:1])
        separator = b"\n"
        for key, value in parts:
            self.out.write(separator + key)
            yield key, (self.out.tell(), len(value))
            self.out.write(value)
            separator = b",\n"
        self.out.write(brackets[1:])


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


class JsonParts:
    """A JSON file on disk, of which parts are read. Nothing is read until it is requested.

    All methods raise ValueError, KeyError, IndexError or TypeError if the file is malformed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._pages: dict[tuple[str, int], list[Any]] = {}

    @cached_property
    def _bytes(self) -> mmap.mmap:
        with self._file.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)

    @cached_property
    def _index(self) -> dict[str, Any]:
        at = self._bytes.rfind(_INDEX)
        if at < 0:
            raise ValueError(f"{self._file} has no index")
        index: dict[str, Any] = orjson.loads(self._bytes[at + len(_INDEX) :].rstrip().removesuffix(b"}"))
        return index

    def value(self, name: str) -> Any:
        """A value that is stored as a whole."""
        start = self._bytes.find(b"\n" + _dumps(name) + b":")
        if start < 0:
            raise KeyError(name)
        end = self._bytes.find(b"\n", start + 1)
        return orjson.loads(self._bytes[start:end].partition(b":")[2].rstrip().removesuffix(b","))

    def row(self, table: str, number: int) -> Any:
        """Row `number` of a table."""
        page, rest = divmod(number, PAGE)
        if page < 0:
            raise IndexError(number)
        if (table, page) not in self._pages:
            self._pages[table, page] = self._part(self._index[table][page])
        return self._pages[table, page][rest]

    def keys(self, mapping: str) -> Mapping[str, Any]:
        """The keys of a mapping."""
        keys: Mapping[str, Any] = self._index[mapping]
        return keys

    def entry(self, mapping: str, key: str) -> Any:
        """One entry of a mapping. Raises KeyError."""
        return self._part(self._index[mapping][key])

    def _part(self, place: Sequence[int]) -> Any:
        start, length = place
        return orjson.loads(self._bytes[start : start + length])
