"""Kubernetes definitions as embedded in custom resources: structural schemas with all references expanded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blueprint.kubernetes.api import DEFINITION, Kubernetes, Schema

QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
INT_OR_STRING = "io.k8s.apimachinery.pkg.util.intstr.IntOrString"
QUANTITY_PATTERN = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
"""The pattern that controller-gen writes for a quantity."""

_PREFIXES = ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.")


def full_name(name: str, kubernetes: Kubernetes) -> str | None:
    """The full name of a definition with the short name `core.v1.Toleration` or `meta.v1.Condition`, or None."""
    found = (prefix + name for prefix in _PREFIXES)
    return next((full for full in found if full in kubernetes.definitions), None)


def short_name(name: str) -> str:
    """The inverse of `full_name`, for definitions with a short name."""
    for prefix in _PREFIXES:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def int_or_string(pattern: str | None = None) -> Schema:
    """The schema of an integer or a string; a quantity also has a pattern."""
    schema: Schema = {"anyOf": [{"type": "integer"}, {"type": "string"}], "x-kubernetes-int-or-string": True}
    return schema if pattern is None else {**schema, "pattern": pattern}


def structural(name: str, kubernetes: Kubernetes) -> Schema:
    """The definition with this full name, expanded. Raises ValueError if it contains itself."""
    return _written_out({"$ref": DEFINITION + name}, kubernetes, ())


def _written_out(schema: Schema, kubernetes: Kubernetes, above: tuple[str, ...]) -> Schema:
    if "$ref" in schema:
        found = _reference(schema["$ref"].removeprefix(DEFINITION), kubernetes, above)
        return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
    return {
        key: _keyword(key, value, kubernetes, above)
        for key, value in schema.items()
        if (key, value) != ("additionalProperties", False)
    }


def _reference(name: str, kubernetes: Kubernetes, above: tuple[str, ...]) -> Schema:
    if name in above:
        raise ValueError(f"{name} contains itself, which a structural schema cannot express")
    if name == QUANTITY:
        return int_or_string(QUANTITY_PATTERN)
    if name == INT_OR_STRING:
        return int_or_string()
    return _written_out(kubernetes.definitions[name], kubernetes, (*above, name))


def _keyword(key: str, value: Any, kubernetes: Kubernetes, above: tuple[str, ...]) -> Any:
    if key == "properties":
        return {name: _written_out(field, kubernetes, above) for name, field in value.items()}
    if key in ("items", "additionalProperties"):
        return _written_out(value, kubernetes, above)
    return sorted(value) if key == "required" else value


def embeddable(kubernetes: Kubernetes, least_fields: int = 2) -> Iterable[tuple[str, Schema]]:
    """All object definitions worth referring to, expanded: those with several fields that do not contain themselves."""
    for name, definition in kubernetes.definitions.items():
        if name.startswith(_PREFIXES) and len(definition.get("properties", ())) >= least_fields:
            try:
                yield name, structural(name, kubernetes)
            except ValueError:
                continue
