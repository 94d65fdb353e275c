"""Device selectors: CEL over the variable `device`, as evaluated by the Kubernetes scheduler and API server.

The library does not support variables with fields of different types. `device.attributes` is therefore rewritten to a
separate variable, so that the library's checker rejects the same expressions as that of Kubernetes. Reading a domain
that a device lacks returns an empty map, whereas the library would fail. If a device has versions, `==` is rewritten to
a function, because comparing a version with a string is false in one order and an error in the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from blueprint.cel import engine
from blueprint.cel.comprehensions import CelWriter
from blueprint.cel.device_reads import AttributeReference, is_map, reads_of
from blueprint.cel.engine import CompileError, EvaluationError, UnsupportedError
from blueprint.cel.functions.lists import HASHABLE, SAME
from blueprint.cel.functions.signatures import tagged
from blueprint.cel.screen import device_functions_since
from blueprint.cel.syntax import CelExpression
from blueprint.patterns import lazy_pattern
from blueprint.records import Record
from blueprint.units import quantity_value

__all__ = ["BoundDevice", "CompileError", "DeviceSelector", "EvaluationError", "UnsupportedError", "compile_selector"]

_VARIABLES = {
    "driver": ("_driver", "string"),
    "attributes": ("_attributes", "map(string, map(string, dyn))"),
    "capacity": ("_capacity", "map(string, map(string, map(bool, string)))"),
    "allowMultipleAllocations": ("_multiple", "bool"),
}
_READ = "_read"
"""The suffix of the variable that contains every domain which the expression names."""
_MAPS = ("attributes", "capacity")
_ORDER = ("<", "<=", ">", ">=")
_COMPARISONS = lazy_pattern(r"no matching overload for '([!=]=|[-+*/%])'|undeclared reference to 'authorizer'")
"""Errors of the library that Kubernetes reports too, in addition to those for all expressions."""
_TYPES = (
    *_VARIABLES.values(),
    *((_VARIABLES[name][0] + _READ, _VARIABLES[name][1]) for name in _MAPS),
)


class DeviceSelector(Record, dict=True):
    """A compiled selector. Create it with `compile_selector`."""

    text: str
    tree: CelExpression
    _program: engine.Program

    @cached_property
    def domains(self) -> frozenset[str]:
        """The domains that it may read: every string that it uses as a key; all domains if a key is computed."""
        nodes = list(self.tree.walk())
        keys = [node.parts[1] for node in nodes if node.kind == "index"]
        if any(key.kind != "literal" for key in keys):
            keys = nodes
        texts = {key.value for key in keys if key.kind == "literal" and isinstance(key.value, str)}
        return frozenset(
            texts | {str(node.value) for node in nodes if node.kind == "select" and _map_of(node.parts[0])}
        )

    @cached_property
    def reads(self) -> frozenset[AttributeReference] | None:
        """The attributes and capacities that it reads; None if its text does not determine them."""
        return reads_of(self.tree)

    @cached_property
    def since(self) -> str:
        """The first Kubernetes minor version that supports all of its functions."""
        return device_functions_since(self.tree)

    def holds(self, device: BoundDevice) -> bool:
        """Whether a device matches. Raises EvaluationError if the scheduler would fail, or UnsupportedError."""
        program = self._exact if device.has_versions(self.reads) else self._program
        result = program.evaluate_in(device.activation(self.domains))
        if not isinstance(result, bool):
            raise EvaluationError(f"the result is {type(result).__name__}, not bool")
        return result

    @cached_property
    def _exact(self) -> engine.Program:
        if not any(node.kind == "binary" and node.value in ("==", "in") for node in self.tree.walk()):
            return self._program
        source = _DeviceWriter(self.text, exact=True).write(self.tree)
        return engine.compile_tree(self.tree, self.text, source, _TYPES)


class BoundDevice:
    """A device, as visible to selectors.

    Args:
        driver: The driver that publishes it.
        attributes: Attributes by qualified name, as in the API: `{"string": "gpu"}`, `{"version": "580.0.0"}`.
        capacity: Quantities by qualified name.
        multiple: Whether several claims may share it.
    """

    def __init__(
        self, driver: str, attributes: Mapping[str, Mapping[str, Any]], capacity: Mapping[str, str], *, multiple: bool
    ) -> None:
        self._versions = frozenset(name.rpartition("/")[2] for name, each in attributes.items() if "version" in each)
        self._driver, self._multiple = driver, multiple
        self._attributes = _by_domain(driver, {name: _plain(each) for name, each in attributes.items()})
        amounts = {name: tagged("Quantity", str(quantity_value(each))) for name, each in capacity.items()}
        self._capacity = _by_domain(driver, amounts)
        self._made: dict[frozenset[str], Any] = {}

    def has_versions(self, reads: frozenset[AttributeReference] | None) -> bool:
        """Whether any of the attributes read can be a version."""
        return bool(self._versions) if reads is None else any(read.name in self._versions for read in reads)

    def activation(self, domains: frozenset[str]) -> Any:
        """The device in the library's form, for a selector that names these domains."""
        if domains not in self._made:
            empty: dict[str, Any] = {name: {} for name in domains}
            values = {
                "_driver": self._driver,
                "_multiple": self._multiple,
                "_attributes": self._attributes,
                "_attributes_read": {**empty, **self._attributes},
                "_capacity": self._capacity,
                "_capacity_read": {**empty, **self._capacity},
            }
            self._made[domains] = engine.activation(_TYPES, values)
        return self._made[domains]


@lru_cache(maxsize=8192)
def compile_selector(text: str) -> DeviceSelector:
    """The selector for an expression. Raises CompileError if the API server rejects it, or UnsupportedError."""
    tree = engine.readable_tree(text)
    for node in tree.walk():
        if node.kind == "call" and not node.method and node.value == "has" and node.parts[0].kind != "select":
            raise CompileError("invalid argument to has() macro")
    if _is_whole(tree):
        raise UnsupportedError("it uses the variable device as a whole")
    formatted = {id(node.parts[-1]) for node in tree.walk() if node.kind == "call" and node.value == "format"}
    if any(_is_mixed(node) and id(node) not in formatted for node in tree.walk()):
        raise CompileError("the items of a list have different types")
    for node in tree.walk():
        if node.kind == "call" and node.method and node.value == "matches" and node.parts[-1].kind == "literal":
            _check_pattern(text[node.parts[-1].start : node.parts[-1].end])
    try:
        program = engine.compile_tree(tree, text, _DeviceWriter(text).write(tree), _TYPES)
    except UnsupportedError as error:
        if _COMPARISONS.search(str(error)):
            raise CompileError(str(error)) from error
        raise
    if program.returns not in ("bool", "dyn") or (tree.kind == "call" and tree.value == "dyn"):
        raise CompileError(f"must evaluate to bool or the unknown type, not {program.returns}")
    return DeviceSelector(text, tree, program)


def is_available() -> bool:
    """Whether selectors can be evaluated in this installation."""
    return engine.is_available()


@lru_cache(maxsize=256)
def _check_pattern(literal: str) -> None:
    """Reject a regular expression that Kubernetes' compiler rejects too."""
    try:
        engine.compile_expression(f"''.matches({literal})", ()).evaluate({})
    except UnsupportedError as error:
        if "invalid regular expression" in str(error):
            raise CompileError(str(error)) from error


def _is_mixed(node: CelExpression) -> bool:
    literals = {type(part.value) for part in node.parts if part.kind == "literal"} if node.kind == "list" else ()
    return len(literals) > 1


def _is_constant(node: CelExpression) -> bool:
    return all(part.kind == "literal" for part in node.parts)


def _is_device(node: CelExpression) -> bool:
    return node.kind == "name" and node.value == "device"


def _is_whole(node: CelExpression) -> bool:
    """Whether the variable is used other than to read one of its fields."""
    parts = node.parts[1:] if node.kind == "select" and _is_device(node.parts[0]) else node.parts
    return _is_device(node) or any(_is_whole(part) for part in parts)


def _map_of(node: CelExpression) -> str | None:
    """The variable for `device.attributes` or `device.capacity`, if the node is one of them."""
    return _VARIABLES[str(node.value)][0] if is_map(node) else None


class _DeviceWriter(CelWriter):
    """Rewrites reads of `device` to reads of the variables for its fields."""

    def __init__(self, text: str, *, exact: bool = False) -> None:
        super().__init__(text)
        self._is_exact = exact

    def write(self, node: CelExpression) -> str:
        """The expression, with reads of the device replaced by calls that know whether the value was published."""
        if node.kind == "call" and node.value == "has" and len(node.parts) == 1 and _is_always_there(node.parts[0]):
            return "true"
        if _is_field(node):
            return _VARIABLES[str(node.value)][0]
        if node.kind in ("index", "select") and (name := _map_of(node.parts[0])):
            mark = "?" if node.optional else ""
            key = str(node.value) if node.kind == "select" else self.write(node.parts[1])
            return f"{name}{_READ}[{mark}{key!r}]" if node.kind == "select" else f"{name}{_READ}[{mark}{key}]"
        if node.kind == "binary" and (written := self._comparison(node)):
            return written
        return super().write(node)

    def _comparison(self, node: CelExpression) -> str | None:
        """A comparison that the library evaluates differently, or not at all."""
        left, right = node.parts[:2]
        if node.value in _ORDER and {type(left.value), type(right.value)} == {int, float}:
            return f"(dyn({self.write(left)}) {node.value} dyn({self.write(right)}))"
        if self._is_exact and node.value == "==":
            return f"{SAME}({self.write(left)}, {self.write(right)})"
        if self._is_exact and node.value == "in" and right.kind == "list" and _is_constant(right):
            return f"({HASHABLE}({self.write(left)}) in {self.write(right)})"
        return None


def _is_always_there(node: CelExpression) -> bool:
    return _is_field(node) or (node.kind == "select" and _map_of(node.parts[0]) is not None)


def _is_field(node: CelExpression) -> bool:
    return node.kind == "select" and _is_device(node.parts[0]) and node.value in _VARIABLES


def _by_domain(driver: str, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, value in values.items():
        domain, _, id_ = name.rpartition("/")
        found.setdefault(domain or driver, {})[id_] = value
    return found


def _plain(value: Mapping[str, Any]) -> Any:
    """The value of an attribute. Raises UnsupportedError for types that are behind a Kubernetes feature gate."""
    [(kind, plain)] = value.items()
    if kind == "version":
        return tagged("Semver", plain)
    if kind not in ("string", "int", "bool"):
        raise UnsupportedError(f"an attribute of type {kind}")
    return plain
