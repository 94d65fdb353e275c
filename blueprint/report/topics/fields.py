"""The blueprint's fields from its JSON Schema, for `explain` and the generated reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.records import Record

Schema = Mapping[str, Any]

ANY_KEY = "*"
ANY_ITEM = "[]"
_BOUNDS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} keys",
    "maxProperties": "at most {} keys",
    "pattern": "matches `{}`",
}
_NAMES = {"object": "mapping", "array": "list", "null": "null"}


class Field(Record):
    """One field of the blueprint.

    `path` contains `*` for user-defined names and `[]` for list items. `default` is None if there is none worth
    stating; `allowed` are the only allowed values, `bounds` further conditions in words, `keys` the fields below.
    """

    path: str
    type: str
    description: str
    required: bool
    default: Any
    allowed: tuple[Any, ...]
    bounds: tuple[str, ...]
    examples: tuple[Any, ...]
    keys: tuple[str, ...]


def fields_of(schema: Schema) -> Iterator[Field]:
    """All fields, depth first, in schema order."""
    yield from _below("", schema, schema, ())


def find_field(fields: Iterable[Field], path: str) -> Field | None:
    """The field in `fields` with this path; user-defined names and list indices match `*` and `[]`."""
    wanted = _steps(path)
    return next((field for field in fields if _matches(_steps(field.path), wanted)), None)


def find_abridged(known: Iterable[Field], path: str) -> Field | None:
    """The field in `known` for an abridged path without `spec`, names and list items: `nodePools.gpu`.

    A single step is a search word, unless it is a section.
    """
    wanted = _abridged(path)
    fields = [(_abridged(field.path), field) for field in known] if wanted else []
    whole = [field for steps, field in fields if steps == wanted]
    ends = [field for steps, field in fields if len(wanted) > 1 and steps[-len(wanted) :] == wanted]
    alike = len({field.description for field in ends}) == 1  # `poolDefaults` repeats pool fields
    return whole[0] if whole else min(ends, key=lambda field: ANY_KEY not in field.path) if alike else None


def _abridged(path: str) -> list[str]:
    steps = [step for step in _steps(path) if step not in (ANY_KEY, ANY_ITEM)]
    return steps[1:] if steps[:1] == ["spec"] else steps


def _steps(path: str) -> list[str]:
    """`spec.nodePools[train].x[0]` as steps; an index matches any item."""
    steps = re.findall(r'\["(?:[^"\\]|\\.)*"\]|\[[^\]]*\]|[^.\[\]]+', path)
    return [ANY_ITEM if re.fullmatch(r"\[(\d*|\w+=.*)\]", step) else step.strip('[]"') for step in steps]


def _matches(known: list[str], wanted: list[str]) -> bool:
    pairs = zip(known, wanted, strict=False)
    return len(known) == len(wanted) and all(name in (ANY_KEY, step) for name, step in pairs)


def _below(path: str, node: Schema, root: Schema, seen: tuple[str, ...]) -> Iterator[Field]:
    """The fields below a node; `seen` are the definitions on the path, so that recursion ends."""
    for variant, names in _variants(node, root, seen):
        required = variant.get("required", ())
        for name, child in _children(variant):
            below = f"{path}{name}" if name == ANY_ITEM else f"{path}.{name}".lstrip(".")
            yield _field(below, child, root, name in required)
            yield from _below(below, child, root, names)


def _children(node: Schema) -> Iterator[tuple[str, Schema]]:
    yield from node.get("properties", {}).items()
    others = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
    yield from ((ANY_KEY, each) for each in others[:2] if isinstance(each, Mapping))
    if isinstance(items := node.get("items"), Mapping):
        yield ANY_ITEM, items


def _variants(node: Schema, root: Schema, seen: tuple[str, ...]) -> Iterator[tuple[Schema, tuple[str, ...]]]:
    """The alternatives of a node: with references resolved, without null."""
    if ref := node.get("$ref"):
        if ref not in seen:
            yield from _variants(_definition(ref, root), root, (*seen, ref))
        return
    if alternatives := [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]:
        for each in alternatives:
            yield from _variants(each, root, seen)
        return
    if node.get("type") != "null":
        yield node, seen


def _definition(ref: str, root: Schema) -> Schema:
    node: Any = root
    for step in ref.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return dict(node)


def _field(path: str, node: Schema, root: Schema, required: bool) -> Field:  # noqa: FBT001 - the schema's own word
    variants = [variant for variant, _ in _variants(node, root, ())]
    described = [node, *(variant for variant in variants if variant is not node)]
    return Field(
        path=path,
        type=" or ".join(dict.fromkeys(_type(variant, root) for variant in variants)) or "anything",
        description=next((each["description"] for each in described if each.get("description")), ""),
        required=required,
        default=next((each["default"] for each in described if _is_shown(each.get("default"))), None),
        allowed=tuple(dict.fromkeys(value for each in described for value in _allowed(each))),
        bounds=tuple(dict.fromkeys(text for variant in variants for text in _bounds(variant))),
        examples=tuple(example for each in described for example in each.get("examples", ())),
        keys=tuple(dict.fromkeys(name for variant in variants for name, _ in _children(variant))),
    )


def _type(node: Schema, root: Schema) -> str:
    if "const" in node or "enum" in node:
        return "string" if all(isinstance(value, str) for value in _allowed(node)) else "value"
    kind = node.get("type", "anything")
    if kind == "array" and isinstance(items := node.get("items"), Mapping):
        inner = " or ".join(dict.fromkeys(_type(variant, root) for variant, _ in _variants(items, root, ())))
        return f"list of ({inner})" if " or " in inner else f"list of {inner}" if inner else "list"
    return " or ".join(_NAMES.get(each, each) for each in ([kind] if isinstance(kind, str) else kind))


def _is_shown(default: Any) -> bool:
    """Whether to show the default. Empty ones are omitted; those of mappings are shown with their fields."""
    return default not in (None, "", [], ()) and not isinstance(default, Mapping)


def _allowed(node: Schema) -> tuple[Any, ...]:
    return (node["const"],) if "const" in node else tuple(node.get("enum", ()))


def _bounds(node: Schema) -> Iterator[str]:
    for keyword, words in _BOUNDS.items():
        if node.get(keyword) == 1 and keyword.startswith("min") and keyword != "minimum":
            yield "not empty"
        elif keyword in node:
            yield words.format(node[keyword])


def field_facts(field: Field) -> Iterator[str]:
    """Facts about a field besides its description, one each, in Markdown."""
    yield f"type: {field.type}"
    yield "required" if field.required else "optional"
    if field.default is not None:
        yield f"default: `{json.dumps(field.default, ensure_ascii=False)}`"
    if field.allowed:
        yield f"allowed: {', '.join(f'`{value}`' for value in field.allowed)}"
    yield from field.bounds
    yield from (f"example: `{json.dumps(example, ensure_ascii=False)}`" for example in field.examples)
    if field.keys and field.keys != (ANY_ITEM,):
        yield f"keys: {', '.join(f'`{name}`' for name in field.keys)}"
