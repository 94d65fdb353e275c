"""A required field with a default may be omitted: the API server fills it in before validation.

The table is made from every definition that is shipped: one row per field that is required at some level.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from blueprint.bundle.model import Path
from blueprint.check.finding import value_at
from blueprint.check.kinds import CheckedKind, KindRegistry
from blueprint.data import data_folder
from blueprint.kubernetes.crd_defaults import with_defaults
from blueprint.kubernetes.crds import crds_of

_SCALARS = {"string": "a", "integer": 1, "number": 1, "boolean": True, "object": {}, "array": []}
KINDS = KindRegistry("1.36")
SHALLOW = 3
"""The depth to which levels without defaults are tested: pods inside them would make thousands."""
_GROUPS = sorted(folder.name for folder in (data_folder("schemas") / "crds").iterdir() if folder.is_dir())


def least(schema: Mapping[str, Any]) -> Any:
    """The smallest valid value of a schema: required fields, without those that have a default."""
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("x-kubernetes-int-or-string"):
        return 1
    if schema.get("type") == "array":
        return [least(schema["items"])] * schema.get("minItems", 0)
    if schema.get("type") != "object":
        return _SCALARS[schema.get("type", "object")]
    fields = schema.get("properties", {})
    return {name: least(fields[name]) for name in schema.get("required", ()) if "default" not in fields[name]}


def levels(schema: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any], Any]]:
    """Every level of objects: its path, its schema, and the smallest object that contains it (`schema`'s own first)."""
    yield (), schema, least(schema)
    for name, field in schema.get("properties", {}).items():
        for below, inner, value in levels(field) if field.get("type") in ("object", "array") else ():
            yield (name, *below), inner, {**least(schema), name: value}
    if isinstance(schema.get("items"), Mapping):
        for below, inner, value in levels(schema["items"]):
            yield (0, *below), inner, [value]


def _required() -> Iterator[Any]:
    for group in _GROUPS:
        for crd in crds_of(group):
            for version in crd["spec"]["versions"]:
                api_version, kind = f"{group}/{version['name']}", crd["spec"]["names"]["kind"]
                schema = version["schema"]["openAPIV3Schema"]
                for path, level, value in levels({**schema, "required": []}):
                    demands = [name for name in level.get("required", ()) if name in level.get("properties", {})]
                    if not demands or path[:1] == ("status",):
                        continue
                    defaulted = {name for name in demands if "default" in level["properties"][name]}
                    if len(path) <= SHALLOW or defaulted:
                        data = {**value, "apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}}
                        needed = sorted(set(demands) - defaulted)
                        yield pytest.param(data, path, sorted(defaulted), needed, id=f"{kind} {api_version} {path}")


ROWS = list(_required())


def missing(data: dict[str, Any], at: Path) -> set[str]:
    """The fields that are reported as missing there."""
    kind = KINDS.find(data["apiVersion"], data["kind"])
    assert isinstance(kind, CheckedKind)
    wrong = [each for each in kind.validate(data) if each.keyword == "required" and each.path == at]
    return {name for each in wrong for name in each.schema["required"] if name not in each.value}


@pytest.mark.parametrize(("data", "path", "defaulted", "needed"), ROWS)
def test_what_has_a_default_may_be_left_out_and_nothing_else_may(
    data: dict[str, Any], path: Path, defaulted: list[str], needed: list[str]
) -> None:
    assert not missing(data, path)
    assert not set(value_at(data, path)) & set(defaulted), "the row leaves them out"
    for name in needed:
        assert missing(_without(data, (*path, name)), path) == {name}


def _without(data: Any, path: Path) -> Any:
    first, *rest = path
    if isinstance(data, list):
        return [_without(data[0], tuple(rest))]
    if not rest:
        return {key: value for key, value in data.items() if key != first}
    return {**data, first: _without(data[first], tuple(rest))}


def test_the_table_has_rows_with_and_without_defaults() -> None:
    """Otherwise the test above would check nothing."""
    assert sum(len(row.values[2]) for row in ROWS) >= 3
    assert sum(len(row.values[3]) for row in ROWS) >= 30


SCHEMA = {
    "properties": {
        "mode": {"default": "auto"},
        "policy": {"default": {}, "properties": {"drain": {"default": True}}},
        "plain": {"properties": {"size": {"default": 3}}},
        "rows": {"items": {"properties": {"protocol": {"default": "TCP"}}}},
        "named": {"additionalProperties": {"properties": {"weight": {"default": 1}}}},
    },
}


@pytest.mark.parametrize(
    ("value", "full"),
    [
        ({}, {"mode": "auto", "policy": {"drain": True}}),
        ({"mode": "own", "policy": {"drain": False}}, {"mode": "own", "policy": {"drain": False}}),
        ({"plain": {}}, {"mode": "auto", "policy": {"drain": True}, "plain": {"size": 3}}),
        ({"rows": [{}]}, {"mode": "auto", "policy": {"drain": True}, "rows": [{"protocol": "TCP"}]}),
        ({"named": {"a": {}}}, {"mode": "auto", "policy": {"drain": True}, "named": {"a": {"weight": 1}}}),
        ({"mode": None, "plain": None}, {"mode": None, "policy": {"drain": True}, "plain": None}),
        ({"plain": "no map"}, {"mode": "auto", "policy": {"drain": True}, "plain": "no map"}),
    ],
)
def test_defaults_are_filled_in_at_every_level_that_is_there(value: Any, full: Any) -> None:
    before = repr(value)
    assert with_defaults(value, SCHEMA) == full
    assert repr(value) == before
