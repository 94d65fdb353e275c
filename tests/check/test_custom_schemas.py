"""The values that a definition's schema accepts and rejects, as the API server reads it: a field `a` and its values."""

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
# the schema, accepted values, rejected values
SCHEMAS: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "text": (TEXT, ["", "x"], [1, True, [], {}, None]),
    "whole number": (INT, [2**63 - 1, -(2**63)], [2**63, -(2**63) - 1, 1.5, "1"]),
    "int32": ({**INT, "format": "int32"}, [2**31 - 1, -(2**31)], [2**31, -(2**31) - 1]),
    "another format": ({**INT, "format": "uint8"}, [2**40], ["1"]),
    "number with the format of whole numbers": ({"type": "number", "format": "int32"}, [2**31 + 0.5], ["1"]),
    "minimum": ({**INT, "minimum": 2}, [2], [1]),
    "maximum": ({**INT, "maximum": 2}, [2], [3]),
    "above": ({**INT, "minimum": 2, "exclusiveMinimum": True}, [3], [2]),
    "below": ({**INT, "maximum": 2, "exclusiveMaximum": True}, [1], [2]),
    "not above": ({**INT, "minimum": 2, "exclusiveMinimum": False}, [2], [1]),
    "multiple": ({**INT, "multipleOf": 4}, [8], [6]),
    "enum": ({**TEXT, "enum": ["open", "closed"]}, ["open"], ["ajar"]),
    "pattern": ({**TEXT, "pattern": "^a+$"}, ["aa"], ["ab"]),
    "octal escape": ({**TEXT, "pattern": r"^[^/\0]+\0?$"}, ["aa", "a\0"], ["a/"]),
    "zero after a backslash": ({**TEXT, "pattern": r"^\\0$"}, [r"\0"], ["\0"]),
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
    "map by a key with a default": (
        {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["x", "y"],
         "items": {**TWO, "properties": {"x": INT, "y": {**INT, "default": 7}}, "required": ["x"]}},
        [[{"x": 1}, {"x": 1, "y": 8}]], [[{"x": 1}, {"x": 1, "y": 7}]],
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
        ({"maximum": 2}, 3, "at most 2"),
        ({"minimum": -5, "maximum": -1}, 0, "between -5 and -1"),
        ({"type": "number", "minimum": -5, "maximum": -1}, 0, "between -5 and -1"),
        ({"minimum": 2, "maximum": 4}, 5, "between 2 and 4"),
        ({"minimum": 2, "exclusiveMinimum": True}, 2, "above 2"),
        ({"minimum": 2, "exclusiveMinimum": True, "maximum": 4, "exclusiveMaximum": True}, 4, "above 2 and below 4"),
        ({"format": "int32"}, 2**31, "at most 2147483647"),
        ({"format": "int32"}, -(2**31) - 1, "at least -2147483648"),
        ({"format": "int32", "minimum": 0}, 2**31, "between 0 and 2147483647"),
        ({"format": "int32", "minimum": 0}, -1, "at least 0"),
    ],
)
def test_bounds_are_named_as_the_definition_has_them(schema: dict[str, Any], value: int, text: str) -> None:
    definition = crd({"type": "object", "properties": {"a": {**INT, **schema}}})
    [found] = check_objects([Object(thing(a=value), "x")], kubernetes_minor="1.36", crds=[definition])
    assert found.message.endswith(f"spec.a is {value}, which is not {text}")


def test_a_list_whose_items_must_differ() -> None:
    """The API server rejects such a definition; objects are checked all the same."""
    schema = {"type": "array", "items": TEXT, "uniqueItems": True}
    definition = crd({"type": "object", "properties": {"a": schema}})
    [found] = check_objects([Object(thing(a=["x", "x"]), "x")], kubernetes_minor="1.36", crds=[definition])
    assert (found.code.id, found.message.partition(": ")[2]) == ("BP5010", "spec.a contains the same item twice")


@pytest.mark.parametrize(
    ("schema", "value", "code", "text", "help_"),
    [
        ({**TEXT, "format": "date-time"}, "today", "BP5008", '"today", which is not a timestamp',
         "as in 2026-11-21T10:00:00Z"),
        ({**TEXT, "format": "byte"}, "%", "BP5008", '"%", which is not base64', None),
        ({**TEXT, "pattern": "^a+$"}, "b", "BP5008", '"b", which does not match ^a+$', None),
        ({"type": "number"}, "1.5", "BP5005", 'must be a number, not "1.5"', "write it without quotes: 1.5"),
        ({"type": "number"}, "1,5", "BP5005", 'must be a number, not "1,5"', None),
        ({"type": "boolean"}, "yes", "BP5005", 'must be true or false, not "yes"', None),
        ({**TEXT, "nullable": True}, 5, "BP5005", "must be null or text, not 5", None),
        ({**INT, "multipleOf": 4}, 6, "BP5007", "6, which is not a multiple of 4", None),
        ({**TEXT, "maxLength": 2}, "abc", "BP5007", "has 3 characters, more than 2", None),
        ({"type": "object", "additionalProperties": INT, "maxProperties": 1}, {"a": 1, "b": 1}, "BP5007",
         "has 2 entries, more than 1", None),
        ({"type": "array", "items": INT, "maxItems": 0}, [1], "BP5009",
         "cannot be combined with the other fields here", "remove it"),
        ({**TWO, "not": {"required": ["x"]}}, {"x": 1}, "BP5009", "cannot be combined with the other fields here",
         "remove it"),
        ({**TEXT, "not": {"pattern": "^x"}}, "x", "BP5009", "has a form that is not allowed",
         'allowed forms: {"pattern": "^x"}'),
        ({**TWO, "anyOf": [{"required": ["x"]}, {"required": ["x", "y"]}]}, {}, "BP5009",
         "matches none of the allowed forms", "allowed forms: with x; with x and y"),
        ({**TWO, "required": ["x", "y"]}, {}, "BP5004", "required fields x and y are missing in spec.a", None),
        ({"type": "object", "properties": {"x": TWO, "y": TWO}, "required": ["x", "y"]}, {}, "BP5004",
         "required fields x and y are missing in spec.a", "write an empty map to use the defaults of a section: x: {}"),
        ({"type": "object", "properties": {"x": TWO, "y": TWO}, "required": ["x", "y"]}, {"x": {}}, "BP5004",
         "required field y is missing in spec.a", None),
        ({**TWO, "properties": {}}, {"z": 1}, "BP5003", "unknown field z in spec.a",
         "remove it: no field is allowed here"),
        ({**TEXT, "enum": ["open", ""]}, "opn", "BP5006", 'cannot be "opn"', "did you mean open? Allowed values: open"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_explained_in_words(
    schema: dict[str, Any], value: Any, code: str, text: str, help_: str | None
) -> None:
    definition = crd({"type": "object", "properties": {"a": schema}})
    [found] = check_objects([Object(thing(a=value), "x")], kubernetes_minor="1.36", crds=[definition])
    assert (found.code.id, found.help) == (code, help_)
    assert found.message.endswith(text)


def test_an_object_fits_the_definition_of_its_release() -> None:
    """A repository may hold the definitions of several releases. The one that an object fits best is of its release."""
    early = crd({"type": "object", "properties": {"size": INT, "mode": TEXT}, "required": ["size", "mode"]})
    late = crd({"type": "object", "properties": {"parts": {"type": "array", "items": INT}}, "required": ["parts"]})

    def about(*definitions: dict[str, Any], **spec: Any) -> list[str]:
        found = check_objects([Object(thing(**spec), "x")], kubernetes_minor="1.36", crds=definitions)
        return sorted(each.message.partition(": ")[2] for each in found)

    for definitions in ((early, late), (late, early)):
        assert about(*definitions, size=1, mode="a") == []
        assert about(*definitions, parts=[1]) == []
        assert about(*definitions, size=1) == ["required field mode is missing in spec"]
    assert len(about(late, size=1)) == 2
    early["spec"]["versions"][0]["name"] = "v1alpha1"
    assert about(early, late, parts=[1]) == []
    broken = crd({"type": "object", "properties": {"size": {**TEXT, "pattern": "("}}})
    assert about(broken, late, parts=[1]) == []
