"""Custom resource definitions, expanded from our own notation to the form that the API server accepts.

`schemas/README.md` describes the notation. Expansion is exact: the names, types, bounds, defaults, list keys and
conditions of upstream's CRD, without descriptions.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from blueprint.data import data_folder
from blueprint.kubernetes.api import Kubernetes, Schema, load_kubernetes
from blueprint.kubernetes.structural import QUANTITY_PATTERN, full_name, int_or_string, structural
from blueprint.source.shipped import shipped_document

SIMPLE: Mapping[str, Schema] = {
    "any": {},
    "boolean": {"type": "boolean"},
    "bytes": {"type": "string", "format": "byte"},
    "date-time": {"type": "string", "format": "date-time"},
    "int-or-string": int_or_string(),
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "object": {"type": "object"},
    "quantity": int_or_string(QUANTITY_PATTERN),
    "string": {"type": "string"},
}
"""Types with a dedicated keyword."""

SHORTHANDS: Mapping[str, str] = {
    "embedded": "x-kubernetes-embedded-resource",
    "keepUnknown": "x-kubernetes-preserve-unknown-fields",
    "list": "x-kubernetes-list-type",
    "map": "x-kubernetes-map-type",
    "rules": "x-kubernetes-validations",
}
"""Keys of the notation that correspond to one key of the schema, with the same value."""

IMPLIED: Mapping[str, Schema] = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}
"""Fields that every custom resource has; the notation omits them."""


def expand_crd(document: Mapping[str, Any]) -> dict[str, Any]:
    """The CustomResourceDefinition for `document`, which is in our notation.

    Raises ValueError or TypeError if the document is not in the notation, or refers to a definition that the Kubernetes
    minor version does not have.
    """
    expander = _Expander(load_kubernetes(document["kubernetes"]), document.get("types", {}))
    names = document["names"]
    metadata: dict[str, Any] = {"name": f"{names['plural']}.{document['group']}"}
    if annotations := document.get("annotations"):
        metadata["annotations"] = dict(annotations)
    spec = {
        "group": document["group"],
        "names": {"listKind": f"{names['kind']}List", "singular": names["kind"].lower(), **names},
        "scope": document["scope"],
        "versions": [_version(name, body, expander) for name, body in document["versions"].items()],
    }
    if conversion := document.get("conversion"):
        spec["conversion"] = conversion
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata,
        "spec": spec,
    }


def _version(name: str, body: Mapping[str, Any], expander: _Expander) -> dict[str, Any]:
    schema = expander.node(body["schema"])
    schema["properties"] = dict(sorted({**IMPLIED, **schema.get("properties", {})}.items()))
    version = {
        "name": name,
        "served": body.get("served", True),
        "storage": body.get("storage", True),
        "schema": {"openAPIV3Schema": schema},
    }
    for ours, theirs in (("subresources", "subresources"), ("columns", "additionalPrinterColumns")):
        if ours in body:
            version[theirs] = body[ours]
    return version | {key: body[key] for key in ("deprecated", "deprecationWarning", "selectableFields") if key in body}


class _Expander:
    """Expands one document's nodes; local types are expanded once each."""

    def __init__(self, kubernetes: Kubernetes, types: Mapping[str, Any]) -> None:
        self._kubernetes = kubernetes
        self._types = types

    def node(self, node: Any) -> Schema:
        """The structural schema of a node: a type expression, or a mapping with facets."""
        if isinstance(node, str):
            return self._type(node)
        if not isinstance(node, Mapping):
            raise TypeError(f"neither a type nor a mapping: {node!r}")
        schema: Schema = {}
        for key, value in node.items():
            schema |= self._facet(key, value)
        return schema

    def _facet(self, key: str, value: Any) -> Schema:
        if key == "type":
            return self._type(value)
        if key == "fields":
            return self._fields(value)
        if key == "items":
            return {"type": "array", "items": self.node(value)}
        if key == "values":
            return {"type": "object", "additionalProperties": self.node(value)}
        if key == "keys":
            return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(value)}
        return {SHORTHANDS.get(key, key): value}

    def _fields(self, fields: Mapping[str, Any]) -> Schema:
        schema: Schema = {
            "type": "object",
            "properties": {name.removesuffix("!"): self.node(node) for name, node in fields.items()},
        }
        if required := [name.removesuffix("!") for name in fields if name.endswith("!")]:
            schema["required"] = sorted(required)
        return schema

    def _type(self, text: str) -> Schema:
        if text.startswith("list of "):
            return {"type": "array", "items": self._type(text.removeprefix("list of "))}
        if text.startswith("map of "):
            return {"type": "object", "additionalProperties": self._type(text.removeprefix("map of "))}
        if text in SIMPLE:
            return dict(SIMPLE[text])
        if text in self._types:
            return self.node(self._types[text])
        if name := full_name(text, self._kubernetes):
            return structural(name, self._kubernetes)
        raise ValueError(f"no type is called {text}")


@cache
def shipped_crds() -> Mapping[tuple[str, str], Path]:
    """The files under `schemas/crds/`, by group and plural."""
    folder = data_folder("schemas") / "crds"
    return {(path.parent.name, path.stem): path for path in sorted(folder.glob("*/*.yaml"))}


@cache
def earlier_crds() -> tuple[Path, ...]:
    """The files of versions that only earlier releases install, `GROUP/VERSION/PLURAL.yaml`."""
    return tuple(sorted((data_folder("schemas") / "crds").glob("*/*/*.yaml")))


@cache
def load_crd(group: str, plural: str, version: str = "") -> Mapping[str, Any]:
    """The expanded CRD of a shipped custom resource, the newest or an earlier version.

    Raises KeyError if there is none; do not modify the result.
    """
    newest = shipped_crds()[group, plural]
    return expand_crd(_read(newest.parent / version / newest.name if version else newest))


def checked_crds_of(group: str) -> Iterator[Mapping[str, Any]]:
    """The shipped CRDs of an API group, without requiring fields that are set on admission, before validation."""
    for (each, plural), path in shipped_crds().items():
        if each == group:
            crd, filled = load_crd(group, plural), frozenset(_read(path).get("filledOnAdmission", ()))
            yield _not_requiring(crd, filled) if filled else crd


def _not_requiring(crd: Mapping[str, Any], fields: frozenset[str]) -> Mapping[str, Any]:
    changed = copy.deepcopy(dict(crd))
    for version in changed["spec"]["versions"]:
        for *above, name in (field.split(".") for field in fields):
            holder = version["schema"]["openAPIV3Schema"]
            for step in above:
                holder = holder["properties"][step.removesuffix("[]")]
                holder = holder["items"] if step.endswith("[]") else holder
            holder["required"] = [each for each in holder.get("required", ()) if each != name]
    return changed


def crds_of(group: str) -> Iterator[Mapping[str, Any]]:
    """All shipped CRDs of an API group."""
    for each, plural in shipped_crds():
        if each == group:
            yield load_crd(group, plural)


def _read(path: Path) -> dict[str, Any]:
    data: dict[str, Any] = shipped_document(path).data
    return data
