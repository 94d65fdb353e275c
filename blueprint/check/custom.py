"""Converts the structural schema of a custom resource to a strict JSON Schema.

Fields that the API server would prune count as unknown. Conditions in CEL are not evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.check.strict import BOUNDS, FORMATS, NULL_REFUSED, PATTERNS, closure, portable_pattern, with_format
from blueprint.kubernetes.api import DEFINITION, Schema
from blueprint.kubernetes.structural import QUANTITY_PATTERN

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_VERBATIM = frozenset(
    {
        *("required", "default", "enum", "multipleOf", "pattern", "uniqueItems"),
        *("minimum", "minLength", "minItems", "minProperties"),
        *("maximum", "maxLength", "maxItems", "maxProperties"),
        *("x-kubernetes-list-type", "x-kubernetes-list-map-keys"),
    }
)
_EMBEDDED: Mapping[str, Schema] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}


def strict_custom(version: Mapping[str, Any], minor: str) -> Schema:
    """A self-contained strict schema for one `spec.versions[]` entry of a CRD.

    `metadata` has Kubernetes' own schema; `status` is omitted if the cluster writes it (a status subresource). Raises
    ValueError, TypeError or KeyError if the schema is invalid.
    """
    schema = convert(version["schema"]["openAPIV3Schema"])
    properties = schema.setdefault("properties", {})
    if "status" in (version.get("subresources") or {}):
        properties.pop("status", None)
    properties |= {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": DEFINITION + OBJECT_META},
    }
    return {**schema, "$defs": dict(closure(minor, OBJECT_META))}


def convert(schema: Schema) -> Schema:
    """One node of a structural schema, closed unless it preserves unknown fields."""
    out = _plain(schema)
    if out.get("type") == "object":
        _close(out, schema)
    if isinstance(schema.get("items"), Mapping):
        out["items"] = convert(dict(schema["items"]))
    if schema.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
        if schema.get("pattern") == QUANTITY_PATTERN:
            out["format"] = "quantity"
    elif several := {key: schema[key] for key in ("anyOf", "oneOf", "allOf", "not") if key in schema}:
        out |= {key: _conditions(value) for key, value in several.items()}
    if schema.get("nullable") and "type" in out:
        out["type"] = [*_listed(out["type"]), "null"]
    elif "default" not in schema:
        out[NULL_REFUSED] = True
    return out


def _close(out: Schema, schema: Schema) -> None:
    if isinstance(extra := schema.get("additionalProperties"), Mapping):
        out["additionalProperties"] = convert(dict(extra))
        return
    out["properties"] = {name: convert(dict(field)) for name, field in schema.get("properties", {}).items()}
    if schema.get("x-kubernetes-embedded-resource"):
        out["properties"] = {**_EMBEDDED, **out["properties"]}
    if not schema.get("x-kubernetes-preserve-unknown-fields") and extra is not True:
        out["additionalProperties"] = False


def _plain(schema: Schema) -> Schema:
    """Keywords with the same meaning in JSON Schema, and formats and exclusive bounds in its notation."""
    out = {key: value for key, value in schema.items() if key in _VERBATIM}
    if "type" in schema:
        out["type"] = schema["type"]
    if isinstance(out.get("pattern"), str):
        out["pattern"] = portable_pattern(out["pattern"])
    name = schema.get("format") or ("int64" if schema.get("type") == "integer" else None)
    if name in FORMATS or name in PATTERNS or name in BOUNDS:
        out["format"] = name
        out = with_format(out)
    for bound in ("Minimum", "Maximum"):
        if schema.get(f"exclusive{bound}") is True:
            out[f"exclusive{bound}"] = out.pop(bound.lower())
    return out


def _conditions(value: Any) -> Any:
    """Conditions refer to fields that the main schema declares, so they stay open."""
    if isinstance(value, list):
        return [_conditions(each) for each in value]
    out = _plain(value)
    if "properties" in value:
        out["properties"] = {name: _conditions(field) for name, field in value["properties"].items()}
    for key in ("items", "additionalProperties", "anyOf", "oneOf", "allOf", "not"):
        if isinstance(value.get(key), Mapping | list):
            out[key] = _conditions(value[key])
    return out


def _listed(kind: str | list[str]) -> list[str]:
    return [kind] if isinstance(kind, str) else kind
