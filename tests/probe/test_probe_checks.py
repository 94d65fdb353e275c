"""Every check, with every kind of response: what passes, what fails, what is skipped, what stays unknown."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.probe.check import Check
from blueprint.probe.checks import all_checks
from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.host import Access, HostRecord
from blueprint.probe.reading import CallOutcome, PciFunction, Reading
from blueprint.probe.verdicts import Result, Verdict
from blueprint.records import replace
from tests.support.probe_examples import (
    CALLS,
    WANTS,
    expect,
    expectations,
    healthy,
    lost,
    returning,
    with_calls,
    without,
)

READ = [check for check in WANTS if check != "gpu-product"]
"""Checks that rely on one call; the product is identified by either of two."""
MODES = ("mig-mode", "ecc-mode", "persistence-mode")
FAULTS = [(15, "BP9030"), (16, "BP9032"), (18, "BP9010"), (8, "BP9031"), (11, "BP9031"), (14, "BP9031")]
IMPLAUSIBLE = [None, "", " ", "\x1b[2J", "x" * 5000, -1, 2**32 - 1, [], [7, 7], [1], {}, {"total": 0}]
WRONG: dict[str, list[tuple[Any, str]]] = {
    "gpu-count": [(7, "BP9020"), (0, "BP9020"), (9, "BP9020")],
    "gpu-product": [
        ("NVIDIA A100-SXM4-80GB", "BP9041"),
        ("NVIDIA H100", "BP9041"),
        ("NVIDIA H100 80GB HBM3e", "BP9041"),
        ("", "BP9041"),
    ],
    "gpu-memory": [
        ({"total": 40960 << 20}, "BP9060"),
        ({"total": 143771 << 20}, "BP9060"),
        ({"total": (81559 - 1025) << 20}, "BP9060"),
    ],
    "driver-version": [("570.172.08", "BP9100"), ("5800.1", "BP9100"), ("58.1.2", None)],
    "mig-mode": [([1, 1], "BP9700"), ([0, 1], "BP9701"), ([1, 0], "BP9701")],
    "ecc-mode": [([0, 0], "BP9220"), ([1, 0], "BP9221"), ([0, 1], "BP9221")],
    "persistence-mode": [(0, "BP9200")],
    "gpu-uuids": [("", "BP9070")],
}


def of(check: str, reading: Reading, want: Any = None) -> list[Verdict]:
    wanted = WANTS[check] if want is None else want
    return [each for each in judge(reading, [expect(check, wanted)]) if each.check == check]


def driverless() -> Reading:
    """A node whose kernel has no NVIDIA driver."""
    host = healthy().host
    assert host
    gone = {"/proc/driver/nvidia/version": HostRecord("/proc/driver/nvidia/version", Access.ABSENT, {})}
    return replace(healthy(), host=replace(host, records=tuple(gone.get(each.path, each) for each in host.records)))


def results(verdicts: list[Verdict]) -> set[Result]:
    return {verdict.result for verdict in verdicts}


def device(check: str) -> int | None:
    return 2 if CALLS[check].startswith("nvmlDeviceGet") and check != "gpu-count" else None


def about(verdicts: list[Verdict], index: int | None) -> Verdict:
    """The verdict on one GPU, or the only one."""
    [found] = [each for each in verdicts if index is None or (each.gpu and each.gpu.index == index)]
    return found


def test_there_is_a_row_for_every_check() -> None:
    checks = {slug: each for slug, each in all_checks().items() if isinstance(each, Check)}
    assert {slug for slug, each in checks.items() if not each.only_if_expected} == set(WANTS) == set(CALLS)


@pytest.mark.parametrize("check", WANTS)
def test_a_healthy_node_passes(check: str) -> None:
    verdicts = of(check, healthy())
    assert results(verdicts) == {Result.PASS}
    assert all(call.answered for verdict in verdicts for call in verdict.evidence if call.call == CALLS[check])


def test_a_healthy_node_has_nothing_else_wrong() -> None:
    verdicts = judge(healthy(), expectations())
    assert results(verdicts) == {Result.PASS}
    assert exit_code_of(verdicts) == 0


@pytest.mark.parametrize(("check", "value", "code"), [(c, v, k) for c, rows in WRONG.items() for v, k in rows if k])
def test_a_wrong_value_fails_with_its_own_code(check: str, value: Any, code: str) -> None:
    verdict = about(of(check, with_calls(healthy(), CALLS[check], device(check), value=value)), device(check))
    assert verdict.result is Result.FAIL
    assert verdict.code
    assert verdict.code.id == code
    assert verdict.measured
    assert verdict.expected


@pytest.mark.parametrize("check", [each for each in READ if each not in MODES])
def test_a_fact_that_every_gpu_has_is_unknown_where_it_is_not_supported(check: str) -> None:
    """Every GPU has a UUID, so "not supported" is no valid response here."""
    verdict = about(of(check, returning(healthy(), CALLS[check], 3, device(check))), device(check))
    assert verdict.result is Result.UNKNOWN


@pytest.mark.parametrize("check", MODES)
def test_a_mode_that_a_gpu_lacks_is_skipped_if_it_is_to_be_off_and_fails_if_on(check: str) -> None:
    reading = returning(healthy(), CALLS[check], 3, 2)
    assert about(of(check, reading, want=False), 2).result is Result.SKIP
    assert about(of(check, reading, want=True), 2).result is Result.FAIL


@pytest.mark.parametrize("check", READ)
@pytest.mark.parametrize("code", [1, 4, 10, 13, 17, 25, 999, -7, 4242])
def test_a_refusal_leaves_the_fact_unknown(check: str, code: int) -> None:
    """Permission, a timeout, a function that the driver lacks, an unknown code: none of it is a fact."""
    verdict = about(of(check, returning(healthy(), CALLS[check], code, device(check))), device(check))
    assert verdict.result is Result.UNKNOWN
    assert verdict.code


@pytest.mark.parametrize("check", READ)
@pytest.mark.parametrize("outcome", [each for each in CallOutcome if each is not CallOutcome.RETURNED])
def test_a_hang_a_crash_and_garbage_leave_the_fact_unknown(check: str, outcome: CallOutcome) -> None:
    verdict = about(of(check, lost(healthy(), CALLS[check], outcome, device(check))), device(check))
    assert verdict.result is Result.UNKNOWN


@pytest.mark.parametrize("check", [each for each in READ if each != "nvml"])
@pytest.mark.parametrize("value", IMPLAUSIBLE)
def test_an_implausible_answer_never_passes(check: str, value: Any) -> None:
    verdict = about(of(check, with_calls(healthy(), CALLS[check], device(check), value=value)), device(check))
    assert verdict.result in {Result.UNKNOWN, Result.FAIL}


@pytest.mark.parametrize("check", READ)
@pytest.mark.parametrize(("code", "finding"), FAULTS)
def test_a_fault_is_a_finding_of_its_own_whichever_call_returned_it(check: str, code: int, finding: str) -> None:
    verdicts = judge(returning(healthy(), CALLS[check], code, device(check)), [expect(check, WANTS[check])])
    assert about([each for each in verdicts if each.check == check], device(check)).result is Result.UNKNOWN
    [fault] = [each for each in verdicts if each.check == "gpu-faults"]
    assert (fault.result, fault.code and fault.code.id) == (Result.FAIL, finding)


def test_a_gpu_without_a_handle_passes_nothing() -> None:
    """Whatever else a reading contains about it: the response was not from this GPU."""
    verdicts = judge(returning(healthy(), "nvmlDeviceGetHandleByIndex", 999, 2), expectations())
    assert {each.result for each in verdicts if each.gpu and each.gpu.index == 2} == {Result.UNKNOWN}


def test_a_lost_gpu_is_one_diagnostic_and_no_cascade() -> None:
    """Four of its facts are unreadable; the fault that caused this is reported once."""
    reading = healthy()
    for name in ("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetMigMode", "nvmlDeviceGetEccMode", "nvmlDeviceGetName"):
        reading = returning(reading, name, 15, 2)
    [told] = diagnostics_of(judge(reading, expectations()), reading)
    assert (told.code.id, told.subject) == ("BP9030", f"Node/{reading.node}")
    assert told.at
    assert dict(told.evidence)["pci"] == "0000:3a:00.0"


class TestNvml:
    @pytest.mark.parametrize("code", [9, 12])
    def test_no_library_and_no_driver_are_findings_where_gpus_are_declared(self, code: int) -> None:
        verdicts = judge(returning(driverless(), "nvmlInit", code), [expect("gpu-count", 8)])
        [nvml] = [each for each in verdicts if each.check == "nvml"]
        assert (nvml.result, nvml.code and nvml.code.id) == (Result.FAIL, "BP9000")
        assert nvml.expectation
        assert nvml.expectation.sources == expect("gpu-count", 8).sources

    @pytest.mark.parametrize("code", [9, 12])
    def test_where_the_kernel_has_the_driver_nothing_is_proven(self, code: int) -> None:
        """As on every node of the GPU Operator, whose library is in no path of the loader."""
        verdicts = judge(returning(healthy(), "nvmlInit", code), expectations())
        [nvml] = [each for each in verdicts if each.check == "nvml"]
        assert (nvml.result, nvml.code and nvml.code.id) == (Result.UNKNOWN, "BP9001")
        assert "580.173.02 is loaded" in nvml.message
        assert exit_code_of(verdicts) == 3

    def test_no_library_is_unknown_where_nothing_is_declared(self) -> None:
        verdicts = judge(returning(healthy(), "nvmlInit", 12), [])
        assert [each.result for each in verdicts if each.check == "nvml"] == [Result.UNKNOWN]
        assert exit_code_of(verdicts) == 3

    def test_one_child_that_could_not_initialise_is_enough_for_unknown(self) -> None:
        reading = healthy()
        hung = replace(next(iter(reading.calls_of("nvmlInit"))), child=2, outcome=CallOutcome.HUNG, code=None)
        assert results(of("nvml", replace(reading, calls=(*reading.calls, hung)))) == {Result.UNKNOWN}


class TestCount:
    def test_a_count_without_handles_is_a_contradiction(self) -> None:
        verdicts = judge(returning(healthy(), "nvmlDeviceGetHandleByIndex", 2, 7), expectations())
        assert [each.result for each in verdicts if each.check == "gpu-count"] == [Result.UNKNOWN]
        [found] = [each for each in verdicts if each.check == "nvml-consistency"]
        assert "gives handles for only 7" in found.message

    def test_a_count_that_changes_is_not_a_count(self) -> None:
        reading = healthy()
        *rest, last = reading.calls
        verdicts = judge(replace(reading, calls=(*rest, replace(last, value=7))), expectations())
        assert [each.result for each in verdicts if each.check == "gpu-count"] == [Result.UNKNOWN]
        [found] = [each for each in verdicts if each.check == "nvml-consistency"]
        assert "changed while it was read: 8, then 7" in found.message

    def test_eight_times_the_same_device_are_not_eight_gpus(self) -> None:
        reading = healthy()
        first = next(iter(reading.calls_of("nvmlDeviceGetPciInfo", 0))).value
        [verdict] = of("gpu-count", with_calls(reading, "nvmlDeviceGetPciInfo", value=first))
        assert (verdict.result, verdict.code and verdict.code.id) == (Result.FAIL, "BP9021")

    def test_gpus_that_were_not_visited_are_not_counted_as_good(self) -> None:
        assert results(of("gpu-count", without(healthy(), "nvmlDeviceGetHandleByIndex", 5))) == {Result.UNKNOWN}


class TestProduct:
    def test_the_pci_id_decides_where_the_name_was_not_answered(self) -> None:
        assert about(of("gpu-product", returning(healthy(), "nvmlDeviceGetName", 4, 2)), 2).result is Result.PASS

    @pytest.mark.parametrize("name", ["NVIDIA H100 80GB HBM3", "NVIDIA H100 80GB HBM3 MIG 1g.10gb"])
    def test_the_complete_name_decides_where_the_pci_id_cannot_be_read(self, name: str) -> None:
        reading = with_calls(returning(healthy(), "nvmlDeviceGetPciInfo", 3), "nvmlDeviceGetName", value=name)
        assert results(of("gpu-product", reading)) == {Result.PASS}

    @pytest.mark.parametrize(
        "name", ["NVIDIA H100", "NVIDIA H100 80GB HBM3 ", "NVIDIA GH100 80GB HBM3", "xNVIDIA H100 80GB HBM3"]
    )
    def test_a_part_of_a_name_is_not_a_name(self, name: str) -> None:
        reading = with_calls(returning(healthy(), "nvmlDeviceGetPciInfo", 3), "nvmlDeviceGetName", value=name)
        assert results(of("gpu-product", reading)) == {Result.FAIL}

    def test_neither_name_nor_id_is_unknown(self) -> None:
        reading = returning(returning(healthy(), "nvmlDeviceGetPciInfo", 4), "nvmlDeviceGetName", 4)
        assert results(of("gpu-product", reading)) == {Result.UNKNOWN}

    def test_garbage_for_a_name_contradicts_the_pci_id(self) -> None:
        verdict = about(of("gpu-product", lost(healthy(), "nvmlDeviceGetName", CallOutcome.UNDECODABLE, 2)), 2)
        assert (verdict.result, verdict.code and verdict.code.id) == (Result.FAIL, "BP9041")

    @pytest.mark.parametrize(
        ("device_id", "name", "code"),
        [
            (0x20B210DE, None, "BP9041"),
            (0x20B210DE, "NVIDIA A100-SXM4-80GB", "BP9040"),
            (0x233010DF, None, "BP9041"),
            (0x10DE2330, None, "BP9041"),
        ],
    )
    def test_another_pci_id_fails(self, device_id: int, name: str | None, code: str) -> None:
        reading = healthy()
        value = dict(next(iter(reading.calls_of("nvmlDeviceGetPciInfo", 2))).value) | {"pciDeviceId": device_id}
        reading = with_calls(reading, "nvmlDeviceGetPciInfo", 2, value=value)
        reading = with_calls(reading, "nvmlDeviceGetName", 2, value=name) if name else reading
        verdict = about(of("gpu-product", reading), 2)
        assert (verdict.result, verdict.code and verdict.code.id) == (Result.FAIL, code)


class TestMemory:
    def test_far_too_little_is_called_virtualised(self) -> None:
        verdict = about(
            of("gpu-memory", with_calls(healthy(), CALLS["gpu-memory"], 2, value={"total": 10240 << 20})), 2
        )
        assert verdict.remedy.startswith("look for a vGPU")

    @pytest.mark.parametrize("mib", [81559 - 1024, 81559, 81559 + 1024])
    def test_the_tolerance_is_inclusive(self, mib: int) -> None:
        reading = with_calls(healthy(), CALLS["gpu-memory"], value={"total": mib << 20})
        assert results(of("gpu-memory", reading)) == {Result.PASS}


class TestDriver:
    @pytest.mark.parametrize(
        ("want", "result"),
        [
            ({"version": "580.173.02"}, Result.PASS),
            ({"version": "580.173.2"}, Result.PASS),
            ({"branch": "580", "version": "580.173.02"}, Result.PASS),
            ({"version": "580.173.03"}, Result.FAIL),
            ({"branch": "58", "version": "580.173.02"}, Result.UNKNOWN),
        ],
    )
    def test_versions_are_compared_number_by_number(self, want: Any, result: Result) -> None:
        assert results(of("driver-version", healthy(), want)) == {result}

    @pytest.mark.parametrize(
        "version", ["580", "580.173.02-rc1", "R580.1", "580.", "580.1.2.3", "\u0665\u0668\u0660.1", "58.1.2"]
    )
    def test_what_has_not_the_form_of_a_version_is_unknown(self, version: str) -> None:
        reading = with_calls(healthy(), CALLS["driver-version"], value=version)
        assert results(of("driver-version", reading)) == {Result.UNKNOWN}


class TestIdentity:
    def test_a_uuid_that_two_gpus_share_fails_on_both(self) -> None:
        reading = healthy()
        first = next(iter(reading.calls_of("nvmlDeviceGetUUID", 0))).value
        failed = [
            each.gpu.index
            for each in of("gpu-uuids", with_calls(reading, "nvmlDeviceGetUUID", 5, value=first))
            if each.result is Result.FAIL and each.gpu
        ]
        assert failed == [0, 5]

    def test_a_pci_address_that_contradicts_its_numbers_is_unknown(self) -> None:
        reading = healthy()
        value = dict(next(iter(reading.calls_of("nvmlDeviceGetPciInfo", 2))).value) | {"bus": 99}
        assert (
            about(of("gpu-pci", with_calls(reading, "nvmlDeviceGetPciInfo", 2, value=value)), 2).result
            is Result.UNKNOWN
        )

    def test_an_index_that_meant_two_gpus_proves_nothing_about_either(self) -> None:
        """A new child may find another GPU at an index: facts from before and after must not be mixed."""
        reading = healthy()
        other = replace(next(iter(reading.calls_of("nvmlDeviceGetUUID", 2))), child=2, value="GPU-another")
        verdicts = judge(replace(reading, calls=(*reading.calls, other)), expectations())
        on_it = {each.check: each.result for each in verdicts if each.gpu and each.gpu.index == 2}
        assert set(on_it.values()) == {Result.UNKNOWN}
        assert [each.code and each.code.id for each in verdicts if each.check == "nvml-consistency"] == ["BP9021"]


class TestPciAgreement:
    def agreement(self, *functions: PciFunction, readable: bool = True) -> list[Verdict]:
        reading = healthy()
        scan = replace(reading.pci, functions=functions, readable=readable)
        return [each for each in judge(replace(reading, pci=scan), []) if each.check == "pci-agreement"]

    def test_a_gpu_that_only_the_kernel_sees_is_named_by_its_address(self) -> None:
        extra = PciFunction("0000:e1:00.0", "2330", "nvidia")
        [verdict] = self.agreement(*healthy().pci.functions, extra)
        assert (verdict.result, verdict.code and verdict.code.id) == (Result.FAIL, "BP9022")
        assert "0000:e1:00.0" in verdict.message

    def test_a_gpu_given_to_a_virtual_machine_is_rightly_not_in_nvml(self) -> None:
        passed_through = PciFunction("0000:e1:00.0", "2330", "vfio-pci")
        assert results(self.agreement(*healthy().pci.functions, passed_through)) == {Result.PASS}

    def test_a_gpu_at_an_address_that_the_kernel_does_not_have_fails(self) -> None:
        functions = list(healthy().pci.functions)
        functions[3] = replace(functions[3], address="0000:e1:00.0")
        assert [each.gpu and each.gpu.index for each in self.agreement(*functions)] == [3]

    def test_a_device_id_that_the_kernel_reads_differently_fails(self) -> None:
        functions = list(healthy().pci.functions)
        functions[3] = replace(functions[3], device="20B2")
        [verdict] = self.agreement(*functions)
        assert (verdict.result, verdict.gpu and verdict.gpu.index) == (Result.FAIL, 3)

    @pytest.mark.parametrize("readable", [True, False])
    def test_without_a_second_witness_the_check_says_so(self, readable: bool) -> None:
        assert results(self.agreement(readable=readable)) == {Result.SKIP}


class TestExpectations:
    @pytest.mark.parametrize(
        ("check", "want"),
        [
            ("gpu-count", "8"),
            ("gpu-count", True),
            ("gpu-count", -1),
            ("gpu-count", 8.0),
            ("gpu-product", "H100"),
            ("gpu-product", {"product": "H100", "nvmlNames": [], "pciDeviceIds": []}),
            ("gpu-product", {"product": "H100", "pciDeviceIds": ["233"]}),
            ("gpu-memory", {"mib": 10, "toleranceMib": 10}),
            ("gpu-memory", 81559),
            ("driver-version", {}),
            ("driver-version", "580"),
            ("mig-mode", 0),
            ("ecc-mode", "on"),
            ("persistence-mode", None),
            ("gpu-uuids", True),
            ("nvml", False),
            ("gpu-cuont", 8),
            ("pci-agreement", True),
        ],
    )
    def test_what_the_probe_cannot_check_is_unknown_and_never_passes(self, check: str, want: Any) -> None:
        verdicts = judge(healthy(), [expect(check, want)])
        assert [each.code.id for each in verdicts if each.expectation and each.code] == ["BP9955"]
        assert exit_code_of(verdicts) == 3

    def test_a_check_without_an_expectation_is_skipped_and_counted(self) -> None:
        skipped = [each for each in judge(healthy(), expectations(ecc_mode=None)) if each.result is Result.SKIP]
        assert [(each.check, each.message) for each in skipped] == [("ecc-mode", "no expectation declared")]
