"""Converts an object to the API server's canonical form, so that ownership and comparison are exact.

Nulls are dropped (they would claim fields), `stringData` becomes `data`, and fields that only the server writes are
removed. Literal empty values stay: `emptyDir: {}` and `podSelector: {}` are significant.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from blueprint.redaction.secrets import is_secret_manifest
from blueprint.source.paths import Path

_SERVER_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
_MAPPINGS = (dict, Mapping)
"""Checked in this order, because checking whether a dict is a Mapping takes ten times as long."""
_COLLECTIONS = (dict, list, Mapping)
_FIRST = ("apiVersion", "kind", "metadata", "type", "spec", "data")
_FIRST_METADATA = ("name", "namespace", "labels", "annotations")


def canonical(data: Mapping[str, Any], *, nulls: bool = True) -> dict[str, Any]:
    """A copy of the object in canonical form and order. Without `nulls`, nested values are not copied."""
    found = _without_nulls(data) if nulls else dict(data)
    found.pop("status", None)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = _ordered({k: v for k, v in metadata.items() if k not in _SERVER_METADATA}, _FIRST_METADATA)
    if is_secret_manifest(found):
        _string_data(found)
    return _ordered(found, _FIRST)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, _MAPPINGS):
        return {
            key: _without_nulls(item) if isinstance(item, _COLLECTIONS) else item
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_without_nulls(item) if isinstance(item, _COLLECTIONS) else item for item in value]
    return value


def _ordered(data: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    return {key: data[key] for key in first if key in data} | data


def _string_data(secret: dict[str, Any]) -> None:
    texts = secret.pop("stringData", None)
    if isinstance(texts, Mapping):
        encoded = {key: _encoded(text) for key, text in texts.items()}
        secret["data"] = {**secret.get("data", {}), **encoded}


def _encoded(value: Any) -> Any:
    """A string in base64; other values stay, because the API server rejects them."""
    return base64.b64encode(value.encode()).decode() if isinstance(value, str) else value


def as_written(path: Path, data: Mapping[str, Any]) -> Path:
    """The path of a canonical object's field in the original: `data` of a Secret may have been `stringData`."""
    texts = data.get("stringData")
    if path[:1] != ("data",) or data.get("kind") != "Secret" or not isinstance(texts, Mapping):
        return path
    moved = texts if len(path) == 1 and "data" not in data else texts.get(path[1]) if len(path) > 1 else None
    return path if moved is None else ("stringData", *path[1:])
