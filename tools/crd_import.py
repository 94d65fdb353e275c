"""Convert a CustomResourceDefinition to the notation of `schemas/crds/`.

Descriptions are dropped, and types that Kubernetes defines become references. A schema that occurs more than once
becomes a local type. This is the inverse of `blueprint.kubernetes.crds.expand_crd`.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprint.kubernetes.api import Kubernetes, Schema, load_kubernetes
from blueprint.kubernetes.crds import IMPLIED, SHORTHANDS, SIMPLE
from blueprint.kubernetes.structural import embeddable, short_name

_NESTED = ("items", "additionalProperties", "not")
_SEVERAL = ("allOf", "anyOf", "oneOf")
_ABBREVIATED = {schema_key: ours for ours, schema_key in SHORTHANDS.items()}
_GENERATED = "controller-gen.kubebuilder.io/version"


def import_crd(crd: Mapping[str, Any], *, source: str, version: str, licence: str, minor: str) -> dict[str, Any]:
    """The document in our notation for an `apiextensions.k8s.io/v1` CRD.

    `minor` is the Kubernetes release whose definitions are referenced. Raises ValueError if the notation cannot express
    the CRD (no schema, an older API version).
    """
    if crd.get("apiVersion") != "apiextensions.k8s.io/v1" or crd.get("kind") != "CustomResourceDefinition":
        raise ValueError("not a CustomResourceDefinition of apiextensions.k8s.io/v1")
    spec = crd["spec"]
    schemas = {v["name"]: without_prose(v["schema"]["openAPIV3Schema"]) for v in spec["versions"]}
    writer = _NotationWriter(_definitions(load_kubernetes(minor)))
    for schema in schemas.values():
        writer.look_at(schema)
    writer.name_types()
    document: dict[str, Any] = {"source": source, "version": version, "licence": licence, "kubernetes": minor}
    document["fingerprint"] = fingerprint(crd)
    document |= {"group": spec["group"], "scope": spec["scope"], "names": _names(spec["names"])}
    if annotations := {k: v for k, v in crd["metadata"].get("annotations", {}).items() if k != _GENERATED}:
        document["annotations"] = annotations
    if (conversion := spec.get("conversion", {})).get("strategy", "None") != "None":
        document["conversion"] = conversion
    document["versions"] = {v["name"]: _version(v, schemas[v["name"]], writer) for v in spec["versions"]}
    if types := writer.types():
        document["types"] = types
    return document


def fingerprint(crd: Mapping[str, Any]) -> str:
    """The SHA-256 of a CRD without its prose. Our form, once expanded, must have the fingerprint of the upstream
    CRD.
    """
    spec = crd["spec"]
    versions = [{**v, "schema": without_prose(v["schema"]["openAPIV3Schema"])} for v in spec["versions"]]
    for version in versions:
        if not version.get("subresources"):  # `{}` is the same as no value
            version.pop("subresources", None)
        if columns := version.get("additionalPrinterColumns"):
            version["additionalPrinterColumns"] = [without_prose(column) for column in columns]
    names = {"listKind": f"{spec['names']['kind']}List", **spec["names"]}  # the API server adds it if it is missing
    content = {"group": spec["group"], "names": names, "scope": spec["scope"], "versions": versions}
    return hashlib.sha256(_key(content).encode()).hexdigest()


def without_prose(schema: Any) -> Any:
    """The schema without descriptions and without the messages of its validation rules; `required` is sorted."""
    if not isinstance(schema, Mapping):
        return schema
    return {key: _bare(key, value) for key, value in schema.items() if key not in ("description", "externalDocs")}


def _bare(key: str, value: Any) -> Any:
    if key == "properties":
        return {name: without_prose(value[name]) for name in sorted(value)}
    if key in _NESTED:
        return without_prose(value)
    if key in _SEVERAL:
        return [without_prose(each) for each in value]
    if key == "x-kubernetes-validations":
        return [{name: part for name, part in rule.items() if name != "message"} for rule in value]
    return sorted(value) if key == "required" else value


def _names(names: Mapping[str, Any]) -> dict[str, Any]:
    usual = {"listKind": f"{names['kind']}List", "singular": names["kind"].lower()}
    return {key: value for key, value in names.items() if usual.get(key) != value}


def _version(version: Mapping[str, Any], schema: Schema, writer: _NotationWriter) -> dict[str, Any]:
    body: dict[str, Any] = {key: version[key] for key in ("served", "storage") if not version[key]}
    body |= {key: version[key] for key in ("deprecated", "deprecationWarning", "selectableFields") if key in version}
    if subresources := version.get("subresources"):
        body["subresources"] = subresources
    if columns := version.get("additionalPrinterColumns"):
        body["columns"] = [without_prose(column) for column in columns]
    fields = {k: v for k, v in schema["properties"].items() if IMPLIED.get(k) != v}
    body["schema"] = writer.node({**schema, "properties": fields})
    return body


def _key(schema: Any) -> str:
    return json.dumps(schema, sort_keys=True)


def _definitions(kubernetes: Kubernetes) -> dict[str, str]:
    """The short name of each definition, by its expanded schema. For equal schemas: core/v1 first, then the shortest
    name.
    """
    found: dict[str, str] = {}
    ranked = sorted(embeddable(kubernetes), key=lambda each: ("core.v1" not in each[0], len(each[0]), each[0]))
    for name, schema in ranked:
        found.setdefault(_key(schema), short_name(name))
    return found


@dataclass(slots=True)
class _NotationWriter:
    """Writes nodes, with references to the definitions of Kubernetes and to subtrees that the document repeats."""

    definitions: Mapping[str, str]
    seen: Counter[str] = field(default_factory=Counter)
    suggested: dict[str, str] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=lambda: {_key(schema): word for word, schema in SIMPLE.items()})
    names: dict[str, str] = field(default_factory=dict)

    def look_at(self, schema: Schema, name: str = "") -> None:
        """Count every object subtree with at least two fields, so that repeated ones become types."""
        key = _key(schema)
        if key in self.definitions:
            return
        if len(schema.get("properties", ())) > 1:
            self.seen[key] += 1
            self.suggested.setdefault(key, name[:1].upper() + name[1:])
            self.schemas[key] = schema
            if self.seen[key] > 1:
                return
        for child_name, child in _children(schema):
            self.look_at(child, child_name or name.removesuffix("s"))

    def types(self) -> dict[str, Any]:
        """The local types, by name."""
        named = sorted((name, key) for key, name in self.names.items())
        return {name: self._spelled(self.schemas[key]) for name, key in named}

    def node(self, schema: Schema) -> Any:
        """A type expression if that is sufficient, otherwise a mapping."""
        if word := self._word(schema):
            return word
        return self._spelled(schema)

    def _word(self, schema: Schema) -> str | None:
        key = _key(schema)
        if word := self.words.get(key) or self.definitions.get(key) or self.names.get(key):
            return word
        if set(schema) == {"type", "items"} and (inner := self._word(schema["items"])):
            return f"list of {inner}"
        if set(schema) == {"type", "additionalProperties"} and (inner := self._word(schema["additionalProperties"])):
            return f"map of {inner}"
        return None

    def name_types(self) -> None:
        """Name every repeated subtree after the first field that contains it."""
        for key in (key for key, count in self.seen.items() if count > 1):
            name = self.suggested[key] or "Type"
            number = 1 + sum(other.rstrip("0123456789") == name for other in self.names.values())
            self.names[key] = name if number == 1 else f"{name}{number}"

    def _spelled(self, schema: Schema) -> dict[str, Any]:
        rest = dict(schema)
        node = self._shape(rest)
        for key, value in rest.items():
            node[_ABBREVIATED.get(key, key)] = value
        if node.get("list") == "map" and "x-kubernetes-list-map-keys" in node:
            node["keys"] = node.pop("x-kubernetes-list-map-keys")
            del node["list"]
        return node

    def _shape(self, rest: Schema) -> dict[str, Any]:
        """The part of a node that expresses its type. Keys that it expresses are removed from `rest`."""
        kind = rest.get("type")
        if kind == "object" and "properties" in rest:
            del rest["type"]
            return self._fields(rest)
        for ours, theirs, container in (("items", "items", "array"), ("values", "additionalProperties", "object")):
            if kind == container and isinstance(rest.get(theirs), Mapping):
                del rest["type"]
                return self._contained(ours, self.node(rest.pop(theirs)))
        for word, simple in sorted(SIMPLE.items(), key=lambda each: -len(each[1])):
            if simple and all(rest.get(key) == value for key, value in simple.items()):
                for key in simple:
                    del rest[key]
                return {"type": word}
        return {}

    def _contained(self, ours: str, inner: Any) -> dict[str, Any]:
        if isinstance(inner, str):
            return {"type": f"{'list' if ours == 'items' else 'map'} of {inner}"}
        return {ours: inner}

    def _fields(self, rest: Schema) -> dict[str, Any]:
        properties = rest.pop("properties")
        required = rest.pop("required", [])
        if not set(required) <= set(properties):
            rest["required"], required = required, []
        return {"fields": {name + "!" * (name in required): self.node(value) for name, value in properties.items()}}


def _children(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield from schema.get("properties", {}).items()
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), Mapping):
            yield "", schema[key]
