"""Small pieces of English: numbers with nouns, lists of words. Imports only the standard library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def counted(number: int, noun: str) -> str:
    """`1 wave`, `2 waves`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def counted_or_none(number: int, noun: str) -> str:
    """`1 error`, `2 errors`, `no errors`."""
    return counted(number, noun) if number else f"no {noun}s"


def joined(words: Sequence[str], conjunction: str = "and") -> str:
    """`a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def value_in_words(value: Any) -> str:
    """A value read from YAML, as named in messages: `true`, `the number 3`, `the string "x"`, `a mapping`."""
    match value:
        case None | True | False:
            return {None: "nothing", True: "true", False: "false"}[value]
        case int() | float():
            return f"the number {value}"
        case str():
            return f'the string "{value}"' if value else "an empty string"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


def first_few(words: Sequence[str], most: int) -> str:
    """`a, b and 3 more`."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
