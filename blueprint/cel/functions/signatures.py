"""How a function of CEL is described, and the helpers that its implementations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blueprint.records import Record

STRING, INT, BOOL, DOUBLE, DYN, LIST, STRINGS, MAP = "string", "int", "bool", "double", "dyn", "list", "strings", "map"
QUANTITY, SEMVER, NETWORK = "map(bool, string)", "list(list(bytes))", "map(string, string)"
"""The types that signatures use. The library has no opaque types, so those of Kubernetes are stand-ins, see `tagged`:
a quantity and a version are of types that nothing else has, so that the library's checker refuses what Kubernetes' does
(`quantity < quantity`); they are a map and a list, since its evaluator tells functions apart by that alone. Addresses
and URLs are a map of texts with one entry.
"""

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


def tagged(kind: str, value: str) -> Any:
    """A value of a type that the library does not have. Two are equal if their canonical texts are."""
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
    """`left == right` as Kubernetes has it for values of unknown type: a quantity or a version has only its like."""
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
    """The value, if Kubernetes can look it up in a list of constants: it cannot for a version."""
    try:
        kind = kind_of(value)
    except ValueError:
        return value
    raise ValueError(f"hash of unhashable type {kind}")


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
        raise OverflowError(f"a string of more than {LONGEST_TEXT} characters")
    return text
