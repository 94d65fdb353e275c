"""Functions on strings (`ext.Strings` version 2), except for regular expressions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from blueprint.cel.functions.signatures import INT, LIST, STRING, STRINGS, Signature, bounded, function, method


def _char_at(text: str, index: int) -> str:
    _within(index, len(text))
    return text[index : index + 1]


def _within(index: int, length: int) -> None:
    if not 0 <= index <= length:
        raise ValueError(f"index out of range: {index}")


def index_of_text(text: str, part: str, start: int = 0) -> int:
    """The index of the first occurrence of a substring, or -1."""
    if not part:
        return start
    _within(start, len(text))
    return text.find(part, start)


def last_index_of_text(text: str, part: str, start: int | None = None) -> int:
    """The index of the last occurrence of a substring, at or before `start`, or -1."""
    if start is None:
        return len(text) if not part else text.rfind(part)
    _within(start, len(text))
    return start if not part else text.rfind(part, 0, start + len(part))


def _lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def _upper(text: str) -> str:
    return "".join(char.upper() if char.isascii() else char for char in text)


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    return bounded(text.replace(old, new, count))


def _split(text: str, separator: str, count: int = -1) -> list[str]:
    if count == 0:
        return []
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    letters = list(text)
    return letters if count < 0 or len(letters) <= count else [*letters[: count - 1], "".join(letters[count - 1 :])]


def _substring(text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    _within(start, len(text))
    _within(end, len(text))
    if start > end:
        raise ValueError(f"invalid substring range: {start}, {end}")
    return text[start:end]


def _join(parts: list[str], separator: str = "") -> str:
    return bounded(separator.join(parts))


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _format(text: str, arguments: list[Any]) -> str:
    return bounded("".join(_formatted(text, iter(arguments))))


def _formatted(text: str, arguments: Iterator[Any]) -> Iterator[str]:
    """The pieces of a format string with `%s` and `%d`. Other verbs are left to the API server."""
    rest = text
    while rest:
        plain, percent, rest = rest.partition("%")
        yield plain
        if not percent:
            return
        verb, rest = rest[:1], rest[1:]
        if verb == "%":
            yield "%"
        else:
            yield _verb(verb, next(arguments, None))


def _verb(verb: str, value: Any) -> str:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if verb == "s" and isinstance(value, str):
        return value
    if verb == "s" and isinstance(value, bool):
        return "true" if value else "false"
    if verb in ("s", "d") and whole:
        return str(value)
    raise NotImplementedError(f"%{verb} of {type(value).__name__}")


SIGNATURES: tuple[Signature, ...] = (
    method("charAt", (STRING, INT), STRING, _char_at),
    method("indexOf", (STRING, STRING), INT, index_of_text),
    method("indexOf", (STRING, STRING, INT), INT, index_of_text),
    method("lastIndexOf", (STRING, STRING), INT, last_index_of_text),
    method("lastIndexOf", (STRING, STRING, INT), INT, last_index_of_text),
    method("lowerAscii", (STRING,), STRING, _lower),
    method("upperAscii", (STRING,), STRING, _upper),
    method("replace", (STRING, STRING, STRING), STRING, _replace),
    method("replace", (STRING, STRING, STRING, INT), STRING, _replace),
    method("split", (STRING, STRING), STRINGS, _split),
    method("split", (STRING, STRING, INT), STRINGS, _split),
    method("substring", (STRING, INT), STRING, _substring),
    method("substring", (STRING, INT, INT), STRING, _substring),
    method("trim", (STRING,), STRING, str.strip),
    method("join", (STRINGS,), STRING, _join),
    method("join", (STRINGS, STRING), STRING, _join),
    method("format", (STRING, LIST), STRING, _format),
    function("strings.quote", (STRING,), STRING, _quote),
)
