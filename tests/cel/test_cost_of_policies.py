"""The total cost of all policies that evaluate an object, as Kubernetes' own package estimates it (recorded)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cel.policy_questions import Question, questions

MOST = 200
"""Of the 10,000,000 that the API server allows each policy."""
ANSWERS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("policy_answers.jsonl").read_text("utf-8").splitlines()
]


@pytest.fixture(scope="module")
def asked() -> list[Question]:
    """All inputs; generating them renders the examples."""
    return list(questions())


@pytest.fixture(scope="module")
def work(asked: list[Question]) -> list[dict[str, Any]]:
    """The results for work that the policies must admit."""
    return [answer for question, answer in zip(asked, ANSWERS, strict=False) if question.passes]


def total(answer: dict[str, Any]) -> int:
    """The total cost for the object."""
    return sum(answer["costs"].values())


def test_what_is_recorded_is_of_the_policies_and_objects_as_they_are(asked: list[Question]) -> None:
    """If this fails, generate the results again, as policy_questions.py describes."""
    assert [each["name"] for each in ANSWERS] == [each.line["name"] for each in asked]
    for question, answer in zip(asked, ANSWERS, strict=True):
        assert set(answer["costs"]) == {each["metadata"]["name"] for each in question.policies}


def test_all_policies_together_cost_less_than_the_budget_of_a_pod() -> None:
    """The policies of tenants, of virtual machines and of the queue's engine; for legitimate work and for attacks."""
    too_much = {each["name"]: each["costs"] for each in ANSWERS if total(each) >= MOST}
    assert not too_much


def test_pods_are_judged_by_policies_of_several_components_at_once(work: list[dict[str, Any]]) -> None:
    """Otherwise the sum would have only one term."""
    together = {frozenset(each["costs"]) for each in work}
    assert {"tenants-pods", "kata-pods", "kata-machines"} in together
    assert {"tenants-pods", "kai-pods"} in together
    assert {"kata-pods", "kata-machines"} in together
    examples = {each["name"].partition(",")[0] for each in work if ", spec." in each["name"]}
    assert len(examples) >= 3


def test_work_passes_every_rule_without_an_error(work: list[dict[str, Any]]) -> None:
    """The first result for virtual machines is the condition under which the policy applies."""
    for each in work:
        for policy, results in each["results"].items():
            assert set(results) == {"true"} or (policy, results) == ("kata-machines", ["false"]), each


def test_no_expression_fails() -> None:
    """A failing expression rejects the object with a message that helps no user."""
    for each in ANSWERS:
        assert not [one for results in each["results"].values() for one in results if one.startswith("error")], each
