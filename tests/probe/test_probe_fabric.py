"""The NVLink fabric across nodes: joined, not joined, unknown."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Result, Verdict
from tests.support.nvml_stub.describe import Description, fault, h100x8, lie
from tests.support.probe_examples import Probe, expect

WANT = [expect("nvlink-domain", {"nodes": 18, "label": "nvidia.com/gpu.clique"})]
JOINED = [3, 0, 7, 0xAB]


def joined() -> Description:
    described = h100x8()
    for gpu in range(8):
        described = lie(described, gpu, fabric=JOINED)
    return described


def of(reading: Reading) -> list[Verdict]:
    return [each for each in judge(reading, WANT) if each.check == "nvlink-domain"]


def test_gpus_that_joined_one_domain_pass(probe: Probe) -> None:
    verdicts = of(probe(joined()))
    assert [each.result for each in verdicts] == [Result.PASS] * 8
    assert exit_code_of(judge(probe(joined()), WANT)) == 0


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([1, 0, 0, 0], "not started"),
        ([2, 0, 7, 0xAB], "in progress"),
        ([3, 23, 0, 0xAB], "NVML_ERROR_INSUFFICIENT_RESOURCES"),
        ([3, 999, 7, 0xAB], "NVML_ERROR_UNKNOWN"),
        ([3, 0, 7, 0], "no cluster UUID"),
    ],
)
@pytest.mark.parametrize("gpu", [0, 7])
def test_a_gpu_that_has_not_joined_is_found(probe: Probe, gpu: int, said: list[int], words: str) -> None:
    verdicts = of(probe(lie(joined(), gpu, fabric=said)))
    found = next(each for each in verdicts if each.gpu and each.gpu.index == gpu)
    assert (found.result, found.code and found.code.id) == (Result.FAIL, "BP9630")
    assert words in found.message


def test_gpus_of_one_node_in_two_cliques_are_found(probe: Probe) -> None:
    assert {each.result for each in of(probe(lie(joined(), 3, fabric=[3, 0, 8, 0xAB])))} == {Result.FAIL}


@pytest.mark.parametrize("how", [{"return": 13}, {"return": 25}, {"return": 4}, {"return": 999}, {"crash": True}])
def test_values_that_nvml_does_not_report_are_unknown(probe: Probe, how: Any) -> None:
    verdicts = of(probe(fault(joined(), "nvmlDeviceGetGpuFabricInfoV", device=2, **how)))
    assert next(each.result for each in verdicts if each.gpu and each.gpu.index == 2) is Result.UNKNOWN


@pytest.mark.parametrize("said", [None, [0, 0, 0, 0], [9, 0, 7, 0xAB]])
def test_a_gpu_without_a_fabric_is_unknown_with_the_reason(probe: Probe, said: Any) -> None:
    verdicts = of(probe(lie(joined(), 2, fabric=said)))
    found = next(each for each in verdicts if each.gpu and each.gpu.index == 2)
    assert found.result is Result.UNKNOWN
    assert found.message
