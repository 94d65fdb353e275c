"""The Kubernetes API of one minor: which kinds it serves, and the definitions they are made of.

The files under `schemas/kubernetes/` are built by `tools/build_kubernetes_schemas.py`; `schemas/README.md`
says what they keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from blueprint.data import data_folder
from blueprint.records import Record
from blueprint.versions import version_key

Schema = dict[str, Any]

DEFINITION = "#/$defs/"
"""What a `$ref` to a definition begins with inside a bundle."""


class BuiltInKind(Record):
    """A kind that the API server itself serves."""

    definition: str
    namespaced: bool


class Kubernetes(Record):
    """One minor. `kinds` is by apiVersion, then kind; `values` is by definition, then field.

    `definitions` are JSON Schema (2020-12), closed, without `null`, by full name
    (`io.k8s.api.core.v1.Container`). `values` holds what the server's validation demands beyond types.
    """

    minor: str
    kinds: Mapping[str, Mapping[str, BuiltInKind]]
    definitions: Mapping[str, Schema]
    values: Mapping[str, Mapping[str, Schema]]

    def find(self, api_version: str, kind: str) -> BuiltInKind | None:
        """The kind, if this minor serves it."""
        return self.kinds.get(api_version, {}).get(kind)

    def versions_of(self, kind: str) -> list[str]:
        """Every apiVersion under which this minor serves a kind of this name."""
        return [version for version, kinds in self.kinds.items() if kind in kinds]


@cache
def known_minors() -> tuple[str, ...]:
    """The minors there is a schema for, oldest first."""
    found = (path.stem for path in (data_folder("schemas") / "kubernetes").glob("*.json"))
    return tuple(sorted(found, key=version_key))


@cache
def load_kubernetes(minor: str) -> Kubernetes:
    """The API of `minor` (`1.36`). ValueError if there is no schema for it."""
    import orjson

    if minor not in known_minors():
        raise ValueError(f"no schema for Kubernetes {minor}; there are {', '.join(known_minors())}")
    document = orjson.loads((data_folder("schemas") / "kubernetes" / f"{minor}.json").read_bytes())
    kinds = {
        version: {name: BuiltInKind(**entry) for name, entry in entries.items()}
        for version, entries in document["kinds"].items()
    }
    return Kubernetes(minor, kinds, document["definitions"], document["values"])
