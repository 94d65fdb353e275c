"""Finds comments in YAML text line by line, outside of scalars, because the parsers drop them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.source.events import events_of, yaml_errors

_BLOCKS = ("|", ">")
_LINE_END = lazy_pattern(r"\r\n|\r|\n")


class Comment(Record):
    """A comment with a marker. `text` starts with the marker, at `text_column`; lines and columns count from 1.

    `about` is the line to which it refers: its own, or, for a comment on a separate line, the next line with content.
    """

    text: str
    line: int
    column: int
    text_column: int
    about: int


def marked_comments(text: str, marker: str) -> Iterator[Comment]:
    """The comments in `text` that start with `marker` after the `#`, without those inside scalars.

    For text that is not YAML, only the comments before the first error are found.
    """
    begin = re.compile(rf"(?:^|(?<=[ \t]))#[ \t]*(?={re.escape(marker)})")
    if marker not in text:
        return
    lines = _LINE_END.split(text)
    candidates = [(number, found) for number, line in enumerate(lines) if (found := begin.search(line))]
    if not candidates:
        return
    scalars, end = _scalars(text)
    starts = [(each.start_mark.line, each.start_mark.column) for each in scalars]
    below = _content_below(lines)
    for number, found in candidates:
        before = bisect_right(starts, (number, found.start()))
        inside = before and _holds(scalars[before - 1], number, found.start(), lines[number])
        if number <= end and not inside:
            about = number if lines[number][: found.start()].strip() else below[number]
            yield Comment(
                lines[number][found.end() :].rstrip(), number + 1, found.start() + 1, found.end() + 1, about + 1
            )


def _scalars(text: str) -> tuple[list[Any], float]:
    """The scalars that may contain a `#`, in order, and the line (from 0) up to which the text is YAML."""
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
    """Whether a position is inside a scalar. The parser ends block scalars at the next token, so for those the value
    decides.
    """
    start, end = scalar.start_mark, scalar.end_mark
    if not (start.line, start.column) <= (line, column) < (end.line, end.column):
        return False
    return scalar.style not in _BLOCKS or (line > start.line and text.strip() in scalar.value)


def _content_below(lines: list[str]) -> list[int]:
    """For each line, the next one that is neither empty nor a comment; the line itself if there is none."""
    found = list(range(len(lines)))
    below: int | None = None
    for number in range(len(lines) - 1, -1, -1):
        if below is not None:
            found[number] = below
        if (line := lines[number].strip()) and not line.startswith("#"):
            below = number
    return found
