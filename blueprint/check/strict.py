"""Converts Kubernetes' definitions to a strict JSON Schema: bounds for number formats, patterns for string formats, the
values that the server's validation accepts, and no meaningless empty values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blueprint.kubernetes.api import DEFINITION, Schema, load_kubernetes
from blueprint.kubernetes.structural import QUANTITY_PATTERN
from blueprint.name_patterns import DNS_LABEL, DNS_SUBDOMAIN, LABEL_NAME
from blueprint.patterns import lazy_pattern

PATTERNS = {
    "byte": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "config-key": r"^[-._a-zA-Z0-9]+$",
    "dns-label": rf"^{DNS_LABEL}$",
    "dns-subdomain": rf"^{DNS_SUBDOMAIN}$",
    "label-key": rf"^({DNS_SUBDOMAIN}/)?{LABEL_NAME}$",
    "percent": r"^[0-9]+%$",
    "port-name": r"^([a-z0-9]+-)*[a-z0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$",
    "quantity": QUANTITY_PATTERN,
}
"""String formats as regular expressions that Go, Rust and Python interpret in the same way."""

WHOLE = ""
"""The key, among the requirements on fields, for those on the definition itself."""

MEANS_NOTHING = "x-empty-means-nothing"
"""Marks a list or map that has no effect if empty: a remark, not an error."""

NULL_REFUSED = "x-null-is-refused"
"""Marks a field for which the API server rejects null; elsewhere null is dropped or defaulted."""

_ESCAPES = lazy_pattern(r"\\(0[0-7]{0,2}|.)", re.DOTALL)

BOUNDS = {"int32": 2**31, "int64": 2**63}
FORMATS = frozenset({"date-time"})
"""Formats that the validators support with the same meaning as Kubernetes."""


def portable_pattern(pattern: str) -> str:
    r"""A pattern in Go's syntax as other engines read it too: `\0`, an octal escape, is written `\x00`."""
    return _ESCAPES.sub(lambda found: rf"\x{int(found[1], 8):02x}" if found[1][0] == "0" else found[0], pattern)


@cache
def strict_definition(minor: str, name: str) -> Schema:
    """The strict form of one definition of a minor version, with its `$ref`s. Shared: do not change it."""
    kubernetes = load_kubernetes(minor)
    schema = _strict(kubernetes.definitions[name], required=True)
    demands = dict(kubernetes.values.get(name, {}))
    if whole := demands.pop(WHOLE, None):
        schema |= whole
        schema["properties"] = {
            field: _needed(each) if field in whole.get("required", ()) else each
            for field, each in schema["properties"].items()
        }
    for field, demand in demands.items():
        if field in schema.get("properties", {}):
            schema["properties"][field] = _demanding(schema["properties"][field], demand)
    return schema


def strict_kind(minor: str, definition: str) -> Schema:
    """A self-contained schema for a kind: a reference, with everything reachable under `$defs`."""
    return {"$ref": DEFINITION + definition, "$defs": dict(closure(minor, definition))}


def closure(minor: str, *names: str) -> Iterator[tuple[str, Schema]]:
    """The strict definitions reachable from `names`, by name."""
    seen: set[str] = set()
    todo = list(names)
    while todo:
        if (name := todo.pop()) not in seen:
            seen.add(name)
            schema = strict_definition(minor, name)
            yield name, schema
            todo += _references(schema)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(target := schema.get("$ref"), str):
            yield target.removeprefix(DEFINITION)
        for key in ("items", "additionalProperties"):
            yield from _references(schema.get(key))
        for field in schema.get("properties", {}).values():
            yield from _references(field)


def _strict(schema: Schema, *, required: bool) -> Schema:
    out = dict(schema)
    if "properties" in out:
        needed = out.get("required", ())
        out["properties"] = {name: _field(field, name in needed) for name, field in out["properties"].items()}
    for key in ("items", "additionalProperties"):
        if isinstance(out.get(key), dict):
            out[key] = _strict(out[key], required=True)
    if not required and out.get("type") == "array":
        out |= {"minItems": 1, MEANS_NOTHING: True}
    if not required and out.get("additionalProperties"):
        out |= {"minProperties": 1, MEANS_NOTHING: True}
    return with_format(out)


def _field(schema: Schema, required: bool) -> Schema:  # noqa: FBT001 - passed by position in one place
    return _needed(_strict(schema, required=True)) if required else _strict(schema, required=False)


def _needed(schema: Schema) -> Schema:
    """A required field, for which null or an empty list is an error, not a remark."""
    return {key: value for key, value in schema.items() if key != MEANS_NOTHING} | {NULL_REFUSED: True}


def with_format(schema: Schema) -> Schema:
    """The schema with a `format` that validators can check."""
    name = schema.get("format")
    if name in PATTERNS:
        return {"pattern": PATTERNS[name], **schema}
    if bound := bound_of(schema):
        return {"minimum": -bound, "maximum": bound - 1, **schema}
    return schema


def bound_of(schema: Mapping[str, Any]) -> int | None:
    """The bound of whole numbers in the schema's format: they are below it, and not below its negative."""
    name = schema.get("format", "")
    if name == "int-or-string":
        return BOUNDS["int32"]
    return BOUNDS.get(name) if schema.get("type") == "integer" else None


def _demanding(schema: Schema, demands: Schema) -> Schema:
    merged = {**schema, **{key: value for key, value in demands.items() if key != "items"}}
    if "minItems" in demands:
        merged.pop(MEANS_NOTHING, None)
    if "items" in demands:
        merged["items"] = {**schema["items"], **demands["items"]}
    return with_format(merged)
