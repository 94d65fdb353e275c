"""The file names of a bundle, and the format of its JSON files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from blueprint.bundle.model import ObjectId

LOCK = "blueprint.lock"
LOCK_SCHEMA = "gpublueprint.dev/lock/v3"
PROVENANCE = "provenance.json"
EXPECTATIONS = "expectations.json"
IMAGES = "images.txt"
SLICES = "resource-slices.yaml"
"""The file with the predicted ResourceSlices of the nodes, written if pods claim GPUs."""
PREREQUISITES = "prerequisites.json"
PREREQUISITES_PAGE = "prerequisites.md"
MANIFESTS = "manifests"
WORKLOADS = "workloads"
"""Workload templates for tenant users. Nothing applies them."""
DELIVERY = "delivery"
"""Files for a delivery controller that applies the bundle, if the blueprint declares one."""


def as_json(value: Any) -> bytes:
    """JSON in the format of bundles: sorted, indented, with one newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def sha256(data: bytes) -> str:
    """The SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def lock_digest(lock: Mapping[str, Any]) -> str:
    """The digest of a lock without its `digest` field."""
    return sha256(as_json({key: value for key, value in lock.items() if key != "digest"}))


def sealed(lock: Mapping[str, Any]) -> bytes:
    """The bytes of a lock, including its digest."""
    return as_json({**lock, "digest": lock_digest(lock)})


def object_file(identity: ObjectId, component: str) -> str:
    """The path of an object's manifest in a bundle: one file per object, with a name that is valid on every file
    system.
    """
    parts = (identity.kind.lower(), identity.namespace, identity.name)
    name = ".".join(_file_name(part) for part in parts if part)
    return f"{MANIFESTS}/{component}/{name}.yaml"


def _file_name(text: str) -> str:
    return "".join(char if char.isalnum() or char in "-._" else f"%{ord(char):02x}" for char in text)
