"""Records: frozen values with named fields, which determine equality, hash and repr.

Records are structs of msgspec instead of dataclasses, because a command defines some two hundred of them. Defining a
frozen dataclass takes 0.6 ms (its methods are compiled from generated text), defining a struct 0.02 ms; structs are
also created and hashed in C. The probe and its imports must use only the standard library, so they use dataclasses.

`kw_only=True` after the base makes fields keyword-only, `dict=True` allows `cached_property`, `order=True` gives `<`,
`cache_hash=True` caches the hash, `gc=False` saves memory for hundreds of thousands of instances without reference
cycles.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, cast, dataclass_transform

from msgspec import Struct, field
from msgspec.structs import asdict, fields

__all__ = ["Confidential", "MutableRecord", "Record", "Same", "asdict", "field", "fields", "replace"]

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record(Struct, frozen=True):
    """A value with named fields that cannot be changed or extended."""


class Confidential(Record):
    """A record with credentials: its `repr` shows no values."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


@dataclass_transform(field_specifiers=(field,))
class MutableRecord(Struct):
    """A record whose fields can be set, for use during construction."""


class Same:
    """A value as the key of a cache, compared by identity. It must not be modified while it is in the cache."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


def replace(value: T, /, **changes: Any) -> T:
    """`value` with other values in some of its fields. Also accepts dataclasses and named tuples, such as diagnostics
    and their spans.

    Raises TypeError or ValueError if there is no such field.
    """
    for method in ("__replace__", "_replace"):
        if hasattr(value, method):
            return cast("T", getattr(value, method)(**changes))
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]
