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
from typing import Any, TypeVar

import orjson

K = TypeVar("K")

PAGE = 64
"""Rows per page: few enough to read one row cheaply, and enough to keep the index small."""

_INDEX = b'\n"index":'


def json_in_parts(
    values: Mapping[str, Any], mappings: Mapping[str, Iterable[tuple[str, Any]]], tables: Mapping[str, Iterable[Any]]
) -> bytes:
    """The bytes of the file. `values` are small and stored as a whole; entries of `mappings` and rows of `tables` are
    parts.

    Mappings and then tables are iterated once, part by part in this order, so that what is written need not be held in
    memory, and a table may be filled while the mappings are iterated.
    """
    writer = _Writer()
    for name, value in values.items():
        writer.member(name, _dumps(value))
    for name, mapping in mappings.items():
        entries = ((key, _dumps(key) + b":", _dumps(value)) for key, value in mapping)
        writer.index[name] = dict(writer.lines(name, b"{}", entries))
    for name, rows in tables.items():
        pages = ((None, b"", _dumps(page)) for page in _pages(rows))
        writer.index[name] = [place for _, place in writer.lines(name, b"[]", pages)]
    writer.member("index", _dumps(writer.index))
    writer.out.write(b"}\n")
    return writer.out.getvalue()


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
        self, name: str, brackets: bytes, parts: Iterator[tuple[K, bytes, bytes]]
    ) -> Iterator[tuple[K, tuple[int, int]]]:
        """A container with one part per line: its key, what precedes it, and its value. For each part its key, and the
        offset and the length of its value.
        """
        self.member(name, brackets[:1])
        separator = b"\n"
        for key, prefix, value in parts:
            self.out.write(separator + prefix)
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
