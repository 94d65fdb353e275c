"""Definitions that the API server rejects are rejected here, with the same position."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from blueprint.bundle.model import FieldOrigin, Object, Source
from blueprint.check.objects import check_objects
from blueprint.diagnostics import Span
from blueprint.lab.access import RequestFailed
from tests.check.test_validation_rules import crd, needs_library

Change = Callable[[dict[str, Any]], None]
TEXT = {"type": "string", "maxLength": 9}
HERE = Span("crd.yaml", 1, 1, 1, 9)


def _spec(crd: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return found


def field(schema: dict[str, Any]) -> Change:
    return lambda crd: _spec(crd)["properties"].update(a=schema)


def rule(text: str) -> Change:
    return lambda crd: _spec(crd).update({"x-kubernetes-validations": [{"rule": text}]})


KEYED = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}
WRONG: dict[str, tuple[Change, str]] = {
    "name": (lambda crd: crd["metadata"].update(name="thing.example.com"), "metadata.name"),
    "list kind": (lambda crd: crd["spec"]["names"].update(listKind="Thing"), "spec.names.listKind"),
    "no stored version": (lambda crd: crd["spec"]["versions"][0].update(storage=False), "spec.versions"),
    "two stored versions": (lambda crd: crd["spec"]["versions"].append({**crd["spec"]["versions"][0], "name": "v2"}),
                            "spec.versions"),
    "version twice": (lambda crd: crd["spec"]["versions"].append({**crd["spec"]["versions"][0], "storage": False}),
                      "name"),
    "no schema": (lambda crd: crd["spec"]["versions"][0].pop("schema"), "spec.versions[name=v1]"),
    "no type": (field({"minLength": 1}), "a"),
    "unique items": (field({"type": "array", "items": TEXT, "uniqueItems": True}), "uniqueItems"),
    "fields and values": (field({"type": "object", "properties": {"b": TEXT}, "additionalProperties": TEXT}),
                          "additionalProperties"),
    "array of nothing": (field({"type": "array"}), "a"),
    "keys that are no fields": (field({**KEYED, "items": {"type": "object", "properties": {"b": TEXT}}}),
                                "x-kubernetes-list-map-keys"),
    "optional keys": (field({**KEYED, "items": {"type": "object", "properties": {"k": TEXT}}}), "items"),
    "map without keys": (field({"type": "array", "x-kubernetes-list-type": "map", "items": {"type": "object"}}), "a"),
    "type in a condition": (field({**TEXT, "anyOf": [{"type": "string"}]}), "type"),
    "items without a type": (field({"type": "array", "items": {"minLength": 1}}), "items"),
    "values without a type": (field({"type": "object", "additionalProperties": {"minLength": 1}}),
                              "additionalProperties"),
    "default in a condition": (field({**TEXT, "anyOf": [{"default": "x"}]}), "default"),
    "default in what must not be": (field({**TEXT, "not": {"default": "x"}}), "default"),
    "description of a condition": (field({**TEXT, "anyOf": [{"minLength": 1, "description": "a"}]}), "description"),
    "title of a condition": (field({**TEXT, "not": {"pattern": "^x", "title": "a"}}), "title"),
    "null in a condition": (field({**TEXT, "allOf": [{"nullable": True}]}), "nullable"),
    "values in a condition": (field({"type": "object", "additionalProperties": TEXT,
                                     "oneOf": [{"additionalProperties": {"minLength": 1}}]}), "additionalProperties"),
    "reference": (field({**TEXT, "$ref": "#/definitions/a"}), "$ref"),
    "id": (field({**TEXT, "id": "a"}), "id"),
    "definitions": (field({**TEXT, "definitions": {"a": TEXT}}), "definitions"),
    "dependencies": (field({**TEXT, "dependencies": {"a": ["b"]}}), "dependencies"),
    "patterns of names": (field({"type": "object", "patternProperties": {"a": TEXT}}), "patternProperties"),
    "additional items": (field({"type": "array", "items": TEXT, "additionalItems": TEXT}), "additionalItems"),
    "labels in the schema": (lambda crd: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"].update(
        metadata={"type": "object", "properties": {"labels": {"type": "object", "additionalProperties": TEXT}}}),
        "metadata"),
    "root": (lambda crd: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].update(type="string"),
             "openAPIV3Schema"),
}  # fmt: skip
WRONG_RULES: dict[str, tuple[Change, str]] = {
    "syntax": (rule("self.b =="), "rule"),
    "unknown function": (rule("self.b.nope()"), "rule"),
    "unknown name": (rule("slef.b == 'x'"), "rule"),
    "types": (rule("1 + 'a' == 2"), "rule"),
    "no truth": (rule("1 + 1"), "rule"),
    "empty": (rule(" "), "rule"),
    "wrong type of self": (field({**TEXT, "x-kubernetes-validations": [{"rule": "self > 1"}]}), "rule"),
}  # fmt: skip
ALL = {**WRONG, **WRONG_RULES}


SOUND: dict[str, Change] = {
    "rule": rule("self.b == 'x' || !has(oldSelf.b)"),
    "keys with a default": field({**KEYED, "items": {"type": "object", "properties": {"k": {**TEXT, "default": "x"}}}}),
    "required keys": field({**KEYED, "items": {"type": "object", "properties": {"k": TEXT}, "required": ["k"]}}),
    "conditions": field({**TEXT, "anyOf": [{"minLength": 1}], "not": {"pattern": "^x"}}),
    "number or text": field({"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}),
    "anything": field({"x-kubernetes-preserve-unknown-fields": True}),
    "lists and maps": field({"type": "array", "items": {"type": "object", "additionalProperties": TEXT}}),
    "name in the schema": lambda crd: crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"].update(
        metadata={"type": "object", "properties": {"name": {**TEXT, "maxLength": 20}}}),
}  # fmt: skip


def changed(change: Change) -> dict[str, Any]:
    made = copy.deepcopy(crd({"type": "object", "properties": {"b": TEXT}}))
    change(made)
    return made


@pytest.mark.parametrize("name", [*WRONG, *(pytest.param(name, marks=needs_library) for name in WRONG_RULES)])
def test_a_definition_that_breaks_a_rule_is_refused_at_its_place(name: str) -> None:
    change, end = ALL[name]
    found = check_objects([Object(changed(change), "x")], kubernetes_minor="1.36")
    ours = [each for each in found if each.code.id in ("BP5021", "BP5026")]
    assert any((each.path or "").endswith(end) for each in ours), found


@pytest.mark.parametrize("name", list(ALL))
def test_the_api_server_refuses_it_too(lab: Any, name: str) -> None:
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All"
    with pytest.raises(RequestFailed) as caught:
        lab.request("POST", path, changed(ALL[name][0]))
    assert "422" in str(caught.value), caught.value


@pytest.mark.parametrize(
    ("sources", "judged"),
    [((), False), ((Source("release", HERE, "a"),), False), ((Source("manifest", HERE, "a"),), True)],
)
def test_a_definition_that_comes_with_the_tool_is_upstreams(sources: tuple[Source, ...], judged: bool) -> None:
    """Only definitions in users' manifests are checked."""
    data = changed(WRONG["no type"][0])
    subject = Object(data, "x", {("apiVersion",): FieldOrigin(HERE, sources)})
    found = check_objects([subject], kubernetes_minor="1.36")
    assert bool(found) is judged


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_reported_of_what_is_sound(name: str) -> None:
    assert check_objects([Object(changed(SOUND[name]), "x")], kubernetes_minor="1.36") == []


def test_the_api_server_takes_what_is_sound(lab: Any) -> None:
    for change in SOUND.values():
        lab.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions?dryRun=All", changed(change))
