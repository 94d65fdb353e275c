"""The fields and their order, from the JSON Schema of the language."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blueprint.source.paths import Path
from blueprint.source.yaml_writer import inline
from blueprint.wording import joined

Schema = Mapping[str, Any]


def takes_text(path: Path) -> bool:
    """Whether the field at a path is always a string. False for a path that is not a field."""
    return {_type(node) for node in _at(path)} - {"null"} == {"string"}


def needed_at(path: Path) -> str | None:
    """The text to write at a path whose field cannot be empty, with an example; None if it can."""
    for above in _at(path[:-1]):
        if path[-1] in above.get("required", ()) or any(node.get("required") for node in _at(path)):
            return _example(path, above)
    return None


def _example(path: Path, above: Schema) -> str:
    field = above.get("properties", {}).get(path[-1], {})
    if examples := field.get("examples"):
        return f"write a value, for example {path[-1]}: {inline(examples[0])}"
    required = [key for node in _at(path) for key in node.get("required", ())]
    return f"write {joined(required)} below it" if required else "write a value, or remove the line"


def keys_in_order(path: Path) -> list[str]:
    """The keys of the mapping at a path, in schema order; empty if they are user-defined."""
    return list(dict.fromkeys(key for node in _at(path) for key in node.get("properties", {})))


def _at(path: Path) -> list[Schema]:
    """The schemas of the value at a path."""
    nodes = list(_variants(_schema()))
    for step in path:
        nodes = [variant for node in nodes for child in _children(node, step) for variant in _variants(child)]
    return nodes


@cache
def _schema() -> Schema:
    from blueprint.spec.schema import json_schema

    return json_schema()


def _variants(node: Schema) -> Iterator[Schema]:
    """The alternatives of a node, with references resolved."""
    if ref := node.get("$ref"):
        yield from _variants(_schema()["$defs"][ref.rpartition("/")[2]])
    elif alternatives := [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]:
        for each in alternatives:
            yield from _variants(each)
    else:
        yield node


def _children(node: Schema, step: str | int) -> Iterator[Schema]:
    """The schemas of the value at a step."""
    if isinstance(step, int):
        found = node.get("items")
    else:
        found = node.get("properties", {}).get(step) or node.get("additionalProperties")
        if not isinstance(found, Mapping):
            found = next(iter(node.get("patternProperties", {}).values()), None)
    if isinstance(found, Mapping):
        yield found


def _type(node: Schema) -> str:
    values = [node["const"]] if "const" in node else node.get("enum", ())
    if values:
        return "string" if all(isinstance(value, str) for value in values) else "other"
    return str(node.get("type", "other"))
