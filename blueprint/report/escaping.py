"""Makes untrusted text safe to show: names, values and messages from blueprints and API responses.

Terminals interpret escape sequences, and bidirectional controls reorder text. Such characters are shown escaped
instead.
"""

from __future__ import annotations

import re
import unicodedata

from blueprint.patterns import lazy_pattern

_OBEYED = lazy_pattern(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1: cursor, colour, title, line ends
    "\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, and bidirectional controls
    "\ud800-\udfff"  # lone surrogates: cannot be encoded
    "\U000e0000-\U000e007f]"  # tags: invisible text
)
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
_NARROW_JOINERS = "\u200c\u200d"


def visible(text: str) -> str:
    r"""`text` on one line, with all control characters written as escapes such as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    return _OBEYED.sub(lambda found: _escape(found[0]), text)


def in_ascii(text: str) -> str:
    r"""`text` with all non-ASCII characters written as escapes, for streams that cannot show them."""
    return text if text.isascii() else text.encode("ascii", "backslashreplace").decode("ascii")


def encodable(text: str) -> str:
    """`text` with lone surrogates replaced, so that it can be written as UTF-8."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", text)


def cells(text: str) -> int:
    """The number of terminal cells of `text`: 2 for wide characters, 0 for combining ones."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me"} or character in _NARROW_JOINERS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _escape(character: str) -> str:
    if named := _NAMED.get(character):
        return named
    point = ord(character)
    if point < 0x100:  # noqa: PLR2004 - what \x can say
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"  # noqa: PLR2004 - what \u can say
