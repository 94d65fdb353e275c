"""`find` and `findAll`. Go's regular expressions always run in linear time; Python's may not, so some are rejected.

`matches` is not implemented here: the library supports it, using RE2 as Kubernetes does.
"""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import Any

from blueprint.cel.functions.signatures import INT, STRING, STRINGS, Signature, method
from blueprint.patterns import lazy_pattern

op: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
"""The standard library's own regular expression parser; it has no public name."""

_DIFFERENT = lazy_pattern(r"\\[pPQEzCAZBx0-9]|\[\[:|\(\?[^:P)]|\$(?!$)")
"""Syntax that Go has and Python does not, or that has another meaning there."""
_LONGEST = 10_000
_REPEATS = frozenset({op.MAX_REPEAT, op.MIN_REPEAT})
_MANY = 8


def _find(text: str, pattern: str) -> str:
    match = _compiled(pattern).search(_short(text))
    return match.group() if match else ""


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in _compiled(pattern).finditer(_short(text))]
    return found if limit < 0 else found[:limit]


def _short(text: str) -> str:
    if len(text) > _LONGEST:
        raise NotImplementedError(f"a string of more than {_LONGEST} characters is not searched")
    return text


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """The compiled expression. Raises NotImplementedError if Python would interpret it differently, or could take
    forever.
    """
    if _DIFFERENT.search(pattern):
        raise NotImplementedError(f"the regular expression {pattern} may mean different things to Go and Python")
    try:
        tree = parser.parse(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise NotImplementedError(f"the regular expression {pattern} cannot be read: {error}") from error
    if _long_repeats(tree) > 2:  # noqa: PLR2004 - a square is bearable for texts this short
        raise NotImplementedError(f"the regular expression {pattern} may take too long")
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern, re.ASCII)


def _long_repeats(tree: Any, *, inside: bool = False) -> int:
    """The number of consecutive long repetitions; nested ones count as far too many."""
    count = 0
    for kind, value in tree:
        if kind in _REPEATS:
            long = value[1] > _MANY
            if inside and value[1] > 1:
                return _MANY
            count += long + _long_repeats(value[2], inside=True)
        elif kind is op.SUBPATTERN:
            count += _long_repeats(value[3], inside=inside)
        elif kind is op.BRANCH:
            count += _MANY if inside else sum(_long_repeats(each) for each in value[1])
        elif kind in (op.ASSERT, op.ASSERT_NOT, op.GROUPREF, op.GROUPREF_EXISTS):
            return _MANY
    return count


SIGNATURES: tuple[Signature, ...] = (
    method("find", (STRING, STRING), STRING, _find),
    method("findAll", (STRING, STRING), STRINGS, _find_all),
    method("findAll", (STRING, STRING, INT), STRINGS, _find_all),
)
