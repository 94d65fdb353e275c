"""Wraps text to the screen's width."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from blueprint.patterns import lazy_pattern
from blueprint.report.context import Context

_CODE, _HELD = lazy_pattern(r"`[^`]*`"), "\u2060"


def wrapped(text: str, context: Context, indent: int = 10) -> Iterator[str]:
    """Lines of the screen's width; text between backticks is meant to be copied, so it stays on one line."""
    whole = _CODE.sub(lambda found: found[0].replace(" ", _HELD), text)
    for line in textwrap.wrap(
        whole, context.width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ):
        yield line.replace(_HELD, " ")


def on_terminal(text: str, context: Context, indent: int) -> Iterator[str]:
    """Lines of a terminal's width; a single line if it is not a terminal, so that programs find it intact."""
    return wrapped(text, context, indent) if context.terminal else iter((text,))
