"""What a record is: a frozen value with named fields, compared, hashed and printed by them.

Records are structs of msgspec instead of dataclasses, since a command defines some two hundred of them. To define a
frozen dataclass takes 0.6 ms (its methods are compiled from generated text), to define a struct 0.02 ms; structs are
also built and hashed in C. The probe and what it imports need the standard library alone and so have dataclasses.

`kw_only=True` after the base makes fields keyword-only, `dict=True` allows `cached_property`, `order=True` gives `<`,
`cache_hash=True` keeps the hash, `gc=False` saves room where there are hundreds of thousands that are in no cycle.
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
    """A value with named fields, which can be neither changed nor extended."""


class Confidential(Record):
    """A record that holds credentials: its `repr` shows no value."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


@dataclass_transform(field_specifiers=(field,))
class MutableRecord(Struct):
    """Work in progress: its fields can be set."""


class Same:
    """A list or a map as a key of a cache: it is equal to itself alone. Who has it in a cache must not change it."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.value is other.value


def replace(value: T, /, **changes: Any) -> T:
    """`value` with other values in some of its fields. It may be a dataclass too, as a diagnostic is.

    Raises TypeError where there is no such field.
    """
    if hasattr(value, "__replace__"):
        return cast("T", value.__replace__(**changes))
    return dataclasses.replace(value, **changes)  # type: ignore[type-var]
