"""Finds valid expressions that must not be passed to the library.

The library has bugs that cause no error (decision 34): if an optional inside a list or a map is passed to a Python
function, the process crashes. An optional is therefore allowed only where it is unwrapped immediately.
"""

from __future__ import annotations

from blueprint.cel.comprehensions import is_format, is_two_variable
from blueprint.cel.functions.signatures import Signature
from blueprint.cel.growth import reason_against_growth
from blueprint.cel.syntax import CelExpression
from blueprint.versions import version_key

_OPENS = frozenset({"hasValue", "value", "orValue"})
_STAYS = frozenset({"or", "optMap", "optFlatMap"})
_MOST_BINDINGS = 8
LONGEST = 10_000
"""The maximum length of an expression in characters. Longer ones are not compiled."""


def reason_against(tree: CelExpression, text: str, ours: frozenset[str]) -> str | None:
    """Why an expression is not passed to the library, or None. `ours` are the names of the functions written in
    Python.
    """
    if len(text) > LONGEST:
        return f"it has more than {LONGEST} characters"
    if reason := reason_against_growth(tree, {}):
        return reason
    nodes = list(tree.walk())
    if sum(_is_bind(node) for node in nodes) > _MOST_BINDINGS:
        return f"it binds more than {_MOST_BINDINGS} names"
    if any(node.kind == "literal" and "\0" in str(node.value) for node in nodes) or "\0" in text:
        return "it contains a NUL character"
    calls_python = any(is_two_variable(node) or (node.kind == "call" and _called(node) in ours) for node in nodes)
    if calls_python and any(_stays_optional(node) for node in nodes):
        return "it combines an optional value with a function to which the library cannot pass one"
    return None


def names_of(signatures: tuple[Signature, ...]) -> frozenset[str]:
    """The names under which a tree calls the functions: for `sets.contains`, the last part with its namespace."""
    return frozenset(each.name for each in signatures) | {each.name.rpartition(".")[2] for each in signatures}


def _called(node: CelExpression) -> str:
    return str(node.value)


def _is_bind(node: CelExpression) -> bool:
    return node.kind == "call" and node.value == "bind" and node.method


def _stays_optional(node: CelExpression) -> bool:
    """Whether a part of the node is an optional that the node does not unwrap."""
    opened = node.kind in ("select", "index") or (node.kind == "call" and node.method and node.value in _OPENS | _STAYS)
    rest = node.parts[1:] if opened else node.parts
    return any(_is_optional(part) for part in rest)


def _is_optional(node: CelExpression) -> bool:
    if node.kind == "optional" or node.optional or is_format(node):
        return True
    if node.kind in ("select", "index"):
        return _is_optional(node.parts[0])
    if node.kind == "choice":
        return any(_is_optional(part) for part in node.parts[1:])
    if node.kind != "call" or not node.method:
        return False
    namespace = node.parts[0].kind == "name" and node.parts[0].value == "optional"
    return namespace or node.value in _STAYS


_SINCE = {
    **dict.fromkeys(("semver", "isSemver"), "1.33"),
    **dict.fromkeys(("distinct", "sort", "slice", "range", "flatten", "reverse"), "1.34"),
    "allowMultipleAllocations": "1.34",
}


def device_functions_since(tree: CelExpression) -> str:
    """The first Kubernetes minor version whose device selectors support everything that a tree uses; at least 1.31."""
    found = {
        _SINCE[str(node.value)] for node in tree.walk() if node.kind in ("call", "select") and node.value in _SINCE
    }
    found |= {"1.32" for node in tree.walk() if is_two_variable(node)}
    return max(found, key=version_key, default="1.31")
