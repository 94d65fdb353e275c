"""What the policies around Kata cost the API server for each pod, as Kubernetes' own package counts it: recorded."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tests.cel.kata_policy_questions import questions
from tests.components.test_kata_policies import HONEST

MOST, MOST_OUTSIDE = 130, 60
ANSWERS: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("kata_policy_answers.jsonl").read_text("utf-8").splitlines()
]


def subject(answer: dict[str, Any]) -> str:
    name: str = answer["name"].rpartition(" (")[0]
    return name


def test_what_is_recorded_is_of_the_policies_as_they_are() -> None:
    """Otherwise make the answers again, as kata_policy_questions.py says."""
    assert [(each["name"], each["policy"]) for each in ANSWERS] == [
        (each["name"], each["policy"]["metadata"]["name"]) for each in questions()
    ]


def test_all_policies_together_cost_a_pod_a_fraction_of_what_is_allowed() -> None:
    """Of 10,000,000 for each binding. Pods outside of Kata pay for the policy of all pods, and for one condition."""
    costs: Counter[str] = Counter()
    for each in ANSWERS:
        costs[subject(each)] += each["cost"]
    assert max(costs[name] for name in HONEST) < MOST
    outside = [name for name, pod in HONEST.items() if "kata-" not in str(pod["spec"].get("runtimeClassName"))]
    assert len(outside) > 10
    assert max(costs[name] for name in outside) < MOST_OUTSIDE


def test_no_expression_fails_and_honest_work_passes() -> None:
    for each in ANSWERS:
        assert not [one for one in each["results"] if one.startswith("error")], each
        if subject(each) in HONEST and each["policy"] == "kata-pods":
            assert set(each["results"]) == {"true"}, each
