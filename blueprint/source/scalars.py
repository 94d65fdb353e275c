"""The meaning of unquoted scalars: a strict core on which all YAML readers agree.

`true`, `false`, `null`, `~`, the empty scalar, decimal integers and decimal fractions are not strings. Scalars that
YAML 1.1, YAML 1.2 or kubectl's parser would interpret differently are *ambiguous*. All others are strings.
"""

from __future__ import annotations

import re
from typing import Any, Final

from blueprint.patterns import lazy_pattern

AMBIGUOUS: Final = object()
"""Represents a scalar that readers disagree on."""

_WORDS: dict[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
_INTEGER = lazy_pattern(r"-?(?:0|[1-9][0-9]*)")
_FRACTION = lazy_pattern(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][+-][0-9]+)?")
_AMBIGUOUS = lazy_pattern(
    r"""(?i: y | n | yes | no | on | off | true | false | null )
      | [-+]? 0 [0-9_]+                                   # octal to some
      | [-+]? 0 (?i: o[0-7_]+ | x[0-9a-f_]+ | b[01_]+ )   # kubectl takes capitals too
      | [-+]? [0-9] [0-9_]* (?: \. [0-9_]* )? (?: [eE] [-+]? [0-9_]+ )?
      | [-+]? \. [0-9_]+ (?: [eE] [-+]? [0-9_]+ )?
      | [-+]? [0-9] [0-9_]* (?: : [0-5]? [0-9] )+ (?: \. [0-9_]* )?     # sexagesimal
      | [-+]? \. (?i: inf | nan )
      | [0-9]{4} - [0-9]{1,2} - [0-9]{1,2} (?: [Tt \t] .* )?            # dates
      | =""",
    re.VERBOSE,
)
_FIRST = frozenset("-+.=0123456789yYnNtTfFoO")
_BITS = 64


def resolve(text: str) -> Any:
    """The value of an unquoted scalar, or AMBIGUOUS."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _FIRST:
        return text
    if _INTEGER.fullmatch(text):
        value = int(text) if len(text) <= _BITS else None
        return value if value is not None and -(2**63) <= value < 2**63 and text != "-0" else AMBIGUOUS
    if _FRACTION.fullmatch(text):
        return float(text) if abs(float(text)) != float("inf") else AMBIGUOUS
    return AMBIGUOUS if _AMBIGUOUS.fullmatch(text) else text


def quoted_form(text: str) -> str:
    """The quoted form of an ambiguous scalar, which is unambiguous."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def boolean_word(text: str) -> str | None:
    """`true` or `false` for a word that some readers interpret as such (`yes`, `off`, `True`); None for any other
    text.
    """
    return _BOOLEANS.get(text.lower())


_BOOLEANS = dict.fromkeys(("y", "yes", "on", "true"), "true") | dict.fromkeys(("n", "no", "off", "false"), "false")
