"""How GPUs are partitioned: read by the real collector from the stub, and compared with the layout."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Result, Verdict
from tests.support.nvml_stub.describe import Description, cut, fault, h100x8, lie
from tests.support.probe_examples import Probe, expect

SEVEN = ["1g.10gb"] * 7
HALVES = ["3g.40gb", "3g.40gb"]
WANT = {
    "cut": [{"gpus": 2, "instances": {"1g.10gb": 7}}, {"gpus": 1, "instances": {"3g.40gb": 2}}],
    "whole": 5,
}


def as_declared() -> Description:
    """GPUs 6 and 1 in sevenths, GPU 3 in halves: any three of eight are correct."""
    return cut(cut(cut(h100x8(), 6, *SEVEN), 1, *SEVEN), 3, *HALVES)


def of(reading: Reading, want: Any = WANT, check: str = "mig-layout") -> list[Verdict]:
    return [each for each in judge(reading, [expect(check, want, "mig")]) if each.check == check]


def on(verdicts: list[Verdict], index: int) -> Verdict:
    [found] = [each for each in verdicts if each.gpu and each.gpu.index == index]
    return found


def test_gpus_partitioned_as_declared_pass_whichever_they_are(probe: Probe) -> None:
    verdicts = of(probe(as_declared()))
    assert {verdict.result for verdict in verdicts} == {Result.PASS}
    assert on(verdicts, 6).measured == "partitioned into 7 x 1g.10gb"
    assert on(verdicts, 0).measured == "whole"


@pytest.mark.parametrize("code", [2, 6])
def test_a_slot_without_an_instance_is_passed_over_whichever_way_the_driver_says_so(probe: Probe, code: int) -> None:
    """Drivers answer NOT_FOUND or INVALID_ARGUMENT."""
    sparse = cut(h100x8(), 1, "", "3g.40gb", "", "", "3g.40gb", "", "")
    reading = probe(sparse | {"emptySlot": code})
    want = {"cut": [{"gpus": 1, "instances": {"3g.40gb": 2}}], "whole": 7}
    assert {verdict.result for verdict in of(reading, want)} == {Result.PASS}


def test_any_other_refusal_of_a_slot_leaves_the_layout_unknown(probe: Probe) -> None:
    reading = probe(cut(h100x8(), 1, "", "3g.40gb") | {"emptySlot": 999})
    assert on(of(reading), 1).result is Result.UNKNOWN


def test_what_only_root_may_know_says_so(probe: Probe) -> None:
    reading = probe(fault(as_declared(), "nvmlDeviceGetMigDeviceHandleByIndex", device=1, **{"return": 4}))
    verdict = on(of(reading), 1)
    assert (verdict.result, "as root" in verdict.remedy) == (Result.UNKNOWN, True)


H100 = "NVIDIA H100 80GB HBM3"


@pytest.mark.parametrize("gpu", range(8))
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"name": f"{H100} MIG 1g.10gb"}, "MIG is off"),
        ({"instances": [f"{H100} MIG 1g.10gb"]}, "1 MIG devices, but MIG is off"),
        ({"instances": [f"{H100} MIG 1g.10gb"], "mig": None}, "1 MIG devices, but MIG is off"),
        ({"mig": [1, 1], "instances": ["NVIDIA A100-SXM4-80GB MIG 1g.10gb"]}, "is named 'NVIDIA A100"),
    ],
)
def test_contradictory_responses_about_mig_are_implausible(probe: Probe, gpu: int, facts: Any, said: str) -> None:
    verdicts = judge(probe(lie(h100x8(), gpu, **facts)), [])
    [found] = [each for each in verdicts if each.check == "mig-consistency"]
    assert (found.result, found.code and found.code.id) == (Result.UNKNOWN, "BP9903")
    assert found.gpu
    assert found.gpu.index == gpu
    assert said in found.message


@pytest.mark.parametrize(
    ("index", "spoilt", "message"),
    [
        (1, SEVEN[:6], "partitioned into 6 x 1g.10gb; the layout requires 2 GPUs partitioned into 7 x 1g.10gb"),
        (1, [*SEVEN[:6], ""], "partitioned into 6 x 1g.10gb"),
        (3, ["4g.40gb", "3g.40gb"], "partitioned into 1 x 3g.40gb, 1 x 4g.40gb"),
        (3, ["1c.3g.40gb", "3g.40gb"], "1 x 1c.3g.40gb"),
        (3, [], "in MIG mode without any instance"),
        (5, HALVES, "as enough others are already"),
    ],
)
def test_a_gpu_that_is_partitioned_differently_is_found_with_its_identity_and_line(
    probe: Probe, index: int, spoilt: list[str], message: str
) -> None:
    reading = probe(cut(as_declared(), index, *spoilt))
    verdicts = of(reading)
    [failed] = [each for each in verdicts if each.result is Result.FAIL]
    assert (failed.gpu and failed.gpu.index) == index
    assert message in failed.message
    [told] = [each for each in diagnostics_of(verdicts, reading) if each.code.id == "BP9710"]
    evidence = dict(told.evidence)
    assert evidence["gpu"] == f"GPU-00000000-5717-4000-8000-{index:012d}"
    assert evidence["pci"].startswith("0000:")
    assert evidence["demanded by"].startswith("nodePools.mig.mig-layout")
    assert told.subject == "Node/gpu-0"
    assert told.at


def test_a_gpu_left_whole_is_one_too_many_of_those(probe: Probe) -> None:
    verdicts = of(probe(lie(as_declared(), 1, mig=[0, 0], instances=None)))
    failed = [each for each in verdicts if each.result is Result.FAIL]
    assert [each.measured for each in failed] == ["whole"]
    assert "as enough others are already" in failed[0].message


@pytest.mark.parametrize(
    "how", [{"return": 4}, {"return": 999}, {"sleep": 30}, {"crash": True}, {"exit": 3}, {"return": 13}]
)
def test_instances_that_cannot_be_read_are_unknown(probe: Probe, how: dict[str, Any]) -> None:
    for call in ("nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetMaxMigDeviceCount"):
        verdicts = of(probe(fault(as_declared(), call, device=1, **how), call_seconds=0.5))
        assert on(verdicts, 1).result is Result.UNKNOWN
        assert on(verdicts, 6).result is Result.PASS
        assert exit_code_of(verdicts) == 3


@pytest.mark.parametrize("name", ["", "NVIDIA H100 80GB HBM3", "MIG", " MIG 7", "NVIDIA\x1b[2J MIG 1g.10gb"])
def test_a_name_without_a_profile_is_unknown(probe: Probe, name: str) -> None:
    verdicts = of(probe(lie(as_declared(), 1, instances=[name])))
    assert on(verdicts, 1).result is Result.UNKNOWN


def test_names_that_may_leave_out_engines_prove_nothing(probe: Probe) -> None:
    want = {"cut": [{"gpus": 1, "instances": {"1g.10gb": 6, "1g.10gb+me": 1}}], "whole": 7}
    told = [*SEVEN[:6], "1g.10gb+me"]
    assert on(of(probe(cut(h100x8(), 2, *told)), want), 2).result is Result.PASS
    assert on(of(probe(cut(h100x8(), 2, *SEVEN)), want), 2).result is Result.UNKNOWN
    assert on(of(probe(cut(h100x8(), 2, *told[1:])), want), 2).result is Result.FAIL


def test_a_reading_without_the_call_is_unknown_where_mig_is_on(probe: Probe) -> None:
    """As in readings of an earlier version."""
    from tests.support.probe_examples import without

    verdicts = of(without(probe(as_declared()), "nvmlDeviceGetMigDeviceHandleByIndex"))
    assert {each.gpu.index for each in verdicts if each.gpu and each.result is Result.UNKNOWN} == {1, 3, 6}


@pytest.mark.parametrize(
    ("modes", "result", "code"),
    [
        ([1, 1], Result.PASS, None),
        ([0, 0], Result.FAIL, "BP9700"),
        ([1, 0], Result.FAIL, "BP9701"),
        ([0, 1], Result.FAIL, "BP9701"),
    ],
)
def test_as_many_gpus_as_are_cut_have_mig_mode_on(
    probe: Probe, modes: list[int], result: Result, code: str | None
) -> None:
    reading = probe(lie(as_declared(), 1, mig=modes))
    verdicts = of(reading, {"on": 3, "off": 5}, "mig-mode")
    assert max(each.result is Result.FAIL for each in verdicts) is (result is Result.FAIL)
    assert {each.code.id for each in verdicts if each.code} == ({code} if code else set())


@pytest.mark.parametrize(
    ("check", "want"),
    [
        ("mig-mode", "on"),
        ("mig-mode", {"on": 3}),
        ("mig-layout", True),
        ("mig-layout", {"cut": []}),
        ("mig-layout", {"cut": [{"gpus": 1, "instances": {}}]}),
        ("mig-layout", {"cut": [{"gpus": -1, "instances": {"1g.10gb": 7}}]}),
        ("mig-layout", {"cut": [{"gpus": 1, "instances": {"1g.10gb": "7"}}], "whole": 7}),
    ],
)
def test_an_expectation_that_makes_no_sense_is_unknown(probe: Probe, check: str, want: Any) -> None:
    assert {each.result for each in of(probe(as_declared()), want, check)} == {Result.UNKNOWN}
