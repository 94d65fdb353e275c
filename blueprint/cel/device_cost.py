"""Whether the API server takes a selector of devices, beside that it compiles: its length and what it may cost.

Kubernetes estimates the cost for the largest device that there may be and refuses more than a million. The library has
no estimate; what is known here of expressions (measured with Kubernetes' own package) is that ordinary ones cost under
a hundredth of that, that a loop in a loop does too, and that some functions have no bound at all.
"""

from __future__ import annotations

import enum

from blueprint.cel.comprehensions import is_two_variable
from blueprint.cel.device_reads import reference
from blueprint.cel.syntax import CelExpression

LONGEST = 10 * 1024
"""Characters of an expression."""
_UNBOUNDED = ("join", "type")
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
_LISTS = frozenset({"min", "max", "sum", "sort", "distinct", "flatten", "reverse", "indexOf", "lastIndexOf", "slice"})
_PIECES = ("split", "findAll")
"""What makes lists of a length that the estimate does not know."""
_KNOWN_DEPTH = 2
_MANY = 400


class Cost(enum.StrEnum):
    """What is known of the estimate."""

    LOW = "low"
    UNKNOWN = "unknown"
    EXCESSIVE = "excessive"


def cost_of(tree: CelExpression, text: str) -> Cost:
    """Whether an expression stays below the bound of the API server."""
    nodes = list(tree.walk())
    if len(text) > LONGEST or any(map(_is_excessive, nodes)):
        return Cost.EXCESSIVE
    depth = _depth(tree)
    unknown = depth > _KNOWN_DEPTH or (depth and len(nodes) > _MANY) or any(map(_is_of_pieces, nodes))
    return Cost.UNKNOWN if unknown else Cost.LOW


def _is_excessive(node: CelExpression) -> bool:
    if node.kind == "binary" and node.value == "!=":
        return all(map(_is_quantity, node.parts))
    if node.kind != "call":
        return False
    if node.value in _UNBOUNDED:
        return True
    if node.value == "isSorted":
        items = node.parts[0].parts if node.parts[0].kind == "list" else ()
        return not items or any(not isinstance(each.value, int | float) for each in items)
    return False


def _is_quantity(node: CelExpression) -> bool:
    read = reference(node)
    return (read is not None and read.field == "capacity") or (node.kind == "call" and node.value == "quantity")


def _is_of_pieces(node: CelExpression) -> bool:
    taken = _is_loop(node) or (node.kind == "call" and node.method and node.value in _LISTS)
    return taken and _has_pieces(node.parts[0])


def _has_pieces(node: CelExpression) -> bool:
    return any(part.kind == "call" and part.value in _PIECES for part in node.walk())


def _is_loop(node: CelExpression) -> bool:
    return node.kind == "call" and node.method and (node.value in _LOOPS or is_two_variable(node))


def _depth(node: CelExpression) -> int:
    """How many loops are in each other."""
    return _is_loop(node) + max(map(_depth, node.parts), default=0)
