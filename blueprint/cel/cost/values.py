"""Estimates of the value of a subexpression: its type, its size, and its origin in a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from blueprint.cel.cost.amounts import ONE, UNBOUNDED, SizeRange


class Type(NamedTuple):
    """A CEL type; for a list, map or optional, including the type of its contents.

    Attributes:
        name: `string`, `int` (any number), `bool`, `bytes`, `dyn`, `list`, `map`, `optional`, `quantity`, `semver`, ...
        of: The type of items, of a map's values, or of an optional's value.
        key: The type of a map's keys.
    """

    name: str
    of: Type | None = None
    key: Type | None = None

    @property
    def scalar(self) -> bool:
        """Whether all of its values have size 1."""
        if self.name == "optional":
            return self.of is not None and self.of.scalar
        return self.name in ("bool", "int", "duration", "timestamp")


DYN, STRING, INT, BOOL, BYTES = (Type(name) for name in ("dyn", "string", "int", "bool", "bytes"))
QUANTITY = Type("quantity")


class DeclaredPlace(NamedTuple):
    """A field of a device: its maximum size, and the fields below it."""

    size: int
    key: DeclaredPlace | None = None
    value: DeclaredPlace | None = None
    fields: Mapping[str, DeclaredPlace] = {}

    def field(self, name: str) -> DeclaredPlace | None:
        """The result of selecting `.name`. For maps, only known for attributes."""
        return self.fields.get(name) or (self.value if self.value is ATTRIBUTE else None)


ATTRIBUTE = DeclaredPlace(64)
"""An attribute. Strings have at most 64 characters."""
_DOMAIN, _ID, _IN_A_DEVICE = DeclaredPlace(63), DeclaredPlace(32), 32


def _by_domain(value: DeclaredPlace) -> DeclaredPlace:
    return DeclaredPlace(_IN_A_DEVICE, _DOMAIN, DeclaredPlace(_IN_A_DEVICE, _ID, value))


def _domain_map(of: Type) -> Type:
    return Type("map", Type("map", of, STRING), STRING)


DEVICE = DeclaredPlace(
    0,
    fields={
        "driver": DeclaredPlace(63),
        "attributes": _by_domain(ATTRIBUTE),
        "capacity": _by_domain(DeclaredPlace(0)),
        "allowMultipleAllocations": DeclaredPlace(1),
    },
)
FIELDS: Mapping[str, Type] = {
    "driver": STRING,
    "attributes": _domain_map(DYN),
    "capacity": _domain_map(QUANTITY),
    "allowMultipleAllocations": BOOL,
}
"""The types of a device's fields. Limits: k8s.io/api/resource/v1 of Kubernetes 1.36, types.go."""


class ItemSizes(NamedTuple):
    """The sizes of the contents of a list or map that the expression itself creates."""

    key: SizeRange
    value: SizeRange

    def or_(self, other: ItemSizes | None) -> ItemSizes | None:
        """The contents of either of the two; None if one is unknown."""
        return ItemSizes(self.key.or_(other.key), self.value.or_(other.value)) if other else None


class Estimate(NamedTuple):
    """The known properties of a value.

    Attributes:
        cost: The cost of computing it.
        type: Its type.
        known: Its size, if the expression determines it.
        place: The field of the device that it comes from.
        items: The sizes of its contents.
        literal: The value of a literal.
    """

    cost: int
    type: Type
    known: SizeRange | None = None
    place: DeclaredPlace | None = None
    items: ItemSizes | None = None
    literal: object = None

    @property
    def size(self) -> SizeRange:
        """The possible sizes of the value."""
        if self.known is not None:
            return self.known
        if self.place is not None:
            return SizeRange(0, self.place.size)
        return ONE if self.type.scalar else UNBOUNDED
