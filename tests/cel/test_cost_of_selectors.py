"""The cost of a selector in our estimate and in that of Kubernetes' own package, whose results are recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.cel.cost.amounts import ENDLESS
from blueprint.cel.cost.estimate import MOST, estimated_cost
from blueprint.cel.syntax import CelError, parse
from tests.cel.cost_questions import expressions

HERE = Path(__file__).parent
REVIEWED: dict[str, str] = yaml.safe_load((HERE / "cost_disagreements.yaml").read_text("utf-8"))["differences"]
"""Expressions for which our estimate differs or is missing, with the reason. The list may only get shorter."""


def recorded(name: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]
    return [each for each in lines if "compile" not in each]


MADE, WRITTEN = recorded("cost_answers.jsonl"), recorded("device_answers.jsonl")


def judged(cost: int | None) -> int | str:
    """The estimate; above the limit only that it is above."""
    return "unknown" if cost is None else cost if cost <= MOST else "refused"


def ours(text: str) -> int | str:
    try:
        return judged(estimated_cost(parse(text)))
    except CelError:
        return "unknown"


def test_every_expression_was_answered() -> None:
    """If this fails, generate the results again, as cost_questions.py describes."""
    assert [each["expression"] for each in MADE] == list(expressions())
    assert len(MADE) > 300
    assert len(WRITTEN) > 250


def test_we_agree_but_for_what_was_reviewed() -> None:
    """A listed expression on which both agree must be removed from the list."""
    differing = {
        each["expression"]: f"{ours(each['expression'])} | {judged(each.get('cost', 0))}"
        for each in (*MADE, *WRITTEN)
        if ours(each["expression"]) != judged(each.get("cost", 0))
    }
    assert differing.keys() == REVIEWED.keys(), differing


def test_the_answers_have_every_sort_of_cost() -> None:
    found = [judged(each.get("cost", 0)) for each in (*MADE, *WRITTEN)]
    assert found.count("refused") > 10
    assert sum(isinstance(each, int) and each > 1000 for each in found) > 30
    assert len(set(found)) > 150


@pytest.mark.parametrize("text", ["mystery(device.driver)", "device.driver.mystery()", "[?device.driver].size() == 0"])
def test_what_is_not_known_has_no_estimate(text: str) -> None:
    assert estimated_cost(parse(text)) is None


def test_loops_in_loops_stop_at_the_largest_number() -> None:
    text = "true"
    for level in range(20):
        text = f"device.attributes.all(k{level}, {text})"
    assert estimated_cost(parse(text)) == ENDLESS
