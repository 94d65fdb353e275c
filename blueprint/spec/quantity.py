"""Kubernetes quantities in the form in which the API server stores them.

The rules are those of `k8s.io/apimachinery/pkg/api/resource`: the kind of suffix is kept (1024 or 1000), the
suffix is the largest that needs no fraction, nothing is finer than a nano.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

_FORM = re.compile(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]+))?"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_PARENTS = frozenset({"limits", "requests", "capacity", "overhead", "podFixed", "hard", "default", "defaultRequest"})
_PARENTS |= {"max", "min", "maxLimitRequestRatio"}
_FIELDS = frozenset({"sizeLimit", "divisor", "storage", "averageValue", "tolerance"})
_NANO = 10**9
_LARGEST_EXPONENT = 100


def is_quantity(path: Sequence[str | int]) -> bool:
    """Whether Kubernetes' own kinds have a quantity there, which is then compared by what it means."""
    return path[-1] in _FIELDS or (len(path) > 1 and path[-2] in _PARENTS) or tuple(path[-2:]) == ("target", "value")


def quantity_value(text: str) -> Fraction:
    """The number that a quantity means: `1.5Gi` is 1610612736. ValueError if it is no quantity."""
    return _parse(text)[0]


@lru_cache(maxsize=4096)
def canonical_quantity(text: str | float) -> str:
    """The stored form: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`, `8` is `8`.

    Raises ValueError if it is no quantity.
    """
    value, form = _parse(str(text))
    if form == "binary" and abs(value) >= 1024 and value.denominator == 1:  # noqa: PLR2004 - one Ki
        return _binary(value.numerator)
    return _decimal(value, exponent=form == "exponent")


def _parse(text: str) -> tuple[Fraction, str]:
    match = _FORM.fullmatch(text)
    if match is None:
        raise ValueError(f"{text} is not a quantity")
    number = Fraction(match["number"])
    if match["binary"]:
        return _to_nano(number * 1024 ** _BINARY.index(match["binary"])), "binary"
    if match["exponent"]:
        exponent = int(match["exponent"])
        if abs(exponent) > _LARGEST_EXPONENT:
            raise ValueError(f"{text} is not a quantity: the exponent is beyond {_LARGEST_EXPONENT}")
        return _to_nano(number * Fraction(10) ** exponent), "exponent"
    return _to_nano(number * Fraction(10) ** _DECIMAL[match["decimal"] or ""]), "decimal"


def _to_nano(value: Fraction) -> Fraction:
    """Rounded away from zero to whole nanos, as the API server does."""
    scaled = value * _NANO
    whole = -(-abs(scaled).numerator // scaled.denominator)
    return Fraction(whole if scaled >= 0 else -whole, _NANO)


def _binary(value: int) -> str:
    power = 0
    while value % 1024 == 0 and power < len(_BINARY) - 1:
        value //= 1024
        power += 1
    return f"{value}{_BINARY[power]}"


def _decimal(value: Fraction, *, exponent: bool) -> str:
    if value == 0:
        return "0"
    mantissa = int(value * _NANO)
    power = -9
    while mantissa % 1000 == 0 and (exponent or power < max(_SUFFIX)):
        mantissa //= 1000
        power += 3
    if exponent:
        return f"{mantissa}e{power}" if power else str(mantissa)
    return f"{mantissa}{_SUFFIX[power]}"
