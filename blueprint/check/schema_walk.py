"""Checks that JSON Schema cannot express, by visiting only the relevant fields.

A plan is compiled once per kind: the fields that lead to lists with keys, labels, annotations, and quantities of custom
resources.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check import codes
from blueprint.check.finding import ObjectFinding
from blueprint.diagnostics import Severity
from blueprint.kubernetes.api import DEFINITION, Schema
from blueprint.kubernetes.names import annotation_key_fault, label_key_fault, label_value_fault
from blueprint.records import MutableRecord, field
from blueprint.source.paths import format_path
from blueprint.units import canonical_quantity

Look = Callable[[Any, Path, Any], Iterator[ObjectFinding]]
"""Checks (value, its path, the whole object)."""

_MARKED = {
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "labels"): "labels",
    ("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "annotations"): "annotations",
    ("io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector", "matchLabels"): "labels",
    ("io.k8s.api.core.v1.PodSpec", "nodeSelector"): "labels",
    ("io.k8s.api.core.v1.ServiceSpec", "selector"): "labels",
    ("io.k8s.api.core.v1.ReplicationControllerSpec", "selector"): "labels",
}
_CONTAINER = "io.k8s.api.core.v1.Container"
_COLLECTIONS = (dict, list)
_DEFAULTS = {"protocol": "TCP"}
"""Keys of list items that the API defaults before it compares them."""


class WalkPlan(MutableRecord):
    """Where to continue from a value, and what to check there. `keys` identify the items of a list, with `defaults`;
    `tolerant`: the API server accepts duplicates on creation.
    """

    fields: dict[str, WalkPlan] = field(default_factory=dict)
    items: WalkPlan | None = None
    values: WalkPlan | None = None
    keys: tuple[str, ...] = ()
    defaults: dict[str, Any] = field(default_factory=dict)
    tolerant: bool = False
    unique: bool = False
    look: Look | None = None

    @property
    def matters(self) -> bool:
        """Whether there is anything to check here or below."""
        return bool(self.fields or self.items or self.values or self.keys or self.unique or self.look)


def compile_plan(schema: Schema, *, verbatim: bool) -> WalkPlan | None:
    """The plan for a self-contained strict schema; None if there is nothing to check.

    `verbatim` is for custom resources, whose quantities are stored as written. Those of built-in kinds are compared by
    value.
    """
    return _Compiler(schema.get("$defs", {}), verbatim=verbatim).plan(schema, ())


class _Compiler:
    """Compiles each definition once; a definition that contains itself is not followed again."""

    def __init__(self, definitions: Schema, *, verbatim: bool) -> None:
        self._definitions = definitions
        self._verbatim = verbatim
        self._done: dict[str, WalkPlan | None] = {}

    def plan(self, schema: Any, above: tuple[str, ...]) -> WalkPlan | None:
        """The checks for values of a schema, nested in the definitions `above`; None if there are none."""
        if not isinstance(schema, dict):
            return None
        if "$ref" in schema:
            return self._reference(schema["$ref"].removeprefix(DEFINITION), above)
        plan = WalkPlan(look=_quantity if self._verbatim and schema.get("format") == "quantity" else None)
        for name, each in schema.get("properties", {}).items():
            look = _LOOKS.get(_MARKED.get((above[-1], name), "")) if above else None
            if found := WalkPlan(look=look) if look else self.plan(each, above):
                found.tolerant = not self._verbatim and above[-1:] == (_CONTAINER,) and name in ("env", "ports")
                plan.fields[name] = found
        plan.items = self.plan(schema.get("items"), above)
        plan.values = self.plan(schema.get("additionalProperties"), above)
        plan.keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
        plan.defaults = _DEFAULTS | _defaults(schema.get("items"), plan.keys)
        plan.unique = schema.get("x-kubernetes-list-type") == "set"
        return plan if plan.matters else None

    def _reference(self, name: str, above: tuple[str, ...]) -> WalkPlan | None:
        if name in above:
            return None
        if name not in self._done:
            self._done[name] = self.plan(self._definitions[name], (*above, name))
        return self._done[name]


def _defaults(items: Any, keys: tuple[str, ...]) -> dict[str, Any]:
    """The defaults of a custom resource's schema for the keys of a list."""
    fields = items.get("properties", {}) if isinstance(items, dict) else {}
    return {key: fields[key]["default"] for key in keys if "default" in fields.get(key, {})}


def walk(plan: WalkPlan | None, whole: Any) -> list[ObjectFinding]:
    """All findings of the plan in an object. Values of the wrong type are skipped."""
    found: list[ObjectFinding] = []
    if plan is not None:
        _visit(plan, whole, whole, (), found)
    return found


def _visit(plan: WalkPlan, value: Any, whole: Any, path: Path, found: list[ObjectFinding]) -> None:
    """Add the findings in a value, which is at `path` in `whole`."""
    if plan.look:
        found.extend(plan.look(value, path, whole))
    if isinstance(value, dict):
        fields, every = plan.fields, plan.values
        for name, each in value.items():
            below = fields.get(name, every)
            if below is not None:
                _visit(below, each, whole, (*path, name), found)
    elif isinstance(value, list):
        if (plan.keys or plan.unique) and len(value) > 1:
            found.extend(_duplicates(plan, value, path, whole))
        if plan.items is not None:
            for index, each in enumerate(value):
                _visit(plan.items, each, whole, (*path, index), found)


def _duplicates(plan: WalkPlan, items: list[Any], path: Path, whole: Any) -> Iterator[ObjectFinding]:
    first: dict[Any, int] = {}
    for index, item in enumerate(items):
        identity = _identity(plan, item)
        if identity is not None and (before := first.setdefault(identity, index)) != index:
            what = " and ".join(str(part) for part in identity)
            yield ObjectFinding(
                codes.REPEATED_ITEM if plan.tolerant else codes.DUPLICATE_ITEM,
                (*path, index),
                f"{what} is duplicated in {format_path(path, whole)}: items {before} and {index}",
                help=f"the API identifies items by {' and '.join(plan.keys)}" if plan.keys else None,
            )


def _identity(plan: WalkPlan, item: Any) -> tuple[Any, ...] | None:
    if plan.unique:
        return (item,) if isinstance(item, str | int) else None
    if not isinstance(item, dict):
        return None
    found = tuple([item.get(key, plan.defaults.get(key)) for key in plan.keys])
    for part in found:
        if isinstance(part, _COLLECTIONS):
            return None
    return None if found[0] is None else found


def _quantity(value: Any, path: Path, whole: Any) -> Iterator[ObjectFinding]:
    """Check a quantity of a custom resource. `nvidia.com/gpu: 1` is the usual form of an integer."""
    if not isinstance(value, str | float):
        return
    try:
        stored = canonical_quantity(value)
    except ValueError:
        return  # The schema's pattern reports it.
    if value != stored:
        yield ObjectFinding(
            codes.QUANTITY_FORM,
            path,
            f"{format_path(path, whole)} is {json.dumps(value)}; its canonical form is {json.dumps(stored)}",
        )


def _labels(value: Any, path: Path, whole: Any) -> Iterator[ObjectFinding]:
    for key, text in value.items() if isinstance(value, dict) else ():
        if fault := label_key_fault(key):
            yield _label_fault((*path, key), whole, fault)
        if isinstance(text, str) and (fault := label_value_fault(text)):
            yield _label_fault((*path, key), whole, fault)


def _annotations(value: Any, path: Path, whole: Any) -> Iterator[ObjectFinding]:
    for key in value if isinstance(value, dict) else ():
        if fault := annotation_key_fault(key):
            yield _label_fault((*path, key), whole, fault)


def _label_fault(path: Path, whole: Any, fault: str) -> ObjectFinding:
    return ObjectFinding(codes.BAD_LABEL, path, f"{format_path(path, whole)}: {fault}", override=Severity.ERROR)


_LOOKS: dict[str, Look] = {"labels": _labels, "annotations": _annotations}
