"""Constraints that a selector expression puts on an attribute or a capacity, as far as known without evaluating it.

Expressions that are not understood have no effect: None means that any value may match.
"""

from __future__ import annotations

from blueprint.cel.device_reads import AttributeReference, reference
from blueprint.cel.syntax import CelExpression


def minimum_amount(node: CelExpression) -> str | None:
    """The amount in `memory.compareTo(quantity('80Gi')) >= 0` and similar expressions."""
    call = node
    if node.kind == "binary" and node.value in (">=", ">") and node.parts[1].value == 0:
        call = node.parts[0]
    right = "compareTo" if call is not node else "isGreaterThan"
    if call.value != right or len(call.parts) != 2:  # noqa: PLR2004 - object and argument
        return None
    read, made = reference(call.parts[0]), call.parts[1]
    argument = made.parts[0] if made.value == "quantity" and made.parts else None
    if argument is None or argument.kind != "literal" or not isinstance(argument.value, str):
        return None
    return argument.value if read and read[0::2] == ("capacity", "memory") else None


def allowed_texts(node: CelExpression, read: AttributeReference) -> tuple[str, ...] | None:
    """The strings of which an attribute must have one for the expression to be true; None: any."""
    if node.kind != "binary":
        return None
    if node.value == "||":
        found = [allowed_texts(part, read) for part in node.parts]
        return tuple(text for texts in found for text in texts or ()) if all(found) else None
    left, right = node.parts[:2]
    if node.value == "==" and reference(right) == read:
        left, right = right, left
    candidates = right.parts if node.value == "in" and right.kind == "list" else (right,)
    texts = tuple(each.value for each in candidates if each.kind == "literal" and isinstance(each.value, str))
    right_way = node.value in ("==", "in") and reference(left) == read and len(texts) == len(candidates)
    return texts if right_way else None
