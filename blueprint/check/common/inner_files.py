"""Files inside a ConfigMap: what is wrong in them, and where in their text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from blueprint.bundle.model import Path
from blueprint.diagnostics import Refused, Span
from blueprint.source.loader import load_text

Part = tuple[int, int]
"""A range of a text, in characters from 0; the end is exclusive."""


class FileFault(NamedTuple):
    """An error in a file: the path of the key or value in it, and what is wrong."""

    path: Path
    text: str


def faults_in(
    text: Any, judge: Callable[[Mapping[Any, Any]], Iterator[FileFault]]
) -> Iterator[tuple[str, Part | None]]:
    """What is wrong in a YAML file, each with the part of the text; `judge` reads its mapping."""
    written = text if isinstance(text, str) else ""
    try:
        document = load_text(written, "configuration")
    except Refused as refused:
        yield from ((each.message, part_of(written, each.at) if each.at else None) for each in refused.diagnostics)
        return
    if not isinstance(document.data, Mapping):
        yield "does not contain a mapping", None
        return
    for fault in judge(document.data):
        yield fault.text, part_of(written, document.key_span(fault.path).head) if fault.path else None


def part_of(text: str, at: Span) -> Part | None:
    """The range of a span in the text that it is of; None for a text of one line, which is shown whole."""
    if _is_one_line(text):
        return None
    return _offset(text, at.line, at.column), _offset(text, at.end_line, at.end_column)


def line_part(text: str, number: int) -> Part | None:
    """The range of a line, which counts from 1, without the blanks around it; None for a text of one line."""
    if _is_one_line(text):
        return None
    line = _lines(text)[0][number - 1]
    start = _offset(text, number, 1) + len(line) - len(line.lstrip())
    return start, start + len(line.strip())


def _is_one_line(text: str) -> bool:
    return len(_lines(text)[0]) == 1


@lru_cache(maxsize=4)
def _lines(text: str) -> tuple[list[str], list[int]]:
    """The lines of a text, and where each begins. Cached, because each of them may have an error."""
    lines = text.splitlines(keepends=True)
    return lines, [0, *accumulate(map(len, lines))]


def _offset(text: str, line: int, column: int) -> int:
    starts = _lines(text)[1]
    return starts[min(line, len(starts)) - 1] + column - 1
