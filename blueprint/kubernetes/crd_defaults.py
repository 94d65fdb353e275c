"""Sets the defaults of a custom resource's schema, as the API server does before it validates the object."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from blueprint.kubernetes.api import Schema
from blueprint.records import Same

_NONE: dict[str, Schema] = {}


def with_defaults(value: Any, schema: Schema) -> Any:
    """`value` with the defaults of its structural schema, at all existing levels; `value` is not modified.

    A missing level gets its own default, and then the defaults inside it. A null stays: whether it is rejected is
    reported elsewhere.
    """
    if isinstance(value, dict):
        return _mapping(value, schema)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return [with_defaults(each, items) for each in value]
    return value


def _mapping(value: dict[Any, Any], schema: Schema) -> dict[Any, Any]:
    fields = schema.get("properties") or _NONE
    defaults = _defaults(Same(fields)) if fields else fields
    missing = {name: _copied(default) for name, default in defaults.items() if name not in value}
    full = value | missing if missing else value
    others = schema.get("additionalProperties")
    rest = others if isinstance(others, dict) else {}
    return {name: with_defaults(each, fields.get(name, rest)) for name, each in full.items()}


def _copied(default: Any) -> Any:
    return copy.deepcopy(default) if isinstance(default, dict | list) else default


@lru_cache(maxsize=4096)
def _defaults(fields: Same) -> dict[str, Any]:
    """The defaults of fields, collected once: a schema may have ten thousand fields, and as many objects."""
    return {name: field["default"] for name, field in fields.value.items() if "default" in field}
