"""Validates CustomResourceDefinitions beyond their schema, as far as possible offline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Path
from blueprint.check import codes
from blueprint.check.cel_values import cel_type
from blueprint.check.finding import ObjectFinding
from blueprint.source.paths import format_path

_FORBIDDEN = ("$ref", "additionalItems", "definitions", "dependencies", "deprecated", "id", "patternProperties")
_LOGICAL = ("allOf", "anyOf", "oneOf", "not")
_OF_STRUCTURE = (
    "type", "additionalProperties", "default", "nullable", "title", "description", "x-kubernetes-validations",
)  # fmt: skip
"""What a condition must not contain."""
_OF_METADATA = frozenset({"name", "generateName"})


def check_definition(crd: dict[str, Any]) -> Iterator[ObjectFinding]:
    """Errors in names, versions, structural schemas and validation rules of a readable CRD."""
    for path, fault in _faults(crd):
        where = format_path(path, crd)
        yield ObjectFinding(codes.DEFINITION_REFUSED, path, f"{where}: {fault}")


def _faults(crd: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    spec = crd["spec"]
    names, versions = spec["names"], spec["versions"]
    full = f"{names.get('plural')}.{spec['group']}"
    if crd["metadata"].get("name") != full:
        yield ("metadata", "name"), f"the name of the definition must be {full}"
    if "." not in spec["group"]:
        yield ("spec", "group"), "a group must be a domain with a dot"
    if names.get("listKind") == names["kind"]:
        yield ("spec", "names", "listKind"), "kind and listKind must differ"
    stored = [version["name"] for version in versions if version.get("storage")]
    if len(stored) != 1:
        yield ("spec", "versions"), f"exactly one version must be the storage version, but {len(stored)} are"
    seen: set[str] = set()
    for index, version in enumerate(versions):
        path: Path = ("spec", "versions", index)
        if version["name"] in seen:
            yield (*path, "name"), f"version {version['name']} is listed twice"
        seen.add(version["name"])
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if not isinstance(schema, dict):
            yield path, "a version needs a schema"
            continue
        yield from _node(schema, (*path, "schema", "openAPIV3Schema"), root=True)


def _node(schema: dict[str, Any], path: Path, *, root: bool = False) -> Iterator[tuple[Path, str]]:
    """Why a node of a schema, or one below it, is not structural."""
    kind = schema.get("type")
    free = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    if root and kind != "object":
        yield path, "the schema of a resource must be of type object"
    elif not kind and not free:
        yield path, "a structural schema must give a type here"
    for key in _FORBIDDEN:
        if key in schema:
            yield (*path, key), f"{key} is not allowed in a structural schema"
    if schema.get("uniqueItems") is True:
        yield (*path, "uniqueItems"), "uniqueItems cannot be true; use x-kubernetes-list-type: set"
    if schema.get("additionalProperties") and schema.get("properties"):
        yield (*path, "additionalProperties"), "properties and additionalProperties are mutually exclusive"
    if kind == "array" and not isinstance(schema.get("items"), dict):
        yield path, "an array must define items"
    yield from _list_keys(schema, path)
    yield from _logical(schema, path)
    yield from _rules(schema, path, root=root)
    yield from _below(schema, path, root=root)


def _below(schema: dict[str, Any], path: Path, *, root: bool) -> Iterator[tuple[Path, str]]:
    fields = schema.get("properties")
    for name, field in fields.items() if isinstance(fields, dict) else ():
        if root and name == "metadata":
            if isinstance(field, dict) and set(field.get("properties") or ()) - _OF_METADATA:
                yield (*path, "properties", name), "of metadata only name and generateName can be restricted"
        elif isinstance(field, dict):
            yield from _node(field, (*path, "properties", name))
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _node(schema[key], (*path, key))


def _list_keys(schema: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    keys = schema.get("x-kubernetes-list-map-keys")
    if (schema.get("x-kubernetes-list-type") == "map") != bool(keys):
        yield path, "x-kubernetes-list-type: map and x-kubernetes-list-map-keys require each other"
        return
    inside = schema.get("items")
    if not isinstance(inside, dict):
        return
    fields = inside.get("properties")
    for key in keys or ():
        field = fields.get(key) if isinstance(fields, dict) else None
        if not isinstance(field, dict):
            yield (*path, "x-kubernetes-list-map-keys"), f"the items have no field {key}"
        elif key not in (inside.get("required") or ()) and "default" not in field:
            yield (*path, "items"), f"{key} identifies the items, so it must be required or have a default"


def _logical(schema: dict[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """Errors in conditions, which must not contain what only the structure may define. Both forms of int-or-string are
    exempt.
    """
    if schema.get("x-kubernetes-int-or-string"):
        return
    for key in _LOGICAL:
        each = schema.get(key)
        for index, condition in enumerate(each if isinstance(each, list) else [each] if each else []):
            place = (*path, key, index) if isinstance(each, list) else (*path, key)
            for word in _OF_STRUCTURE:
                if word in condition:
                    yield (*place, word), f"{word} is not allowed inside {key}"


def _rules(schema: dict[str, Any], path: Path, *, root: bool) -> Iterator[tuple[Path, str]]:
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        place = (*path, "x-kubernetes-validations", index, "rule")
        text = rule.get("rule")
        if not isinstance(text, str) or not text.strip():
            yield place, "a validation rule must not be empty"
        elif fault := _compile_fault(text, schema, root=root):
            yield place, f"the rule does not compile: {fault}"


def _compile_fault(text: str, schema: dict[str, Any], *, root: bool) -> str | None:
    """The error in a rule, if it is certain."""
    from blueprint.cel.engine import CompileError, UnsupportedError, compile_expression

    kind = "map(string, dyn)" if root else cel_type(schema) or "dyn"
    try:
        program = compile_expression(text, (("self", kind), ("oldSelf", kind)))
    except CompileError as error:
        return str(error)
    except UnsupportedError:
        return None
    return None if program.returns in ("bool", "dyn") else f"its value is a {program.returns} instead of true or false"
