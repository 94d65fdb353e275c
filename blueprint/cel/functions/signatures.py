"""Signatures of CEL functions, and helpers for their implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprint.records import Record

STRING, INT, BOOL, DOUBLE, DYN, LIST, STRINGS, MAP = "string", "int", "bool", "double", "dyn", "list", "strings", "map"
QUANTITY, SEMVER, NETWORK = "map(bool, string)", "list(list(bytes))", "map(string, string)"
"""The types in signatures. The library has no opaque types, so it needs stand-ins for those of Kubernetes, see
`tagged`. Quantities and versions have types that nothing else uses, so that the library's checker rejects the same
comparisons as that of Kubernetes (`quantity < quantity`). They are a map and a list, because its evaluator
distinguishes functions only by that. Addresses and URLs are a map of strings with one entry.
"""

LONGEST_TEXT = 100_000
"""The maximum number of characters of a function's result, and of a value. This keeps evaluation fast."""


class Signature(Record):
    """One overload of a function. The first parameter of a method is its receiver."""

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


def tagged(kind: str, value: str) -> Any:
    """A value of a type that the library does not have. Two values are equal if their canonical texts are."""
    if kind == "Quantity":
        return {True: value}
    return [[value.encode()]] if kind == "Semver" else {f"kubernetes.{kind}": value}


def kind_of(value: Any) -> str:
    """The type of a tagged value. ValueError if it is an ordinary one."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        if len(value[0]) == 1 and isinstance(value[0][0], bytes | bytearray):
            return "Semver"
    elif isinstance(value, Mapping) and len(value) == 1:
        [name] = value
        if name is True:
            return "Quantity"
        if str(name).startswith("kubernetes."):
            return str(name).removeprefix("kubernetes.")
    raise ValueError("no such overload")


def untagged(kind: str, value: Any) -> str:
    """The canonical text of a tagged value. ValueError if it is of another type."""
    if kind_of(value) != kind:
        raise ValueError("no such overload")
    if kind == "Semver":
        return str(value[0][0], "utf-8")
    return str(value[True if kind == "Quantity" else f"kubernetes.{kind}"])


def same(left: Any, right: Any) -> bool:
    """`left == right`, as in Kubernetes, for values of unknown type: a quantity or a version equals only its own
    type.
    """
    try:
        kind = kind_of(left)
    except ValueError:
        return equal(left, right)
    if right is None:
        return False
    if kind == "Semver":
        return untagged(kind, left).partition("+")[0] == untagged(kind, right).partition("+")[0]
    return untagged(kind, left) == untagged(kind, right)


def hashable(value: Any) -> Any:
    """The value, if Kubernetes can look it up in a list of constants, which is not possible for versions."""
    try:
        kind = kind_of(value)
    except ValueError:
        return value
    raise ValueError(f"hash of unhashable type {kind}")


def equal(left: Any, right: Any) -> bool:
    """Equality as in CEL: numbers compare across types, but a bool is not a number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(equal(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[key]) for key, value in left.items())
    return bool(left == right)


def bounded(text: str) -> str:
    """The text, unless it is longer than any manifest needs."""
    if len(text) > LONGEST_TEXT:
        raise OverflowError(f"a string of more than {LONGEST_TEXT} characters")
    return text
