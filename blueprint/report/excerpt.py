"""The source lines of a span, truncated to the screen, with the cells to mark."""

from __future__ import annotations

import unicodedata

from blueprint.diagnostics import Span
from blueprint.records import Record
from blueprint.report.context import Context
from blueprint.report.escaping import cells, in_ascii, visible

_TAB = "    "
_CUT = "..."
_LEAST = 24


class MarkedLine(Record):
    """One displayed line: the text before the mark, the marked text, the text after it."""

    number: int
    before: str
    inside: str
    after: str

    @property
    def text(self) -> str:
        """The whole line."""
        return f"{self.before}{self.inside}{self.after}"

    @property
    def indent(self) -> int:
        """Terminal cells before the mark."""
        return cells(self.before)

    @property
    def length(self) -> int:
        """The terminal cells of the mark, at least 1, so that an empty span has a mark too."""
        return max(1, cells(self.inside))


def excerpt(span: Span, context: Context, gutter: int = 8) -> tuple[MarkedLine, ...]:
    """The first and the last line of `span`, marked; empty if the file is not that long.

    `gutter` is the width to the left of the text. Tabs take four cells, and control characters are escaped.
    """
    lines = context.lines(span.file)
    if lines is None or not _fits(span, lines):
        return ()
    room = max(context.width - gutter, _LEAST)
    if span.end_line <= span.line:
        return (_marked(span.line, lines[span.line - 1], span.column, span.end_column, room, context),)
    first, last = lines[span.line - 1], lines[span.end_line - 1]
    start = len(last) - len(last.lstrip()) + 1
    shown = [_marked(span.line, first, span.column, len(first.rstrip()) + 1, room, context)]
    if span.end_column > start:
        shown.append(_marked(span.end_line, last, start, span.end_column, room, context))
    return tuple(shown)


def _fits(span: Span, lines: list[str]) -> bool:
    """Whether the file still contains that span; it may have changed since it was read."""
    if not 1 <= span.line <= len(lines) or span.end_line > len(lines) or span.column < 1:
        return False
    return span.column <= len(lines[span.line - 1]) + 1 and lines[span.line - 1].strip() != ""


def _marked(number: int, line: str, start: int, end: int, room: int, context: Context) -> MarkedLine:
    """One line; columns `start` to `end` (exclusive) are marked, and inside the displayed part."""
    left, text, right = _window(line, start - 1, room, context)
    pieces = text if _is_plain(text) else [_shown(character, context) for character in text]
    first, last = start - 1 - left, max(end - 1 - left, start - 1 - left)
    before = (_CUT if left else "") + "".join(pieces[:first])
    after = "".join(pieces[last:]) + (_CUT if right else "")
    return MarkedLine(number, before, "".join(pieces[first:last]), after.rstrip())


def _window(line: str, at: int, room: int, context: Context) -> tuple[int, str, bool]:
    """The part of a long line around index `at`: its start, its text, and whether it is truncated at the end."""
    if len(line) <= room and _is_plain(line):
        return 0, line, False
    near = line[max(0, at - room) : at + room]
    if len(line) <= room and cells("".join(_shown(c, context) for c in line)) <= room:
        return 0, line, False
    left = at
    budget = room // 3
    while left > max(0, at - room) and (budget := budget - cells(_shown(line[left - 1], context))) >= 0:
        left -= 1
    used = cells("".join(_shown(c, context) for c in line[left:at])) + len(_CUT)
    right = at
    limit = at + len(near)
    while right < min(len(line), limit):
        used += cells(_shown(line[right], context))
        if used > room - len(_CUT):
            break
        right += 1
    return left, line[left:right], right < len(line)


def _is_plain(text: str) -> bool:
    """Whether every character is shown unchanged, in one cell."""
    return text.isascii() and text.isprintable()


def _shown(character: str, context: Context) -> str:
    if character == "\t":
        return _TAB
    if character == "\N{NO-BREAK SPACE}" or unicodedata.category(character) == "Zs":
        return " "
    shown = visible(character)
    return in_ascii(shown) if context.ascii_only else shown
