"""Writes YAML that all readers interpret in the same way: YAML 1.1, YAML 1.2 and kubectl's parser.

Block style, two spaces, LF, no anchors, no line folding. A string is plain only if it starts with a letter, consists of
safe characters and is not a special word in any dialect; block scalars are used only if they preserve the text exactly.
No library is used, because every dumper that was tried wrote something that another reader interprets as a boolean or a
number (`on`, `y`, `1e3`, `0o17`), and was ten times slower.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Any

from blueprint.patterns import lazy_pattern

_PLAIN = lazy_pattern(
    r"[A-Za-z/][A-Za-z0-9_./@-]*(?:[:=+,%*][A-Za-z0-9_./@-]+)*(?: [A-Za-z0-9_./@(-][A-Za-z0-9_./@()-]*)*"
)
_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"})
_UNSAFE_IN_BLOCK = lazy_pattern("[\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPE = lazy_pattern('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')
LARGEST_INT = 2**63


def emit(data: Any) -> str:
    """One YAML document, ending with a newline. Raises TypeError for values that are not JSON, ValueError for values
    that some reader would change (an integer beyond 64 bits, NaN, infinity, a lone surrogate).
    """
    parts: list[str] = []
    if isinstance(data, dict) and data:
        _mapping(data, "", "", parts)
    elif isinstance(data, list) and data:
        _sequence(data, "", "", parts)
    else:
        parts.append(_scalar(data, "") + "\n")
    return "".join(parts)


def readable(value: Any) -> str:
    """Any value as readable YAML; as JSON if `emit` does not support it."""
    try:
        return emit(value)
    except (TypeError, ValueError):  # live values may be ones that we would never write
        return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str)


def inline(value: Any) -> str:
    """A value on one line, for embedding in text. Raises the errors of `emit`."""
    if isinstance(value, str):
        return _quoted(value) if "," in value or ":" in value else _text(value)  # these are not plain inside brackets
    if isinstance(value, dict):
        return "{" + ", ".join(f"{inline(key)}: {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return _scalar(value, "")


def quoted_if_needed(value: str) -> str:
    """A string on one line, for use after a key or a dash. Raises the errors of `emit`."""
    return _text(value)


def _mapping(data: dict[str, Any], first: str, indent: str, parts: list[str]) -> None:
    """Append the lines of a mapping: `first` precedes the first key (the dash of a list item), `indent` the others."""
    lead = first
    for key, value in data.items():
        if type(key) is not str:
            raise TypeError(f"a mapping key must be text, not {key!r}")
        parts.append(f"{lead}{_text(key)}:")
        lead = indent
        if isinstance(value, dict) and value:
            parts.append("\n")
            _mapping(value, indent + "  ", indent + "  ", parts)
        elif isinstance(value, list) and value:
            parts.append("\n")
            _sequence(value, indent, indent, parts)
        else:
            parts.append(f" {_scalar(value, indent)}\n")


def _sequence(data: list[Any], first: str, indent: str, parts: list[str]) -> None:
    lead = first
    for item in data:
        if isinstance(item, dict) and item:
            _mapping(item, lead + "- ", indent + "  ", parts)
        elif isinstance(item, list) and item:
            _sequence(item, lead + "- ", indent + "  ", parts)
        else:
            parts.append(f"{lead}- {_scalar(item, indent)}\n")
        lead = indent


def _scalar(value: Any, indent: str) -> str:
    if isinstance(value, str):
        return _block(value, indent) if "\n" in value else _text(value)
    if value is True or value is False:
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        if not -LARGEST_INT <= value < 2 * LARGEST_INT:
            raise ValueError(f"{value} does not fit 64 bits: some reader would round it")
        return str(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, dict):
        return "{}"
    if isinstance(value, list):
        return "[]"
    raise TypeError(f"not a JSON value: {value!r}")


def _float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as JSON")
    text = repr(value)
    if "e" not in text:
        return text
    mantissa, exponent = text.split("e")
    sign = exponent[0] if exponent[0] in "+-" else "+"
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{sign}{exponent.lstrip('+-')}"


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and len(value) <= 1000:  # noqa: PLR2004 - YAML 1.1 keys
        return value
    return _quoted(value)


def _quoted(value: str) -> str:
    value.encode()  # a lone surrogate cannot be written: UnicodeEncodeError is a ValueError
    return '"' + _ESCAPE.sub(_escape, value) + '"'


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return _ESCAPES.get(char) or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}")  # noqa: PLR2004


def _block(value: str, indent: str) -> str:
    lines = value.split("\n")
    body = lines[:-1] if lines[-1] == "" else lines
    survives = (
        not _UNSAFE_IN_BLOCK.search(value)
        and body[0] != ""
        and not body[0].startswith(" ")
        and body[-1].strip() != ""
        and not any(line != line.rstrip(" ") for line in body)
    )
    if not survives:
        return _text(value)
    inner = indent + "  "
    mark = "|" if lines[-1] == "" else "|-"
    return mark + "".join(f"\n{inner}{line}" if line else "\n" for line in body)
