"""Equality of values that the API server may have stored in another form."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from blueprint.bundle.model import Path
from blueprint.changes.compare import ABSENT
from blueprint.kubernetes.defaults import is_default
from blueprint.kubernetes.field_types import Shape
from blueprint.units import quantity_value


def is_empty(value: Any) -> bool:
    """Whether the API server may omit a value: null, false, zero, or an empty collection."""
    return value is not ABSENT and not value


def same(want: Any, have: Any, path: Path, shape: Shape) -> bool:
    """Whether two leaves are equal: quantities by value, everything else literally."""
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    if want is ABSENT or have is ABSENT:
        return want is have or (want is None and have is ABSENT)
    if want == have or (have is None and want in ([], {})):  # a required list without items is stored as null
        return True
    return shape.is_quantity(path) and _quantity(want) == _quantity(have) is not None


def deep_same(want: Any, have: Any, path: Path, shape: Shape) -> bool:
    """Whether nested values are equal: equal keys, equal items in the same order."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        return all(
            deep_same(want.get(key, ABSENT), have.get(key, ABSENT), (*path, key), shape) for key in {*want, *have}
        )
    if isinstance(want, list) and isinstance(have, list):
        return len(want) == len(have) and all(
            deep_same(w, h, (*path, index), shape) for index, (w, h) in enumerate(zip(want, have, strict=True))
        )
    return same(want, have, path, shape)


class MatchDegree(enum.IntEnum):
    """How closely a live value matches the declared one: not at all, if the server drops empty values, or exactly."""

    NO = 0
    IF_DROPPED = 1
    FULL = 2


def covers(want: Any, have: Any, at: Path, shape: Shape, live: Mapping[str, Any]) -> MatchDegree:
    """How closely `have`, at path `at` in `live`, matches `want`, ignoring what the server adds."""
    if isinstance(want, Mapping) and isinstance(have, Mapping):
        if not all(is_default((*at, key), have[key], shape, live) for key in have if key not in want):
            return MatchDegree.NO
        return min(
            (covers(value, have.get(key, ABSENT), (*at, key), shape, live) for key, value in want.items()),
            default=MatchDegree.FULL,
        )
    if isinstance(want, list) and isinstance(have, list):
        if len(want) != len(have):
            return MatchDegree.NO
        pairs = enumerate(zip(want, have, strict=True))
        return min((covers(w, h, (*at, index), shape, live) for index, (w, h) in pairs), default=MatchDegree.FULL)
    if (have is ABSENT or have is None) and is_empty(want) and not shape.at(at).is_key:
        return MatchDegree.IF_DROPPED
    return MatchDegree.FULL if same(want, have, at, shape) else MatchDegree.NO


def _quantity(value: Any) -> Fraction | None:
    try:
        return quantity_value(str(value))
    except ValueError:
        return None
