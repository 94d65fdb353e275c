"""The attributes and capacities of `device` that an expression reads, as far as its text shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from blueprint.cel.syntax import CelExpression


class AttributeReference(NamedTuple):
    """A reference to a device attribute: `device.attributes['gpu.nvidia.com'].type`."""

    field: str
    domain: str
    name: str


def reference(node: CelExpression) -> AttributeReference | None:
    """The attribute or capacity that an expression reads, if it is such a read."""
    if node.kind == "select":
        name, whole = node.value, node.parts[0]
    elif node.kind == "index" and node.parts[1].kind == "literal":
        name, whole = node.parts[1].value, node.parts[0]
    else:
        return None
    where = domain(whole)
    return AttributeReference(*where, name) if where and isinstance(name, str) else None


def domain(node: CelExpression) -> tuple[str, str] | None:
    """The field and the domain of `device.attributes['gpu.nvidia.com']`."""
    if node.kind != "index" or node.parts[1].kind != "literal":
        return None
    field, key = node.parts[0], node.parts[1].value
    known = is_map(field)
    return (field.value, key) if known and isinstance(key, str) else None


def is_map(node: CelExpression) -> bool:
    """Whether it is `device.attributes` or `device.capacity`."""
    of_device = node.kind == "select" and node.parts[0].kind == "name" and node.parts[0].value == "device"
    return of_device and node.value in ("attributes", "capacity")


def conjuncts(tree: CelExpression | None) -> Iterator[CelExpression]:
    """The operands of a conjunction, all of which must be true."""
    if tree is not None and tree.kind == "binary" and tree.value == "&&":
        for part in tree.parts:
            yield from conjuncts(part)
    elif tree is not None:
        yield tree


def reads_of(tree: CelExpression) -> frozenset[AttributeReference] | None:
    """Everything that an expression reads or tests for; None if its text does not determine it."""
    found: set[AttributeReference] = set()
    return frozenset(found) if _collect(tree, found) else None


def _collect(node: CelExpression, found: set[AttributeReference]) -> bool:
    if (read := reference(node)) is not None:
        found.add(read)
        return True
    if node.kind == "binary" and node.value == "in" and (where := domain(node.parts[1])):
        name = node.parts[0]
        if name.kind == "literal":
            found.add(AttributeReference(*where, str(name.value)))
            return True
    if is_map(node) or domain(node):
        return False
    return all(_collect(part, found) for part in node.parts)
