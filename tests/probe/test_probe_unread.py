"""Declared values that were not read are unknown: they never pass, and the finding says where to look."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.expectations import Expectation
from blueprint.probe.reading_file import read_reading
from blueprint.probe.verdicts import Result
from tests.support.probe_examples import READINGS

WANTS = [
    ("kubelet", {"topologyManagerPolicy": "restricted"}, "configz"),
    ("nvlink-domain", {"nodes": 18, "label": "nvidia.com/gpu.clique"}, "nvidia-smi"),
]


@pytest.mark.parametrize(("check", "want", "where"), WANTS)
def test_what_cannot_be_read_is_unknown_with_a_place_to_look(check: str, want: Any, where: str) -> None:
    reading = read_reading(READINGS / "h100x8-healthy.json")
    verdicts = judge(reading, [Expectation("train", check, want, ())])
    [mine] = [verdict for verdict in verdicts if verdict.check == check]
    assert mine.result is Result.UNKNOWN
    assert where in mine.message
    assert exit_code_of([mine]) == 3


@pytest.mark.parametrize(
    ("check", "want"),
    [("kubelet", {}), ("kubelet", {"a": 1}), ("kubelet", "static"), ("nvlink-domain", {"nodes": "x"})],
)
def test_an_unusable_expectation_is_reported_as_such(check: str, want: Any) -> None:
    reading = read_reading(READINGS / "h100x8-healthy.json")
    [mine] = [each for each in judge(reading, [Expectation("train", check, want, ())]) if each.check == check]
    assert mine.result is Result.UNKNOWN
    assert "unusable" in mine.message
