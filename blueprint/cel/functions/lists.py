"""Functions on lists and sets, and the helpers to which two-variable comprehensions are rewritten."""

from __future__ import annotations

import itertools
import math
from typing import Any

from blueprint.cel.functions.signatures import (
    BOOL,
    DYN,
    INT,
    LIST,
    MAP,
    Signature,
    equal,
    function,
    hashable,
    method,
    same,
)

KEYS, FROM_ENTRIES, MERGED = "kubernetes.keys", "kubernetes.fromEntries", "kubernetes.merged"
SAME, HASHABLE = "kubernetes.same", "kubernetes.hashable"
"""Names that only `comprehensions` and `devices` generate; users' expressions cannot call them."""

_LARGEST = 2**63 - 1
_MOST_ITEMS = 10_000


def _ordered(items: list[Any]) -> list[Any]:
    """The items, if all of them are comparable."""
    kinds = {_kind(item) for item in items}
    if len(kinds) > 1 or kinds & {"dict", "list", "NoneType"}:
        raise ValueError("no such overload")
    return items


def _kind(item: Any) -> str:
    number = isinstance(item, int | float) and not isinstance(item, bool)
    return "number" if number else type(item).__name__


def _is_sorted(items: list[Any]) -> bool:
    _ordered(items)
    return all(before <= after for before, after in itertools.pairwise(items))


def _sum(items: list[Any]) -> Any:
    if any(_kind(item) != "number" for item in items):
        raise ValueError("no such overload")
    total = math.fsum(items) if any(isinstance(item, float) for item in items) else sum(items)
    if isinstance(total, int) and not -_LARGEST - 1 <= total <= _LARGEST:
        raise ValueError("integer overflow")
    return total


def _min(items: list[Any]) -> Any:
    if not items:
        raise ValueError("min called on empty list")
    return min(_ordered(items))


def _max(items: list[Any]) -> Any:
    if not items:
        raise ValueError("max called on empty list")
    return max(_ordered(items))


def _index_of(items: list[Any], item: Any) -> int:
    return next((index for index, each in enumerate(items) if equal(each, item)), -1)


def _last_index_of(items: list[Any], item: Any) -> int:
    return next((index for index in reversed(range(len(items))) if equal(items[index], item)), -1)


def _distinct(items: list[Any]) -> list[Any]:
    found: list[Any] = []
    _few(items)
    for item in items:
        if not any(equal(item, each) for each in found):
            found.append(item)
    return found


def _few(items: list[Any]) -> None:
    """Limit the length for functions with quadratic running time."""
    if len(items) > _MOST_ITEMS // 10:
        raise OverflowError("a list with too many items to compare them with each other")


def _slice(items: list[Any], start: int, end: int) -> list[Any]:
    if not 0 <= start <= end <= len(items):
        raise ValueError(f"index out of bounds: {start}, {end}")
    return items[start:end]


def _range(count: int) -> list[int]:
    if count > _MOST_ITEMS:
        raise OverflowError(f"a list of more than {_MOST_ITEMS} items")
    return list(range(count))


def _flatten(items: list[Any], depth: int = 1) -> list[Any]:
    if depth < 0:
        raise ValueError("level must be non-negative")
    flat: list[Any] = []
    for item in items:
        flat += _flatten(item, depth - 1) if isinstance(item, list) and depth else [item]
    return flat


def _contains(items: list[Any], others: list[Any]) -> bool:
    _few(items if len(items) < len(others) else others)
    return all(_index_of(items, other) >= 0 for other in others)


def _intersects(items: list[Any], others: list[Any]) -> bool:
    _few(items if len(items) < len(others) else others)
    return any(_index_of(items, other) >= 0 for other in others)


def _keys_of_map(value: dict[Any, Any]) -> list[Any]:
    return sorted(value) if all(isinstance(key, str) for key in value) else list(value)


def _from_entries(entries: list[Any]) -> dict[Any, Any]:
    return {key: value for key, value in entries}  # noqa: C416 - lists of two, not tuples


def _merged(maps: list[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for each in maps:
        if found.keys() & each.keys():
            raise ValueError("insert failed: key already exists")
        found |= each
    return found


SIGNATURES: tuple[Signature, ...] = (
    method("isSorted", (LIST,), BOOL, _is_sorted),
    method("sum", (LIST,), DYN, _sum),
    method("min", (LIST,), DYN, _min),
    method("max", (LIST,), DYN, _max),
    method("indexOf", (LIST, DYN), INT, _index_of),
    method("lastIndexOf", (LIST, DYN), INT, _last_index_of),
    method("distinct", (LIST,), LIST, _distinct),
    method("sort", (LIST,), LIST, lambda items: sorted(_ordered(items))),
    method("slice", (LIST, INT, INT), LIST, _slice),
    method("flatten", (LIST,), LIST, _flatten),
    method("flatten", (LIST, INT), LIST, _flatten),
    method("reverse", (LIST,), LIST, lambda items: items[::-1]),
    function("lists.range", (INT,), LIST, _range),
    function("sets.contains", (LIST, LIST), BOOL, _contains),
    function("sets.equivalent", (LIST, LIST), BOOL, lambda a, b: _contains(a, b) and _contains(b, a)),
    function("sets.intersects", (LIST, LIST), BOOL, _intersects),
    function(KEYS, (MAP,), LIST, _keys_of_map),
    function(KEYS, (LIST,), LIST, lambda items: list(range(len(items)))),
    function(FROM_ENTRIES, (LIST,), MAP, _from_entries),
    function(MERGED, (LIST,), MAP, _merged),
    function(SAME, (DYN, DYN), BOOL, same),
    function(HASHABLE, (DYN,), DYN, hashable),
)
