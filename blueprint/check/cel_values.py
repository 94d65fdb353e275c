"""A custom resource as visible to its validation rules: the types and values that Kubernetes derives from a structural
schema.

Field names are escaped, null counts as absent, and fields that are not in the schema cannot be accessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.cel.functions.signatures import LONGEST_TEXT
from blueprint.kubernetes.api import Schema
from blueprint.patterns import lazy_pattern

_KEYWORDS = ("true", "false", "null", "in")
_RESERVED = (
    "as", "break", "const", "continue", "else", "for", "function", "if", "import",
    "let", "loop", "package", "namespace", "return", "var", "void", "while",
)  # fmt: skip
"""Words that CEL reserves. The API server accepts fields with such a name with and without underscores."""
_ESCAPES = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_SPECIAL = lazy_pattern(r"__|[./-]")
_SCALARS = {"string": "string", "integer": "int", "boolean": "bool", "number": "dyn"}
_TIMES = frozenset({"date", "date-time", "duration"})
_OF_EVERY_OBJECT: Schema = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}},
}
"""Fields that rules at the root of a resource may read, whatever its schema."""


class UnrepresentableError(Exception):
    """A value that the library cannot represent exactly."""


def escaped(name: str) -> tuple[str, ...]:
    """The names of a field in CEL: `a-b` is `a__dash__b`. Empty if it cannot be written."""
    if name in _KEYWORDS:
        return (f"__{name}__",)
    if name in _RESERVED:
        return name, f"__{name}__"
    found = _SPECIAL.sub(lambda match: _ESCAPES[match[0]], name)
    return (found,) if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", found) else ()


def cel_type(schema: Schema) -> str | None:
    """The type of a value (`list(string)`); None if rules cannot access it."""
    if schema.get("x-kubernetes-int-or-string"):
        return "dyn"
    kind = schema.get("type")
    if kind == "array":
        inner = cel_type(schema["items"]) if isinstance(schema.get("items"), Mapping) else None
        return f"list({inner})" if inner else None
    if kind == "object":
        extra = schema.get("additionalProperties")
        if not isinstance(extra, Mapping):
            return "map(string, dyn)"
        inner = cel_type(dict(extra))
        return f"map(string, {inner})" if inner else None
    if kind == "string" and schema.get("format") in ("byte", *_TIMES):
        return "bytes" if schema["format"] == "byte" else "dyn"
    return _SCALARS.get(str(kind))


def fields_of(schema: Schema, *, root: bool = False) -> dict[str, Schema]:
    """The fields that rules can access, by their names in the manifest."""
    fields = dict(schema.get("properties", {}))
    if root or schema.get("x-kubernetes-embedded-resource"):
        fields |= _OF_EVERY_OBJECT
    return fields


def cel_value(value: Any, schema: Schema, *, root: bool = False) -> Any:
    """The value as visible to rules. Raises UnrepresentableError if the library would represent it differently."""
    if isinstance(value, str):
        return _text(value, schema)
    if isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        return [cel_value(each, schema["items"]) for each in value]
    if isinstance(value, dict):
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping):
            return {_text(key, {}): cel_value(each, dict(extra)) for key, each in value.items()}
        return dict(_fields(value, fields_of(schema, root=root)))
    if schema.get("type") == "number" and isinstance(value, int):
        return float(value)
    if schema.get("type") == "integer" and isinstance(value, float):
        return int(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UnrepresentableError("a number that does not fit 64 bits")
    return value


def _fields(value: dict[str, Any], fields: dict[str, Schema]) -> Iterator[tuple[str, Any]]:
    for name, field in fields.items():
        if value.get(name) is not None and cel_type(field):
            yield from ((inside, cel_value(value[name], field)) for inside in escaped(name))


def _text(value: str, schema: Schema) -> Any:
    if "\0" in value or len(value) > LONGEST_TEXT:
        raise UnrepresentableError("a string with a NUL character, or a very long string")
    if schema.get("format") == "byte":
        import base64

        return base64.b64decode(value)
    return value


def time_fields(schema: Schema) -> Iterator[str]:
    """The CEL names of all fields below that contain a timestamp or a duration, which the library does not accept."""
    yield from _names(schema, lambda field: field.get("format") in _TIMES)


def unordered_fields(schema: Schema) -> Iterator[str]:
    """The CEL names of all lists below whose order Kubernetes ignores in comparisons."""
    yield from _names(schema, lambda field: field.get("x-kubernetes-list-type") in ("set", "map"))


def _names(schema: Schema, holds: Any, name: str = "self") -> Iterator[str]:
    if holds(schema):
        yield name
    for field, each in schema.get("properties", {}).items():
        for inside in escaped(field):
            yield from _names(each, holds, inside)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield from _names(dict(schema[key]), holds, name)
