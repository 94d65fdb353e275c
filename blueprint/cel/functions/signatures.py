"""How a function of CEL is described, and the helpers that its implementations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprint.records import Record

STRING, INT, BOOL, DOUBLE, DYN, LIST, STRINGS, MAP = "string", "int", "bool", "double", "dyn", "list", "strings", "map"
"""The types that signatures use. An opaque type of Kubernetes is a MAP with one entry, see `tagged`."""

LONGEST_TEXT = 100_000
"""Characters that a function may return, and that a value may hold: with it no evaluation takes long."""


class Signature(Record):
    """One overload of a function. A method has its receiver as the first parameter."""

    name: str
    parameters: tuple[str, ...]
    returns: str
    call: Callable[..., Any]
    method: bool = True


def method(name: str, parameters: Sequence[str], returns: str, call: Callable[..., Any]) -> Signature:
    """`receiver.name(...)`."""
    return Signature(name, tuple(parameters), returns, call)


def function(name: str, parameters: Sequence[str], returns: str, call: Callable[..., Any]) -> Signature:
    """`name(...)`."""
    return Signature(name, tuple(parameters), returns, call, method=False)


def tagged(kind: str, value: str) -> dict[str, str]:
    """A value of a type that the library does not have. Two are equal if their canonical texts are."""
    return {f"kubernetes.{kind}": value}


def kind_of(value: Mapping[str, Any]) -> str:
    """The type of a tagged value. ValueError if it is an ordinary map."""
    [*names] = value
    if len(names) != 1 or not str(names[0]).startswith("kubernetes."):
        raise ValueError("no such overload")
    return str(names[0]).removeprefix("kubernetes.")


def untagged(kind: str, value: Any) -> str:
    """The canonical text of a tagged value. ValueError if it is of another type."""
    if not isinstance(value, Mapping) or kind_of(value) != kind:
        raise ValueError("no such overload")
    return str(value[f"kubernetes.{kind}"])


def equal(left: Any, right: Any) -> bool:
    """Equality as CEL has it: numbers compare across types, but a bool is no number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return bool(left == right)


def bounded(text: str) -> str:
    """The text, unless it is longer than any that a manifest needs."""
    if len(text) > LONGEST_TEXT:
        raise OverflowError(f"a text of more than {LONGEST_TEXT} characters")
    return text
