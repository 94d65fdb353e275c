"""Validation rules of custom resources: evaluated as on create, reported at the field, never silently skipped."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.cel_values import cel_type, cel_value, escaped
from blueprint.check.objects import validate_objects
from blueprint.check.validation_rules import RuleTally, collect_rules, evaluate_rules
from blueprint.diagnostics import Diagnostic, Severity

ROOT = Path(__file__).resolve().parents[2]
needs_library = pytest.mark.skipif(
    importlib.util.find_spec("cel_expr_python") is None,
    reason="the extra cel is not installed",
)


def crd(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Cluster",
            "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}, **more}},
                }
            ],
        },
    }


def thing(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "mine"}, "spec": spec}


def rules(*given: dict[str, str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "x-kubernetes-validations": list(given)}


def check(definition: dict[str, Any], *objects: dict[str, Any]) -> tuple[list[Diagnostic], RuleTally]:
    given = [Object(each, "x") for each in objects]
    found = validate_objects(given, kubernetes_minor="1.36", crds=[definition])
    return list(found.diagnostics), found.rules


INT, TEXT = {"type": "integer"}, {"type": "string"}


@needs_library
def test_a_broken_rule_is_an_error_at_its_field() -> None:
    rule = {"rule": "self.least <= self.most", "message": "least must not be above most"}
    definition = crd(rules(rule, least=INT, most=INT))
    good = {**thing(least=1, most=1), "metadata": {"name": "other"}}
    [found], tally = check(definition, thing(least=2, most=1), good)
    assert (found.code.id, found.severity, found.path) == ("BP5024", Severity.ERROR, "spec")
    assert found.message == "Thing/mine: spec: least must not be above most"
    assert found.help == "the rule is: self.least <= self.most"
    assert found.evidence == (("fields", "spec.least, spec.most"),)
    assert (tally.held, tally.violated) == (1, 1)


@needs_library
@pytest.mark.parametrize(
    ("rule", "path", "message"),
    [
        ({"rule": "self.a > 1"}, "spec.a", "violates the rule self.a > 1"),
        ({"rule": "self.a > 1", "fieldPath": ".b"}, "spec.b", "violates the rule self.a > 1"),
        ({"rule": "self.a > 1", "message": "no", "messageExpression": "'a is ' + string(self.a)"}, "spec.a", "a is 1"),
        ({"rule": "self.a > 1", "message": "no", "messageExpression": "self.missing"}, "spec.a", "no"),
        ({"rule": "self.a > 1", "message": "no", "messageExpression": "'two\\nlines'"}, "spec.a", "no"),
        ({"rule": "self.c > 1"}, "spec", "a rule cannot be evaluated for this value: no such key: c"),
    ],
)
def test_path_and_message(rule: dict[str, str], path: str, message: str) -> None:
    [found], _ = check(crd(rules(rule, a=INT, b=TEXT, c=INT)), thing(a=1, b="x"))
    assert (found.path, found.message) == (path, f"Thing/mine: {path}: {message}")


@needs_library
def test_rules_inside_lists_and_maps_are_evaluated_for_each_item() -> None:
    short = {"type": "string", "x-kubernetes-validations": [{"rule": "self.size() < 3"}]}
    definition = crd(
        rules(list={"type": "array", "items": short}, map={"type": "object", "additionalProperties": short})
    )
    found, tally = check(definition, thing(list=["a", "long"], map={"x.y": "long", "z": "b"}))
    assert [each.path for each in found] == ["spec.list[1]", 'spec.map["x.y"]']
    assert tally.held == 2


@needs_library
def test_defaults_are_there_and_null_is_absent() -> None:
    rule = {"rule": "self.a == 5 && !has(self.b)"}
    definition = crd(rules(rule, a={**INT, "default": 5}, b={**INT, "nullable": True}))
    assert [each.code.id for each in check(definition, thing(b=None))[0]] == []


@needs_library
def test_the_rule_of_an_absent_field_does_not_run() -> None:
    optional = {**INT, "x-kubernetes-validations": [{"rule": "self > 1"}]}
    assert check(crd(rules(a=INT, b=optional)), thing(a=1)) == ([], RuleTally())


@needs_library
@pytest.mark.parametrize(("rule", "field"), [("self.a.all(when, when != 'x')", "when"), ("size('self') == 4", "self")])
def test_a_variable_or_a_text_may_have_the_name_of_a_time(rule: str, field: str) -> None:
    fields = {"a": {"type": "array", "items": TEXT}, field: {**TEXT, "format": "date-time"}}
    definition = crd(rules({"rule": rule}, **fields))
    found, tally = check(definition, thing(a=["y"]))
    assert (found, tally.held) == ([], 1)


@needs_library
@pytest.mark.parametrize(
    ("metadata", "held"), [({"name": "a"}, 1), ({"name": "a", "generateName": "b"}, 1), ({"generateName": "a"}, 0)]
)
def test_a_name_is_generated_where_there_is_none(metadata: dict[str, str], held: int) -> None:
    definition = crd({"type": "object"}, **{"x-kubernetes-validations": [{"rule": "self.metadata.name == 'a'"}]})
    objects = [Object({**thing(), "metadata": metadata}, "x")]
    found = validate_objects(objects, kubernetes_minor="1.36", crds=[definition], for_clients=True)
    assert (found.rules.held, found.rules.violated) == (held, 1 - held)


def test_a_transition_rule_is_counted_and_not_run() -> None:
    definition = crd(rules({"rule": "self.a == oldSelf.a"}, a=INT))
    found, tally = check(definition, thing(a=1))
    assert (found, tally.transitions, tally.held) == ([], 1, 0)


@needs_library
@pytest.mark.parametrize(
    ("rule", "fields", "reason"),
    [
        ("self.when < timestamp('2026-01-01T00:00:00Z')", {"when": {**TEXT, "format": "date-time"}}, "time"),
        ("self.a == self.b", {name: {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"} for name in "ab"},
         "order"),
        ("self.a != self.b", {name: {"type": "array", "items": TEXT, "x-kubernetes-list-type": "set"} for name in "ab"},
         "order"),
        ("authorizer.path('/x').check('get').allowed()", {}, "authorizer"),
        ("self.a", {"a": TEXT}, "true or false"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_a_note_and_no_verdict(rule: str, fields: dict[str, Any], reason: str) -> None:
    values = {"when": "2026-01-01T00:00:00Z"} if "when" in fields else {"a": ["x"], "b": ["x"]} if "b" in fields else {}
    values |= {"a": "x"} if fields == {"a": TEXT} else {}
    found, tally = check(crd(rules({"rule": rule}, **fields)), thing(**values), thing(**values))
    notes = [each for each in found if each.code.id == "BP5025"]
    assert len(notes) == 1
    assert notes[0].severity is Severity.NOTE
    assert reason in notes[0].message
    assert (tally.not_evaluated, tally.held, tally.violated) == (2, 0, 0)


@needs_library
def test_an_expensive_rule_ends() -> None:
    rule = {"rule": "self.a.all(x, self.a.all(y, self.a.all(z, x + y + z >= 0)))"}
    found, tally = check(crd(rules(rule, a={"type": "array", "items": INT})), thing(a=list(range(500))))
    assert [each.code.id for each in found] == ["BP5025"]
    assert tally.seconds < 5


@needs_library
def test_the_time_for_all_rules_is_limited() -> None:
    plan = collect_rules(rules({"rule": "self.a > 1"}, a=INT), root=False)
    assert plan
    [found] = evaluate_rules(plan, {"a": 1}, "Thing", RuleTally(seconds=10))
    assert found.code.id == "BP5025"
    assert "took more than 5 s" in found.text


@needs_library
def test_time_that_other_work_may_have_taken_does_not_count() -> None:
    """Up to five seconds, wall-clock time is measured; from then on, the CPU time of the process."""
    plan = collect_rules(rules({"rule": "self.a > 1"}, a=INT), root=False)
    assert plan
    tally = RuleTally(seconds=5.0)
    evaluate = [*evaluate_rules(plan, {"a": 2}, "Thing", tally)]
    assert (evaluate, tally.held, tally.is_precise, tally.seconds) == ([], 1, True, 0.0)


_NESTED = (
    "cel.bind(a0, self.a, "
    + "".join(f"cel.bind(a{n}, a{n - 1} + a{n - 1}, " for n in range(1, 8))
    + "a7 == [])"
    + ")" * 7
)


@needs_library
def test_messages_take_part_in_the_time_for_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a message is not evaluated, this is reported, and the violation is reported all the same."""
    monkeypatch.setattr(time, "perf_counter", itertools.count().__next__)
    monkeypatch.setattr(time, "process_time", itertools.count().__next__)
    rule = {"rule": "self.a > 1", "message": "too small", "messageExpression": "string(self.a) + ' is too small'"}
    plan = collect_rules(rules(rule, a=INT), root=False)
    assert plan
    tally = RuleTally()
    [found] = evaluate_rules(plan, {"a": 1}, "Thing", tally)
    assert found.text == "a: 1 is too small"
    assert tally.seconds == 2, "one for the rule, one for its message"
    note, found = evaluate_rules(plan, {"a": 1}, "Thing", RuleTally(seconds=5, is_precise=True))
    assert (note.code.id, found.code.id) == ("BP5025", "BP5024")
    assert "took more than 5 s in total, so the message shows no values" in note.text
    assert found.text == "a: too small"


@needs_library
@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("[[1]]" + ".map(x, x + x)" * 24 + " == []", {}),
        ("self.a.map(x, self.a.map(y, y)).size() > 0", {"a": list(range(2000))}),
        (_NESTED, {"a": list(range(10_000))}),
    ],
)
def test_a_rule_that_might_take_all_memory_is_not_evaluated(rule: str, values: dict[str, Any]) -> None:
    found, tally = check(crd(rules({"rule": rule}, a={"type": "array", "items": INT})), thing(**values))
    assert [each.code.id for each in found] == ["BP5025"]
    assert "more than 1,000,000 elements" in found[0].message
    assert (tally.not_evaluated, tally.held, tally.violated) == (1, 0, 0)


@needs_library
@pytest.mark.parametrize(
    "rule",
    [
        "self.a.map(x, x + 1).size() == self.a.size()",
        "self.a.all(x, self.a.exists(y, y == x))",
        "cel.bind(b, self.a + self.a, b.size() == 2 * self.a.size())",
        "self.a.filter(x, x > 1).map(x, [x, x]).size() < 10000",
        "self.a.transformList(i, x, i + x).size() > 0",
    ],
)
def test_a_rule_that_stays_small_is_evaluated(rule: str) -> None:
    definition = crd(rules({"rule": rule}, a={"type": "array", "items": INT}))
    found, tally = check(definition, thing(a=list(range(100))))
    assert found == []
    assert tally.held == 1


@needs_library
def test_rules_wait_until_the_form_is_sound() -> None:
    definition = crd(rules({"rule": "self.a > 1"}, a=INT))
    found, tally = check(definition, thing(a="1"))
    assert [each.code.id for each in found] == ["BP5005"]
    assert tally == RuleTally()


def test_without_the_library_each_kind_has_one_note() -> None:
    code = (
        "import sys; sys.modules['cel_expr_python'] = None\n"
        "from tests.check.test_validation_rules import *\n"
        "found, tally = check(crd(rules({'rule': 'self.a > 1'}, {'rule': 'self.a > 2'}, a=INT)), thing(a=1))\n"
        "print([(each.code.id, each.help) for each in found], tally.not_evaluated)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[('BP5025', 'install gpu-platform-blueprint[cel]')] 2"


@pytest.mark.parametrize("example", ["h100-training", "gb200-racks"])
def test_an_example_without_rules_to_evaluate_imports_no_cel(example: str) -> None:
    """Its rules compare with the stored object, if there are any."""
    code = (
        "import sys; from blueprint.pipeline import compile_blueprint;"
        f"compile_blueprint('examples/{example}/blueprint.yaml');"
        "print([name for name in sys.modules if 'cel_expr' in name or name.startswith('blueprint.cel.engine')])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "inside"),
    [("a", ("a",)), ("a-b", ("a__dash__b",)), ("x.y/z", ("x__dot__y__slash__z",)), ("a__b", ("a__underscores__b",)),
     ("in", ("__in__",)), ("for", ("for", "__for__")), ("1a", ()), ("a b", ())],
)  # fmt: skip
def test_names_are_escaped_as_kubernetes_does(name: str, inside: tuple[str, ...]) -> None:
    assert escaped(name) == inside


@pytest.mark.parametrize("word", ["true", "false", "null", "in"])
def test_a_keyword_is_escaped(word: str) -> None:
    assert escaped(word) == (f"__{word}__",)


@pytest.mark.parametrize(
    "word",
    ["as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
     "namespace", "return", "var", "void", "while"],
)  # fmt: skip
def test_a_word_that_the_definition_of_cel_reserves_has_two_names(word: str) -> None:
    assert escaped(word) == (word, f"__{word}__")


@pytest.mark.parametrize(
    ("schema", "kind", "value", "seen"),
    [
        ({"type": "string", "format": "date"}, "dyn", "2026-11-21", "2026-11-21"),
        ({"type": "string", "format": "date-time"}, "dyn", "2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"),
        ({"type": "string", "format": "duration"}, "dyn", "1h", "1h"),
        ({"type": "string", "format": "uri"}, "string", "a", "a"),
        ({"type": "boolean"}, "bool", True, True),
        ({"type": "integer"}, "int", 1.0, 1),
        ({"type": "object"}, "map(string, dyn)", {"a": 1}, {}),
        ({"type": "number"}, "dyn", 1, 1.0),
        ({"type": "integer"}, "int", 1, 1),
        ({"x-kubernetes-int-or-string": True}, "dyn", "5%", "5%"),
        ({"type": "string", "format": "byte"}, "bytes", "YQ==", b"a"),
        ({"type": "array", "items": TEXT}, "list(string)", ["a"], ["a"]),
        ({"type": "object", "additionalProperties": INT}, "map(string, int)", {"a-b": 1}, {"a-b": 1}),
        ({"type": "object", "properties": {"a-b": INT, "c": {"x-kubernetes-preserve-unknown-fields": True}}},
         "map(string, dyn)", {"a-b": 1, "c": 2, "d": 3}, {"a__dash__b": 1}),
        ({"type": "object", "x-kubernetes-embedded-resource": True}, "map(string, dyn)",
         {"kind": "K", "metadata": {"name": "n", "labels": {}}}, {"kind": "K", "metadata": {"name": "n"}}),
    ],
)  # fmt: skip
def test_values_have_the_types_of_kubernetes(schema: dict[str, Any], kind: str, value: Any, seen: Any) -> None:
    assert cel_type(schema) == kind
    assert cel_value(value, schema) == seen


def test_a_schema_without_rules_has_no_plan() -> None:
    assert collect_rules(rules(a=INT)["properties"]["a"]) is None
