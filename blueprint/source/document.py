"""A parsed document: plain values, and the location of each key and value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from blueprint.diagnostics import Span
from blueprint.records import Record
from blueprint.source.paths import Path

Marks = tuple[Any, Any, Any]
"""(start mark, end mark, children): children are {key: (key start, key end, Marks)}, [Marks] or None. Marks are the
parser's own, with `line` and `column` from 0; they are converted to spans on access. Those of a cached document are
plain pairs of line and column, and their ends are those of spans.
"""


@lru_cache(maxsize=65_536)
def _one(path: Path) -> Path:
    """One shared tuple for equal paths: ten thousand objects of a kind have few distinct ones."""
    return path


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    """The lines of a text, cached for all documents of a file, which may be ten thousand."""
    return text.splitlines()


class Document(Record, dict=True):
    """A parsed document. `data` is plain Python (dict, list, str, int, float, bool, None).

    `found_marks` are the marks, or a function that returns them: those of most cached documents are never needed.
    `first_line` is the number of lines that stand in the file before the text.
    """

    file: str
    text: str
    data: Any
    found_marks: Marks | Callable[[], Marks | None] | None
    first_line: int = 0

    @property
    def marks(self) -> Marks | None:
        """The location of each key and value; None if the document is empty."""
        return self._made_marks if callable(self.found_marks) else self.found_marks

    @cached_property
    def _made_marks(self) -> Marks | None:
        return self.found_marks() if callable(self.found_marks) else self.found_marks

    @property
    def lines(self) -> list[str]:
        """The text, line by line."""
        return _lines(self.text)

    def span(self, path: Path = ()) -> Span:
        """The span of the value at `path`. For a path that does not exist, the span of its nearest ancestor."""
        start, end, _ = self._find(path)[1]
        return self.span_of(start, end)

    def key_span(self, path: Path) -> Span:
        """The span of the last key of `path`; for a list item, or a path that does not exist, that of the nearest
        value.
        """
        key, marks = self._find(path)
        return self.span_of(*key) if key else self.span_of(*marks[:2])

    def span_of(self, start: Any, end: Any) -> Span:
        """A span from the parser's marks. The parser ends block scalars and collections at the next token; the span
        ends at the end of their text, before blank lines and comments.
        """
        if type(start) is tuple:
            return Span(self.file, start[0] + 1, start[1] + 1, end[0] + 1, end[1] + 1)
        first = self.first_line + 1
        if start.line == end.line:
            number = start.line + first  # shared numbers: ten thousand objects have half a million spans
            return Span(self.file, number, start.column + 1, number, end.column + 1)
        line, column = end.line, end.column
        if line > start.line and not self._line(line)[:column].strip():
            literal = self._line(start.line)[start.column : start.column + 1] in ("|", ">")
            line -= 1
            while line > start.line and self._is_empty(line, literal=literal):
                line -= 1
            column = len(self._line(line).rstrip())
        return Span(self.file, start.line + first, start.column + 1, line + first, column + 1)

    def stretch(self, line: int, start: int, end: int) -> Span:
        """A part of one line; all count from 0."""
        number = self.first_line + line + 1
        return Span(self.file, number, start + 1, number, end + 1)

    def places(self) -> list[tuple[Path, Span]]:
        """All values in the order of `walk` with their spans: that of the scalar, or of a collection's key.

        A collection without a key has its own span, or its first character if it spans several lines.
        """
        found: list[tuple[Path, Span]] = []
        if self.marks is not None:
            self._add_places((), self.data, None, self.marks, found)
        return found

    def _add_places(self, path: Path, value: Any, key: Any, marks: Marks, found: list[tuple[Path, Span]]) -> None:
        start, end, children = marks
        path = _one(path)
        if isinstance(value, dict):
            found.append((path, self.span_of(*(key or (start, end))).head))
            for name, each in value.items():
                *place, below = children[name]
                self._add_places((*path, name), each, place, below, found)
        elif isinstance(value, list):
            found.append((path, self.span_of(*(key or (start, end))).head))
            for index, each in enumerate(value):
                self._add_places((*path, index), each, None, children[index], found)
        else:
            found.append((path, self.span_of(start, end)))

    def plain_marks(self) -> Marks | None:
        """The marks as plain data that can be stored."""
        return self._plain(self.marks) if self.marks else None

    def _plain(self, marks: Marks) -> Marks:
        start, end, children = marks
        if isinstance(children, dict):
            children = {key: (*self._pairs(*child[:2]), self._plain(child[2])) for key, child in children.items()}
        elif isinstance(children, list):
            children = [self._plain(child) for child in children]
        return (*self._pairs(start, end), children)

    def _pairs(self, start: Any, end: Any) -> tuple[Any, Any]:
        span = self.span_of(start, end)
        return (span.line - 1, span.column - 1), (span.end_line - 1, span.end_column - 1)

    def _line(self, number: int) -> str:
        return self.lines[number] if number < len(self.lines) else ""

    def _is_empty(self, number: int, *, literal: bool) -> bool:
        text = self._line(number).lstrip()
        return not text or (text.startswith("#") and not literal)

    def _find(self, path: Path) -> tuple[tuple[Any, Any] | None, Marks]:
        if self.marks is None:
            raise ValueError(f"{self.file} has no content")
        key: tuple[Any, Any] | None = None
        here = self.marks
        for step in path:
            children = here[2]
            if isinstance(children, dict) and step in children:
                start, end, here = children[step]
                key = (start, end)
            elif isinstance(children, list) and isinstance(step, int) and step < len(children):
                key, here = None, children[step]
            else:
                break
        return key, here


def walk(data: Any, at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """All values in `data` with their paths, containers before their contents."""
    yield at, data
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from walk(value, (*at, key))
