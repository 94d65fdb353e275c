"""What the policies of tenants cost the API server for each object, as Kubernetes' own package counts it: recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cel.policy_questions import questions
from tests.components.test_tenant_policies import CASES

MOST = 220
ANSWERS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("policy_answers.jsonl").read_text("utf-8").splitlines()
]


def test_what_is_recorded_is_of_the_policies_as_they_are() -> None:
    """Otherwise make the answers again, as policy_questions.py says."""
    assert [each["name"] for each in ANSWERS] == [each["name"] for each in questions()]


def test_no_pod_and_no_claim_that_passes_costs_more_than_a_fraction_of_what_is_allowed() -> None:
    """Of 10,000,000 for each binding. Most pods cost less than 160."""
    work = [each for each in ANSWERS if each["name"].rpartition(" (")[0] in CASES["work"]]
    assert len(work) > 15
    assert max(each["cost"] for each in work) < MOST


def test_work_passes_without_an_error_in_any_expression() -> None:
    for each in ANSWERS:
        if each["name"].rpartition(" (")[0] in CASES["work"]:
            assert set(each["results"]) == {"true"}, each
