"""Two texts side by side, line by line: common lines appear once in both columns, and long runs of them are
truncated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import NamedTuple

from blueprint.wording import counted

_AROUND = 2
"""The number of lines shown before and after a difference."""
_MOST = 400
"""The maximum number of lines per side that are compared."""


class DiffRow(NamedTuple):
    """One row. `kind` is `same`, `differs` or `gap`; a side without such a line is None."""

    kind: str
    left: str | None
    right: str | None


def side_by_side(left: str, right: str) -> tuple[DiffRow, ...]:
    """The rows of two texts."""
    return tuple(_rows(_lines(left), _lines(right)))


def _lines(text: str) -> list[str]:
    lines = text.splitlines()
    more = len(lines) - _MOST
    return [*lines[:_MOST], f"... {counted(more, 'more line')}"] if more > 0 else lines


def _rows(left: Sequence[str], right: Sequence[str]) -> Iterator[DiffRow]:
    for kind, i, i_end, j, j_end in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if kind != "equal":
            yield from (DiffRow("differs", one, other) for one, other in zip_longest(left[i:i_end], right[j:j_end]))
            continue
        head = 0 if i == 0 and j == 0 else _AROUND
        tail = 0 if i_end == len(left) and j_end == len(right) else _AROUND
        hidden = i_end - i - head - tail
        if hidden <= 1:
            yield from (DiffRow("same", line, line) for line in left[i:i_end])
            continue
        yield from (DiffRow("same", line, line) for line in left[i : i + head])
        yield DiffRow("gap", f"... {hidden} lines", f"... {hidden} lines")
        yield from (DiffRow("same", line, line) for line in left[i_end - tail : i_end])
