"""Write YAML that every reader understands the same way: YAML 1.1, YAML 1.2 and kubectl's parser.

Block style, two spaces, LF, no anchors, no line folding. A string stays plain only if it begins with a
letter, is made of harmless characters and is no word of any dialect; block scalars are used only where
their text survives exactly. Why not a library: every dumper tried wrote something that another reader
takes for a boolean or a number (`on`, `y`, `1e3`, `0o17`), and was ten times slower.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLAIN = re.compile(
    r"[A-Za-z/][A-Za-z0-9_./@-]*(?:[:=+,%*][A-Za-z0-9_./@-]+)*(?: [A-Za-z0-9_./@(-][A-Za-z0-9_./@()-]*)*"
)
_WORDS = frozenset("y n yes no on off true false null nan inf".split())
_UNSAFE_IN_BLOCK = re.compile("[^\n\x20-\x7e\xa1-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ESCAPE = re.compile('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')
LARGEST_INT = 2**63


def emit(data: Any) -> str:
    """One YAML document, ending with a newline. Raises TypeError for what is not JSON, ValueError for what
    some reader would change (an integer beyond 64 bits, NaN, infinity, a lone surrogate)."""
    if isinstance(data, Mapping) and data:
        return "".join(_mapping(data, ""))
    if isinstance(data, list | tuple) and data:
        return "".join(_sequence(data, ""))
    return _scalar(data, "") + "\n"


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        if not isinstance(key, str):
            raise TypeError(f"a mapping key must be text, not {key!r}")
        yield f"{indent}{_text(key)}:"
        yield from _value(value, indent)


def _sequence(data: list[Any] | tuple[Any, ...], indent: str) -> Iterator[str]:
    for item in data:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest
        elif isinstance(item, list | tuple) and item:
            first, *rest = _sequence(item, indent + "  ")
            yield f"{indent}- {first[len(indent) + 2 :]}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(item, indent)}\n"


def _value(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        yield "\n"
        yield from _mapping(value, indent + "  ")
    elif isinstance(value, list | tuple) and value:
        yield "\n"
        yield from _sequence(value, indent)
    else:
        yield f" {_scalar(value, indent)}\n"


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
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
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


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS and len(value) <= 1000:  # noqa: PLR2004 - YAML 1.1 keys
        return value
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
