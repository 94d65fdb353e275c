"""Kubernetes quantities and Prometheus durations. Imports only the standard library.

Quantities follow `k8s.io/apimachinery/pkg/api/resource`: the type of suffix (powers of 1024 or 1000) is preserved, the
suffix is the largest one without a fraction, and the smallest unit is nano. Durations follow Prometheus'
`model.ParseDuration`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from blueprint.patterns import lazy_pattern

_FORM = lazy_pattern(
    r"(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))"
    r"(?:(?P<binary>[KMGTPE]i)|(?P<decimal>[numkMGTPE])|[eE](?P<exponent>[+-]?[0-9]+))?"
)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_NANO = 10**9
_LARGEST_EXPONENT = 100
_SECONDS = {
    "y": Fraction(31_536_000),
    "w": Fraction(604_800),
    "d": Fraction(86_400),
    "h": Fraction(3_600),
    "m": Fraction(60),
    "s": Fraction(1),
    "ms": Fraction(1, 1000),
}
_DURATION = lazy_pattern("(?=.)" + "".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _SECONDS))
_DIGITS_OF_INT64 = 20


def duration_seconds(text: str) -> Fraction:
    """A duration in seconds: `1m30s` is 90. Raises ValueError if it is invalid."""
    found = _DURATION.fullmatch(text)
    if text == "0":
        return Fraction(0)
    if found is None:
        raise ValueError(f"{text} is not a duration")
    return sum((int(number) * _SECONDS[unit] for unit, number in found.groupdict().items() if number), Fraction(0))


def as_duration(value: object) -> Fraction | None:
    """The seconds of a value that may be a duration; None if it is not."""
    try:
        return duration_seconds(value) if isinstance(value, str) else None
    except ValueError:
        return None


def as_count(value: object) -> int | None:
    """The integer value of decimal digits; None if they are invalid, or exceed 64 bits."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < _DIGITS_OF_INT64 else None


def quantity_value(text: str) -> Fraction:
    """The number that a quantity represents: `1.5Gi` is 1610612736. Raises ValueError if it is invalid."""
    return _parse(text)[0]


@lru_cache(maxsize=4096)
def canonical_quantity(text: str | float) -> str:
    """The stored form: `1000m` is `1`, `1024Mi` is `1Gi`, `0.5` is `500m`, `8` is `8`.

    Raises ValueError for an invalid quantity.
    """
    value, form = _parse(str(text))
    if form == "binary" and abs(value) >= 1024 and value.denominator == 1:  # noqa: PLR2004 - one Ki
        return _binary(value.numerator)
    return _decimal(value, exponent=form == "exponent")


def binary_quantity(value: int) -> str:
    """An integer with the largest binary suffix that leaves it an integer: 85520809984 is `81559Mi`, 1000 is `1000`."""
    return _binary(value) if value else "0"


@lru_cache(maxsize=4096)
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
    """The value rounded away from zero to whole nanos, like the API server does."""
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
