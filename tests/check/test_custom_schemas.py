"""What a definition's schema allows and refuses, as the API server reads it: a field `a` and its values."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.objects import check_objects
from blueprint.diagnostics import has_errors
from blueprint.kubernetes.structural import QUANTITY_PATTERN
from tests.check.test_validation_rules import crd, thing

TEXT = {"type": "string"}
INT = {"type": "integer"}
TWO = {"type": "object", "properties": {"x": INT, "y": INT}}
# the schema, values that are taken, values that are refused
SCHEMAS: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "text": (TEXT, ["", "x"], [1, True, [], {}, None]),
    "whole number": (INT, [2**63 - 1, -(2**63)], [2**63, -(2**63) - 1, 1.5, "1"]),
    "int32": ({**INT, "format": "int32"}, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
    "minimum": ({**INT, "minimum": 2}, [2], [1]),
    "maximum": ({**INT, "maximum": 2}, [2], [3]),
    "above": ({**INT, "minimum": 2, "exclusiveMinimum": True}, [3], [2]),
    "below": ({**INT, "maximum": 2, "exclusiveMaximum": True}, [1], [2]),
    "not above": ({**INT, "minimum": 2, "exclusiveMinimum": False}, [2], [1]),
    "multiple": ({**INT, "multipleOf": 4}, [8], [6]),
    "enum": ({**TEXT, "enum": ["open", "closed"]}, ["open"], ["ajar"]),
    "pattern": ({**TEXT, "pattern": "^a+$"}, ["aa"], ["ab"]),
    "length": ({**TEXT, "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
    "items": ({"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2}, [["a"]], [[], ["a", "b", "c"], [1]]),
    "point in time": ({**TEXT, "format": "date-time"}, ["2026-11-21T12:00:00Z"], ["tomorrow"]),
    "bytes": ({**TEXT, "format": "byte"}, ["YQ=="], ["%"]),
    "set": ({"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"}, [["a", "b"]], [["a", "a"]]),
    "map by key": (
        {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["x"],
         "items": {**TWO, "required": ["x"]}},
        [[{"x": 1, "y": 1}, {"x": 2, "y": 1}]], [[{"x": 1, "y": 1}, {"x": 1, "y": 2}]],
    ),
    "nullable": ({**TEXT, "nullable": True}, [None, "a"], [1]),
    "null and a default": ({**TEXT, "default": "a"}, [None], [1]),
    "closed object": (TWO, [{"x": 1}], [{"z": 1}, {"x": "1"}]),
    "required": ({**TWO, "required": ["x"]}, [{"x": 1}], [{"y": 1}]),
    "open object": ({**TWO, "x-kubernetes-preserve-unknown-fields": True}, [{"z": 1}], [{"x": "1"}]),
    "any values": ({"type": "object", "additionalProperties": True}, [{"z": 1}], [1]),
    "values": ({"type": "object", "additionalProperties": INT, "minProperties": 1, "maxProperties": 2},
               [{"z": 1}], [{"z": "1"}, {}, {"a": 1, "b": 1, "c": 1}]),
    "an object within": (
        {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {"x": INT}},
        [{"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "x": 1}],
        [{"apiVersion": "v1", "kind": "K", "metadata": {"name": "n"}, "z": 1},
         {"apiVersion": 1, "kind": "K", "metadata": {}}],
    ),
    "number or text": ({"x-kubernetes-int-or-string": True}, [5, "5%"], [True, 1.5, []]),
    "quantity": (
        {"x-kubernetes-int-or-string": True, "anyOf": [INT, TEXT], "pattern": QUANTITY_PATTERN},
        [5, "1Gi", "500m"], ["1GiB", True],
    ),
    "any of": ({**TWO, "anyOf": [{"required": ["x"]}, {"required": ["y"]}]}, [{"x": 1}, {"x": 1, "y": 1}], [{}]),
    "one of": ({**TWO, "oneOf": [{"required": ["x"]}, {"required": ["y"]}]}, [{"x": 1}], [{}, {"x": 1, "y": 1}]),
    "all of": ({**TWO, "allOf": [{"required": ["x"]}, {"required": ["y"]}]}, [{"x": 1, "y": 1}], [{"x": 1}]),
    "not": ({**TWO, "not": {"required": ["x"]}}, [{"y": 1}], [{"x": 1}]),
    "condition on a field": ({**TWO, "anyOf": [{"properties": {"x": {"minimum": 5}}}, {"required": ["y"]}]},
                             [{"x": 5}, {"x": 1, "y": 1}], [{"x": 4}]),
    "condition on items": ({"type": "array", "items": TEXT, "anyOf": [{"items": {"pattern": "^a"}}, {"maxItems": 1}]},
                           [["a", "ab"], ["b"]], [["a", "b"]]),
    "condition on values": (
        {"type": "object", "additionalProperties": INT, "not": {"additionalProperties": {"minimum": 5}}},
        [{"a": 4}], [{"a": 5}],
    ),
    "conditions in a condition": (
        {**TWO, "anyOf": [{"allOf": [{"required": ["x"]}, {"not": {"required": ["y"]}}]},
                          {"oneOf": [{"anyOf": [{"properties": {"y": {"minimum": 5}}, "required": ["y"]}]}]}]},
        [{"x": 1}, {"y": 5}, {"x": 1, "y": 5}], [{"x": 1, "y": 4}, {"y": 4}],
    ),
}  # fmt: skip


def refused(schema: dict[str, Any], value: Any) -> bool:
    definition = crd({"type": "object", "properties": {"a": schema}})
    return has_errors(check_objects([Object(thing(a=value), "x")], kubernetes_minor="1.36", crds=[definition]))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_field_takes_what_its_schema_allows(name: str) -> None:
    schema, taken, not_taken = SCHEMAS[name]
    assert [value for value in taken if refused(schema, value)] == []
    assert [value for value in not_taken if not refused(schema, value)] == []


@pytest.mark.parametrize(
    ("schema", "value", "text"),
    [
        ({"minimum": 2}, 1, "at least 2"),
        ({"maximum": 2}, 3, "between -9223372036854775808 and 2"),
        ({"minimum": 2, "maximum": 4}, 5, "between 2 and 4"),
        ({"minimum": 2, "exclusiveMinimum": True}, 2, "above 2"),
        ({"minimum": 2, "exclusiveMinimum": True, "maximum": 4, "exclusiveMaximum": True}, 4, "above 2 and below 4"),
        ({"format": "int32"}, 2**31, "between -2147483648 and 2147483647"),
        ({"format": "int32", "minimum": 0}, -1, "at least 0"),
    ],
)
def test_bounds_are_named_as_the_definition_has_them(schema: dict[str, Any], value: int, text: str) -> None:
    definition = crd({"type": "object", "properties": {"a": {**INT, **schema}}})
    [found] = check_objects([Object(thing(a=value), "x")], kubernetes_minor="1.36", crds=[definition])
    assert found.message.endswith(f"spec.a is {value}, which is not {text}")
