"""An upper bound for the size of an expression's values, without evaluating it.

A rule of a hundred characters can double a list twenty times. The API server limits the cost of rules. Here, the number
of elements is limited, and an expression above the limit is not passed to the library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.cel.comprehensions import is_two_variable
from blueprint.cel.syntax import CelExpression

MOST_ELEMENTS = 1_000_000
"""The maximum number of list and map elements, and pieces of strings, in one value: some hundred MiB."""
_PIECE = 64
"""The number of characters that count as one element."""
_MACROS = {"all", "exists", "exists_one", "existsOne", "filter", "map", "transformList", "transformMap"}
_BOOLEAN = {"all", "exists", "exists_one", "existsOne"}
_ENDLESS = 2 * MOST_ELEMENTS
_SCALAR_METHODS = {
    "size", "contains", "startsWith", "endsWith", "matches", "indexOf", "lastIndexOf", "isSorted", "sum", "min", "max",
    "type", "int", "uint", "double", "bool", "has",
}  # fmt: skip

Sizes = Mapping[str, int]


def size_of(value: Any) -> int:
    """The number of elements of a plain value, and of pieces of its strings. Counting stops above the limit."""
    total, left = 0, [value]
    while left and total < _ENDLESS:
        each = left.pop()
        total += 1
        if isinstance(each, str):
            total += len(each) // _PIECE
        elif isinstance(each, dict):
            left += each.values()
        elif isinstance(each, list):
            left += each
    return total


def reason_against_growth(tree: CelExpression, sizes: Sizes) -> str | None:
    """Why an expression over values of these sizes is not evaluated; None if its values stay small enough."""
    if _largest(tree, sizes) <= MOST_ELEMENTS:
        return None
    return f"it might make a value of more than {MOST_ELEMENTS:,} elements"


def may_grow(tree: CelExpression) -> bool:
    """Whether an expression creates anything larger than what it reads."""
    return any(
        (node.kind == "binary" and node.value == "+")
        or (node.kind == "call" and node.method and node.value in ("map", "bind", "transformList", "transformMap"))
        for node in tree.walk()
    )


def _largest(tree: CelExpression, sizes: Sizes) -> int:
    """The size of the largest intermediate value, up to twice the limit."""
    found = [0]
    _size(tree, dict(sizes), found)
    return found[0]


def _size(node: CelExpression, sizes: dict[str, int], found: list[int]) -> int:
    size = min(_of_node(node, sizes, found), _ENDLESS)
    if node.kind not in ("name", "select"):  # Values that are only read already exist.
        found[0] = max(found[0], size)
    return size


def _of_node(node: CelExpression, sizes: dict[str, int], found: list[int]) -> int:
    parts = node.parts
    if node.kind == "literal":
        return 1 + len(node.value) // _PIECE if isinstance(node.value, str) else 1
    if node.kind == "name":
        return sizes.get(str(node.value), 1)
    if node.kind == "call" and node.method and (node.value in _MACROS or is_two_variable(node)):
        return _of_macro(node, sizes, found)
    if node.kind == "call" and node.value == "bind" and len(parts) == 4 and parts[1].kind == "name":  # noqa: PLR2004
        bound = {**sizes, str(parts[1].value): _size(parts[2], sizes, found)}
        return _size(parts[3], bound, found)
    each = [_size(part, sizes, found) for part in parts]
    if node.kind in ("select", "index", "unary", "optional"):
        return each[0] if each else 1
    if node.kind == "choice":
        return max(each[1:])
    if node.kind == "binary":
        return sum(each) if node.value == "+" else 1
    if node.kind == "call" and node.value in _SCALAR_METHODS:
        return 1
    return 1 + sum(each)


def _of_macro(node: CelExpression, sizes: dict[str, int], found: list[int]) -> int:
    """A comprehension: the result of its body for each element, and of all elements together."""
    whole = _size(node.parts[0], sizes, found)
    variables = [str(part.value) for part in node.parts[1:-1] if part.kind == "name"]
    most = {**sizes, **dict.fromkeys(variables, whole)}
    for condition in node.parts[1:-1]:
        if condition.kind != "name":
            _size(condition, most, found)
    if node.value in _BOOLEAN or node.value == "filter":
        _size(node.parts[-1], most, found)
        return 1 if node.value in _BOOLEAN else whole
    none = _size(node.parts[-1], {**sizes, **dict.fromkeys(variables, 0)}, found)
    together = _of_node(node.parts[-1], most, [0])
    return 1 + whole * (1 + none) + max(0, together - none)
