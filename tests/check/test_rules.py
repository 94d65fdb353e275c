"""Every rule's examples: bad ones are reported under the rule's code only, good ones are not reported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint import check
from blueprint.bundle.model import USERS, FieldOrigin, Object, Source, Taint
from blueprint.check.claims.dra_context import DraContext
from blueprint.check.finding import ObjectFinding, value_at
from blueprint.check.objects import check_objects
from blueprint.check.rule import Rule
from blueprint.check.rule_context import PoolOffer, RuleContext
from blueprint.check.rules import EVERY_KIND, PODS, all_rules
from blueprint.check.runner import run_rules
from blueprint.diagnostics import Span, all_codes, has_errors
from blueprint.diagnostics.pages import Page
from blueprint.records import replace
from blueprint.render.canonical import canonical
from tests.support.rule_facts import context, devices, dra, nodes_with
from tests.support.yaml_data import yaml_documents, yaml_value

RULES = all_rules()
PAGES = {code.id: code.page for each in RULES for code in each.codes}
EXAMPLES = {code: page for code, page in PAGES.items() if page}
OF_FORM = {code.id for each in all_rules() if each.of_form for code in each.codes}
SHOWN_BY_ANOTHER = {"awsnodetemplate", "nicnodepolicy", "nodeclaim", "podmonitor", "scaledobject"}
"""Kinds that share the rules of another kind, which is in the example."""
NOT_OF_FORM = ("missing-field", "validation-rule-violated", "schema-unknown")
"""Objects that examples may omit, and kinds whose definition users install."""
HERE = Span("patch.yaml", 1, 1, 1, 2)
PATCHED = FieldOrigin(HERE, (Source("patch", HERE, "patches"),))


def objects(text: str, component: str | dict[str, str] = USERS) -> list[Object]:
    """The documents of an example; the component that brings them, or one by kind."""
    by_kind = component if isinstance(component, dict) else {}
    usual = USERS if by_kind else str(component)
    return [Object(canonical(data), by_kind.get(data["kind"], usual)) for data in yaml_documents(text)]


def given(page: Page) -> dict[str, Any]:
    """What is known of the platform in an example."""
    return yaml_value(page.given) or {}


def known(page: Page, text: str) -> RuleContext:
    """The context of an example, with its nodes."""
    platform = given(page)
    nodes = [
        PoolOffer(**{**each, "taints": tuple(Taint(**taint) for taint in each.get("taints", ()))})
        for each in platform.get("nodes", ())
    ]
    patched = {tuple(path): PATCHED for path in platform.get("patched", ())}
    found = [replace(each, origins=patched) for each in objects(text, platform.get("component", USERS))]
    return context(found, nodes, dra_of(platform))


def dra_of(platform: dict[str, Any]) -> DraContext | None:
    """The DRA driver of an example, if it has one."""
    given_dra = platform.get("dra")
    if given_dra is None:
        return None
    products = tuple(
        devices(**{name: _frozen(value) for name, value in each.items()}) for each in given_dra.get("products", ())
    )
    nodes = tuple(map(nodes_with, given_dra.get("nodes", ())))
    return dra(
        **{**given_dra, "open": frozenset(given_dra.get("open", ())), "products": products, "nodes": lambda: nodes}
    )


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def codes_of(page: Page, text: str) -> set[str]:
    return {found.code.id for found in run_rules(known(page, text)).diagnostics}


@pytest.mark.parametrize("code", EXAMPLES)
def test_what_is_bad_is_found_and_what_is_good_is_not(code: str) -> None:
    page = EXAMPLES[code]
    assert codes_of(page, page.bad) == {code}
    assert codes_of(page, page.good) == set()


def findings_of(code: str, known_: RuleContext) -> Iterator[tuple[Object, ObjectFinding]]:
    """The findings with a code, each with its object."""
    for each in (rule for rule in RULES if code in {own.id for own in rule.codes}):
        for target in known_.pods if each.subject == PODS else [one for kind in known_.kinds.values() for one in kind]:
            subject: Any = target.subject if each.subject == PODS else target
            if not (each.groups is None or subject.id.group in each.groups):
                continue
            if each.subject in (PODS, EVERY_KIND, subject.id.kind.lower()):
                yield from ((subject, found) for found in each(target, known_) if found.code.id == code)


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_finding_names_a_field_that_is_there(code: str) -> None:
    page = EXAMPLES[code]
    for subject, found in findings_of(code, known(page, page.bad)):
        assert names_a_field(subject, found), found.path


def names_a_field(subject: Object, found: ObjectFinding) -> bool:
    """Whether the field exists or, if one is missing, its parent does."""
    there = is_there(subject.data, found.path) or isinstance(found.path[-1], str)
    return there and is_there(subject.data, found.path[:-1])


def is_there(data: Any, path: tuple[str | int, ...]) -> bool:
    return not path or value_at(data, path) is not None


@pytest.mark.parametrize("code", EXAMPLES)
def test_examples_are_objects_that_the_api_takes(code: str) -> None:
    """What a schema rejects needs a rule only as an explanation; a validation rule is not evaluated everywhere."""
    for text in (EXAMPLES[code].good,) if code in OF_FORM else (EXAMPLES[code].bad, EXAMPLES[code].good):
        found = check_objects(objects(text), kubernetes_minor="1.36")
        form = [each for each in found if each.code.id.startswith("BP50")]
        other = (each for each in form if each.code.slug not in NOT_OF_FORM)
        assert not has_errors(other), form


def test_every_code_has_a_page_with_every_section_and_a_rule() -> None:
    defined = {code.id for code in all_codes() if code.id.startswith("BP6")}
    assert len(defined) > 80
    assert set(EXAMPLES) == defined
    for code, page in EXAMPLES.items():
        assert page.title.split()[0] == code
        assert all((page.why, page.fix, page.bad, page.good)), code


def test_rules_are_values_that_say_what_they_do() -> None:
    """A folder that is not named after a kind would never be read."""
    texts = (text for page in EXAMPLES.values() for text in (page.bad, page.good))
    kinds = {data["kind"].lower() for text in texts for data in yaml_documents(text)}
    assert {each.subject for each in RULES} - kinds == {PODS, EVERY_KIND, *SHOWN_BY_ANOTHER}
    for each in RULES:
        assert isinstance(each, Rule)
        assert each.about.endswith("."), each.name
        assert each.codes, each.name


def mangled(value: Any) -> Iterator[Any]:
    """The value with each of its parts, one at a time, replaced by one of another type."""
    yield from (None, 7, "text", [], {}, ["text"], {"text": "text"})
    if isinstance(value, dict):
        for key, below in value.items():
            yield from ({**value, key: each} for each in mangled(below))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from ([*value[:index], each, *value[index + 1 :]] for each in mangled(below))


@pytest.mark.parametrize("code", EXAMPLES)
def test_no_rule_stumbles_over_anything_that_a_manifest_may_hold(code: str) -> None:
    """Fields without a schema, or with an open one, may have any type."""
    page = EXAMPLES[code]
    whole = known(page, page.bad)
    *_, last = every = objects(page.bad, given(page).get("component", USERS))
    others = [each for each in every if each.id != last.id]
    kept = ("apiVersion", "kind", "metadata")
    for part in [key for key in last.data if key not in kept]:
        for value in mangled(last.data[part]):
            bent = replace(last, data={**last.data, part: value})
            result = run_rules(context([*others, bent], whole.pools, whole.dra))
            assert not result.failed, result.diagnostics


def test_codes_are_named_in_one_place() -> None:
    texts = [path.read_text("utf-8") for path in Path(check.__path__[0]).rglob("*.py")]
    defined = [code for text in texts for code in re.findall(r'define\(\s*"(BP\d{4})"', text)]
    assert len(defined) == len(set(defined)) > 30


def scaled_by(kind: str, target: dict[str, Any], *, replicas: Any = 3, namespace: str = "n") -> set[str]:
    """The findings for a workload and an autoscaler."""
    api = {"Deployment": "apps/v1", "StatefulSet": "apps/v1"}[kind]
    spec = {} if replicas is None else {"replicas": replicas}
    workload = {"apiVersion": api, "kind": kind, "metadata": {"name": "w", "namespace": "n"}, "spec": spec}
    keda = "kind" not in target
    scaler = {
        "apiVersion": "keda.sh/v1alpha1" if keda else "autoscaling/v2",
        "kind": "ScaledObject" if keda else "HorizontalPodAutoscaler",
        "metadata": {"name": "s", "namespace": namespace},
        "spec": {"scaleTargetRef": target},
    }
    everything = context([Object(data, USERS) for data in (workload, scaler)], [])
    return {found.code.id for found in run_rules(everything).diagnostics} & {"BP6460"}


@pytest.mark.parametrize(
    ("kind", "target", "more", "said"),
    [
        ("Deployment", {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w"}, {}, True),
        ("StatefulSet", {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "w"}, {}, True),
        ("Deployment", {"name": "w"}, {}, True),  # the default kind of KEDA is a Deployment
        ("Deployment", {"name": "w"}, {"replicas": 0}, True),  # KEDA scales up from zero
        ("Deployment", {"kind": "Deployment", "name": "w"}, {"replicas": 0}, False),
        ("Deployment", {"kind": "Deployment", "name": "w"}, {"replicas": None}, False),
        ("Deployment", {"kind": "StatefulSet", "name": "w"}, {}, False),
        ("Deployment", {"kind": "Deployment", "name": "v"}, {}, False),
        ("Deployment", {"kind": "Deployment", "name": "w"}, {"namespace": "m"}, False),
        ("Deployment", {"apiVersion": "other.io/v1", "kind": "Deployment", "name": "w"}, {}, False),
    ],
)
def test_replicas_and_an_autoscaler_are_mutually_exclusive(
    kind: str, target: dict[str, Any], more: dict[str, Any], said: bool
) -> None:
    assert bool(scaled_by(kind, target, **more)) is said
