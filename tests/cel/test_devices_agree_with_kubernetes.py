"""Device selectors are evaluated as Kubernetes' own package evaluates them; its results are recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.cel.cost.estimate import MOST, estimated_cost
from blueprint.cel.devices import BoundDevice, CompileError, EvaluationError, UnsupportedError, compile_selector
from tests.cel.device_questions import DEVICES, DRIVER, questions

pytest.importorskip("cel_expr_python", reason="the extra cel is not installed")

HERE = Path(__file__).parent
ANSWERS = [json.loads(line) for line in (HERE / "device_answers.jsonl").read_text("utf-8").splitlines()]
REVIEWED: dict[str, str] = yaml.safe_load((HERE / "device_disagreements.yaml").read_text("utf-8"))
"""Expressions for which our result differs from that of Kubernetes or is missing, with the reason. The list may only
get shorter.
"""
BOUND = [
    BoundDevice(
        DRIVER,
        each["attributes"],
        {name: amount["value"] for name, amount in each["capacity"].items()},
        multiple=each.get("allowMultipleAllocations", False),
    )
    for each in DEVICES
]


def ours(text: str) -> str:
    """`refused`, `unknown`, or for each device true, false, error or unknown."""
    try:
        selector = compile_selector(text)
    except CompileError:
        return "refused"
    except UnsupportedError:
        return "unknown"
    cost = estimated_cost(selector.tree)
    if cost is None or cost > MOST:
        return "unknown" if cost is None else "refused"
    return ", ".join(_result(selector, each) for each in BOUND)


def _result(selector: Any, device: BoundDevice) -> str:
    try:
        return str(selector.holds(device)).lower()
    except EvaluationError:
        return "error"
    except UnsupportedError:
        return "unknown"


def theirs(answer: dict[str, Any]) -> str:
    if "compile" in answer or answer.get("cost", 0) > MOST:
        return "refused"
    return ", ".join("error" if each.startswith("error") else each for each in answer["results"])


def test_every_expression_was_answered() -> None:
    assert [each["expression"] for each in questions()] == [each["expression"] for each in ANSWERS]
    assert len(ANSWERS) > 300


def test_we_agree_but_for_what_was_reviewed() -> None:
    """A listed expression on which both agree must be removed from the list."""
    differences = {
        answer["expression"]: f"{ours(answer['expression'])} | {theirs(answer)}: {answer.get('compile', '')[:90]}"
        for answer in ANSWERS
        if ours(answer["expression"]) != theirs(answer)
    }
    assert differences.keys() == REVIEWED.keys(), "\n".join(f"{text}  ->  {why}" for text, why in differences.items())


def test_where_we_differ_we_mostly_know_less() -> None:
    wrong = [each["expression"] for each in ANSWERS if "unknown" not in ours(each["expression"])]
    assert sum(ours(text) != theirs(each) for each in ANSWERS if (text := each["expression"]) in wrong) <= 6
