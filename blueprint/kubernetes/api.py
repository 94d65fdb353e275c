"""The Kubernetes API of one minor version: the kinds that it serves, and their definitions.

The files under `schemas/kubernetes/` are built by `tools/build_kubernetes_schemas.py`; `schemas/README.md` describes
their contents.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.data import data_folder
from blueprint.records import Record
from blueprint.versions import version_key

Schema = dict[str, Any]

DEFINITION = "#/$defs/"
"""The prefix of a `$ref` to a definition inside a bundled schema."""


class BuiltInKind(Record):
    """A kind that the API server itself serves."""

    definition: str
    namespaced: bool


class Kubernetes(Record):
    """One minor version. `kinds` is by apiVersion, then kind; `values` is by definition, then field.

    `definitions` are JSON Schema (2020-12), closed, without `null`, by full name (`io.k8s.api.core.v1.Container`).
    `values` contains what the server's validation requires beyond types.
    """

    minor: str
    kinds: Mapping[str, Mapping[str, BuiltInKind]]
    definitions: Mapping[str, Schema]
    values: Mapping[str, Mapping[str, Schema]]

    def find(self, api_version: str, kind: str) -> BuiltInKind | None:
        """The kind, if this minor version serves it."""
        return self.kinds.get(api_version, {}).get(kind)

    def versions_of(self, kind: str) -> list[str]:
        """All apiVersions under which this minor version serves a kind with this name."""
        return [version for version, kinds in self.kinds.items() if kind in kinds]


@cache
def known_minors() -> tuple[str, ...]:
    """The minor versions with a schema, oldest first."""
    found = (path.stem for path in (data_folder("schemas") / "kubernetes").glob("*.json"))
    return tuple(sorted(found, key=version_key))


@cache
def load_kubernetes(minor: str) -> Kubernetes:
    """The API of `minor` (`1.36`). Raises ValueError if there is no schema for it."""
    import orjson

    if minor not in known_minors():
        raise ValueError(f"no schema for Kubernetes {minor}; there are {', '.join(known_minors())}")
    document = orjson.loads(_file(minor).read_bytes())
    kinds = {
        version: {name: BuiltInKind(**entry) for name, entry in entries.items()}
        for version, entries in document["kinds"].items()
    }
    return Kubernetes(minor, kinds, document["definitions"], document["values"])


def modified(minor: str) -> int:
    """When the schema of `minor` was written, in nanoseconds: changes if the schema does."""
    return _file(minor).stat().st_mtime_ns


def _file(minor: str) -> Path:
    return data_folder("schemas") / "kubernetes" / f"{minor}.json"
