"""Quantities (`1500m`, `2Gi`) and semantic versions, with the comparisons of both."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from blueprint.cel.functions.signatures import (
    BOOL,
    DOUBLE,
    INT,
    QUANTITY,
    SEMVER,
    STRING,
    Signature,
    function,
    kind_of,
    method,
    tagged,
    untagged,
)
from blueprint.patterns import lazy_pattern
from blueprint.units import quantity_value

_SEMVER = lazy_pattern(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?"
    r"(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_INT64 = range(-(2**63), 2**63)


def _quantity(text: str) -> Any:
    return tagged("Quantity", str(quantity_value(text)))


def _is(make: Callable[..., Any]) -> Callable[..., bool]:
    def holds(*arguments: Any) -> bool:
        """Whether the arguments form a value, that is, without a ValueError."""
        try:
            make(*arguments)
        except ValueError:
            return False
        return True

    return holds


def _number(value: Any) -> Fraction:
    return Fraction(untagged("Quantity", value))


def _as_integer(value: Any) -> int:
    number = _number(value)
    if number.denominator != 1 or number.numerator not in _INT64:
        raise ValueError("cannot convert value to integer")
    return number.numerator


def _other(value: Any) -> Fraction:
    return Fraction(value) if isinstance(value, int) else _number(value)


def _add(left: Any, right: Any) -> Any:
    return tagged("Quantity", str(_number(left) + _other(right)))


def _subtract(left: Any, right: Any) -> Any:
    return tagged("Quantity", str(_number(left) - _other(right)))


def _semver(text: str, normalise: bool = False) -> Any:  # noqa: FBT001, FBT002 - CEL passes it by place
    text = _normal(text) if normalise else text
    if not (match := _SEMVER.fullmatch(text)):
        raise ValueError(f"{text} is not a semantic version")
    return tagged("Semver", match.group())


def _normal(text: str) -> str:
    """A version without a leading `v` and leading zeros, padded to three numbers."""
    text = text.removeprefix("v")
    core, mark, rest = re.fullmatch(r"([^-+]*)([-+]?)(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    numbers = [part.lstrip("0") or "0" if part else part for part in core.split(".")]
    return ".".join([*numbers, "0", "0"][: max(3, len(numbers))]) + mark + rest


def _version_key(value: Any) -> tuple[Any, ...]:
    """The sort key of a semantic version: a pre-release precedes its release, and build metadata is ignored."""
    match = _SEMVER.fullmatch(untagged("Semver", value))
    if match is None:
        raise ValueError("no such overload")
    parts = match[4].split(".") if match[4] else ()
    before = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
    return (int(match[1]), int(match[2]), int(match[3]), not parts, before)


def _part(index: int) -> Callable[[Any], int]:
    return lambda value: int(_version_key(value)[index])


def _compare(left: Any, right: Any) -> int:
    if kind_of(left) == "Quantity":
        a, b = _number(left), _number(right)
        return (a > b) - (a < b)
    x, y = _version_key(left), _version_key(right)
    return (x > y) - (x < y)


def _sign(value: Any) -> int:
    number = _number(value)
    return (number > 0) - (number < 0)


def _comparisons(of: str) -> tuple[Signature, ...]:
    return (
        method("isLessThan", (of, of), BOOL, lambda a, b: _compare(a, b) < 0),
        method("isGreaterThan", (of, of), BOOL, lambda a, b: _compare(a, b) > 0),
        method("compareTo", (of, of), INT, _compare),
    )


SIGNATURES: tuple[Signature, ...] = (
    function("quantity", (STRING,), QUANTITY, _quantity),
    function("isQuantity", (STRING,), BOOL, _is(_quantity)),
    function("semver", (STRING,), SEMVER, _semver),
    function("semver", (STRING, BOOL), SEMVER, _semver),
    function("isSemver", (STRING,), BOOL, _is(_semver)),
    function("isSemver", (STRING, BOOL), BOOL, _is(_semver)),
    function("sign", (QUANTITY,), INT, _sign),
    method("isInteger", (QUANTITY,), BOOL, _is(_as_integer)),
    method("asInteger", (QUANTITY,), INT, _as_integer),
    method("asApproximateFloat", (QUANTITY,), DOUBLE, lambda value: float(_number(value))),
    *(method("add", (QUANTITY, other), QUANTITY, _add) for other in (QUANTITY, INT)),
    *(method("sub", (QUANTITY, other), QUANTITY, _subtract) for other in (QUANTITY, INT)),
    *_comparisons(QUANTITY),
    *_comparisons(SEMVER),
    method("major", (SEMVER,), INT, _part(0)),
    method("minor", (SEMVER,), INT, _part(1)),
    method("patch", (SEMVER,), INT, _part(2)),
)
