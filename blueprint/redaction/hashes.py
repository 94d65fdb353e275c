"""Replaces secret values by keyed hashes: with the key, equal values can be recognised, but nothing else."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from blueprint.redaction.secrets import LAST_APPLIED, is_confidential, is_secret_manifest


def with_hashed_secrets(manifest: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A Secret with a hash in place of each secret value; any other manifest unchanged."""
    if not is_secret_manifest(manifest):
        return manifest
    hashed = {
        name: _hashed(value, key) if is_confidential((name,)) and name != "metadata" else value
        for name, value in manifest.items()
    }
    metadata = dict(manifest["metadata"])
    if LAST_APPLIED in (annotations := metadata.get("annotations") or {}):
        metadata["annotations"] = {**annotations, LAST_APPLIED: _hash(annotations[LAST_APPLIED], key)}
    return hashed | {"metadata": metadata}


def _hashed(value: Any, key: str) -> Any:
    return {name: _hash(each, key) for name, each in value.items()} if isinstance(value, Mapping) else _hash(value, key)


def _hash(value: Any, key: str) -> str:
    return "hmac-sha256:" + hmac.new(key.encode(), str(value).encode(), hashlib.sha256).hexdigest()
