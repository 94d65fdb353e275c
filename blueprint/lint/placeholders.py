"""Values that another program replaces before the objects are applied: they cannot be checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from blueprint.diagnostics import Diagnostic, Span
from blueprint.lint import codes
from blueprint.source.placeholders import holds_placeholder, is_placeholder

_BAD_LABEL = "BP5015"
"""For labels, the error may be in the key, while the span is that of the value."""
_OF_FORM = frozenset({"BP5001", "BP5005", "BP5008", "BP5014", "BP6115", "BP6116", "BP6167"})
"""Codes for versions, names, amounts, numbers and images, in which upper-case letters are not valid."""
_CAPITALS = re.compile(r"(?<![A-Za-z0-9_])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![A-Za-z0-9_])")
"""`MODEL_NAME`, which `sed` replaces with another text."""


def without_placeholders(found: Iterable[Diagnostic], texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    """The findings about values without a placeholder, and one for each file with placeholders.

    Args:
        found: The findings.
        texts: The files by name.
    """
    lines: dict[str, list[str]] = {}
    left_out: dict[str, list[Span]] = {}
    for each in found:
        if each.at and each.at.file in texts and each.at.file not in lines:
            lines[each.at.file] = texts[each.at.file].splitlines()
        if each.at and each.at.file in lines and _is_unknown(each, _text_at(each.at, lines[each.at.file])):
            left_out.setdefault(each.at.file, []).append(each.at)
        else:
            yield each
    for name, places in left_out.items():
        many = len(set(places))
        values = "1 value is a placeholder" if many == 1 else f"{many} values are placeholders"
        yield Diagnostic(codes.PLACEHOLDERS, f"{name}: {values}, not checked", at=min(places, key=_order))


def _is_unknown(found: Diagnostic, text: str) -> bool:
    """Whether the value is still unknown. A credential may contain a `$`, so only a lone placeholder does not count as
    one.
    """
    if found.code.id == _BAD_LABEL and holds_placeholder(found.path or ""):
        return True
    if found.code.id in _OF_FORM and _CAPITALS.search(text):
        return True
    return is_placeholder(text) if found.code.conceals else holds_placeholder(text)


def _text_at(at: Span, lines: list[str]) -> str:
    """The text at a span, if it is on one line; multi-line texts are scripts with their own variables."""
    if at.end_line != at.line or at.line > len(lines):
        return ""
    return lines[at.line - 1][at.column - 1 : at.end_column - 1]


def _order(at: Span) -> tuple[int, int]:
    return at.line, at.column
