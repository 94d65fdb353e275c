"""Comments of YAML text: the parsers drop them, so they are found line by line, outside of scalars."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from blueprint.source.events import events_of, yaml_errors

_BLOCKS = ("|", ">")
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with a marker. `text` begins with the marker, at `text_column`; places count from 1.

    `about` is the line that it is about: its own, or, where it stands alone, the next line with content.
    """

    text: str
    line: int
    column: int
    text_column: int
    about: int


def marked_comments(text: str, marker: str) -> Iterator[Comment]:
    """The comments in `text` that begin with `marker` behind the `#`; what stands in scalars is none.

    Of text that is not YAML only the comments before the first mistake are found.
    """
    begin = re.compile(rf"(?:^|(?<=[ \t]))#[ \t]*(?={re.escape(marker)})")
    if marker not in text:
        return
    lines = _LINE_END.split(text)
    candidates = [(number, found) for number, line in enumerate(lines) if (found := begin.search(line))]
    if not candidates:
        return
    scalars, end = _scalars(text)
    for number, found in candidates:
        if number <= end and not any(_holds(scalar, number, found.start(), lines[number]) for scalar in scalars):
            about = number if lines[number][: found.start()].strip() else _next_content(lines, number)
            yield Comment(
                lines[number][found.end() :].rstrip(), number + 1, found.start() + 1, found.end() + 1, about + 1
            )


def _scalars(text: str) -> tuple[list[Any], float]:
    """The scalars that could hold a `#`, and the line (from 0) up to which the text is YAML."""
    events = events_of(text)
    found: list[Any] = []
    try:
        while type(event := events.next()) is not events.stream_end:
            if type(event) is events.scalar and "#" in event.value:
                found.append(event)
    except yaml_errors() as error:
        mark = getattr(error, "problem_mark", None)
        return found, mark.line - 1 if mark else -1
    return found, float("inf")


def _holds(scalar: Any, line: int, column: int, text: str) -> bool:
    """Whether a place is inside a scalar. The parser ends block scalars at the next token: there the value decides."""
    start, end = scalar.start_mark, scalar.end_mark
    if not (start.line, start.column) <= (line, column) < (end.line, end.column):
        return False
    return scalar.style not in _BLOCKS or (line > start.line and text.strip() in scalar.value)


def _next_content(lines: list[str], number: int) -> int:
    """The next line that is neither empty nor a comment; the line itself where there is none."""
    rest = range(number + 1, len(lines))
    return next((n for n in rest if (line := lines[n].strip()) and not line.startswith("#")), number)
