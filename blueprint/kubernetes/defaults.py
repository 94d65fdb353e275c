"""Whether an undeclared value is the API server's default.

A field that has an owner but contains the default value has no effect: a client that applies the whole object,
including defaults, does not cause drift.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.bundle.model import Path
from blueprint.kubernetes.default_values import ALLOCATED, DEFAULTS, AddedItems, Live
from blueprint.kubernetes.field_types import Shape

_NONE = object()


def is_default(path: Path, value: Any, shape: Shape, live: Live) -> bool:
    """Whether an undeclared field has the value that the API server sets; `live` is the whole object."""
    if value is None:
        return True
    if not path:
        return False
    if isinstance(path[-1], int):
        filled = _default(path[:-1], shape)
        return isinstance(filled, AddedItems) and value in filled
    if shape.at(path).is_key:
        return _is_known_default(path[:-1], {path[-1]: value}, shape, live)
    if _is_known_default(path, value, shape, live):
        return True
    default = _default(path, shape)
    if callable(default) or not isinstance(value, Mapping):
        return False
    return bool(value) and all(
        _is_part(default, key, below) or is_default((*path, key), below, shape, live) for key, below in value.items()
    )


def _is_known_default(path: Path, value: Any, shape: Shape, live: Live) -> bool:
    """Whether this is the server's default for the field."""
    default = _default(path, shape)
    if not callable(default):
        return (type(value) is type(default) or isinstance(default, AddedItems)) and bool(value == default)
    parent: Any = live
    for step in path[:-1]:
        parent = parent[step]
    return bool(default(value, parent, live))


def _is_part(default: Any, key: str, value: Any) -> bool:
    """Whether a default that is a map contains this key with this value. Other keys may have their own defaults."""
    return isinstance(default, Mapping) and key in default and bool(default[key] == value)


def is_allocated(path: Path, shape: Shape) -> bool:
    """Whether the server allocates an individual value for each object."""
    return any(way in ALLOCATED.get(definition, ()) for definition, way in shape.at(path).within)


def _default(path: Path, shape: Shape) -> Any:
    place = shape.at(path)
    if shape.builtin:
        for definition, way in place.within:
            if way in (known := DEFAULTS.get(definition, {})):
                return known[way]
    return place.node.get("default", _NONE)
