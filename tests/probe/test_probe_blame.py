"""What findings name, and how often: the lost GPU, the driver that holds it, one cause once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.probe.collect import scan_host
from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import judge
from blueprint.probe.reading import CallOutcome, Reading
from blueprint.probe.verdicts import Result
from blueprint.records import replace
from tests.support.nvml_stub.describe import a100x4, fault, h100x8, lie
from tests.support.nvml_stub.root import Host, build, infiniband
from tests.support.probe_examples import Probe, expect, expectations, healthy, lost, returning, with_calls, without
from tests.support.record_readings import sysfs_of

SLOTS = ("18", "2a", "3a", "5d", "9a", "ab", "ba", "db")


def told(reading: Reading, *extra: Any) -> list[tuple[str, str]]:
    verdicts = judge(reading, [*expectations(), *extra])
    return [(each.code.id, each.message) for each in diagnostics_of(verdicts, reading)]


def driven(reading: Reading, *drivers: str) -> Reading:
    """The GPUs on the bus are bound to these drivers."""
    functions = zip(reading.pci.functions, drivers, strict=True)
    return replace(reading, pci=replace(reading.pci, functions=tuple(replace(f, driver=d) for f, d in functions)))


@pytest.mark.parametrize("gpu", range(8))
@pytest.mark.parametrize("how", [{"return": 15}, {"return": 999}, {"crash": True}])
def test_a_gpu_without_a_handle_is_named_by_elimination(probe: Probe, tmp_path: Path, gpu: int, how: Any) -> None:
    root = build(tmp_path / "root")
    sysfs_of(h100x8(), root / "sys")
    reading = probe(fault(h100x8(), "nvmlDeviceGetHandleByIndex", device=gpu, **how), root=root)
    messages = told(reading)
    assert any(f"0000:{SLOTS[gpu]}:00.0" in message for _, message in messages)
    assert not [message for _, message in messages if "is not in the reading" in message]
    assert len(messages) == 1, messages


def test_of_two_gpus_without_a_handle_none_is_guessed() -> None:
    reading = healthy()
    for gpu in (2, 5):
        for call in ("nvmlDeviceGetUUID", "nvmlDeviceGetPciInfo"):
            reading = without(reading, call, gpu)
        reading = returning(reading, "nvmlDeviceGetHandleByIndex", 15, gpu)
    assert not [message for _, message in told(reading) if "elimination" in message]


def counted(reading: Reading, number: int) -> Reading:
    """NVML counts and shows only the first of them."""
    kept = tuple(call for call in reading.calls if call.device is None or call.device < number)
    return with_calls(replace(reading, calls=kept), "nvmlDeviceGetCount", value=number)


@pytest.mark.parametrize("given", [1, 4, 7])
def test_gpus_given_to_virtual_machines_are_named_as_that(given: int) -> None:
    reading = driven(counted(healthy(), 8 - given), *["nvidia"] * (8 - given), *["vfio-pci"] * given)
    verdicts = judge(reading, expectations())
    [failed] = [each for each in verdicts if each.result is Result.FAIL]
    assert failed.code
    assert failed.code.id == "BP9020"
    assert f"{given} of them given to vfio-pci" in failed.message
    assert "vfio" in failed.remedy
    assert "kernel log" not in failed.remedy


def test_all_gpus_given_away_without_a_driver_are_named_as_that() -> None:
    reading = driven(returning(healthy(), "nvmlInit", 12), *["vfio-pci"] * 8)
    assert reading.host
    gone = tuple(each for each in reading.host.records if "driver/nvidia" not in each.path)
    bare = replace(reading, host=replace(reading.host, records=gone), calls=reading.calls[:1])
    [nvml] = [each for each in judge(bare, expectations()) if each.check == "nvml"]
    assert (nvml.code and nvml.code.id, "8 GPUs given to vfio-pci" in nvml.message) == ("BP9000", True)


def test_a_container_that_sees_one_of_eight_is_pointed_at_what_hides_them() -> None:
    reading = driven(counted(healthy(), 1), *["nvidia"] * 8)
    failed = [each for each in judge(reading, expectations()) if each.result is Result.FAIL]
    assert {each.check for each in failed} == {"gpu-count", "pci-agreement"}
    assert all("NVIDIA_VISIBLE_DEVICES" in each.remedy for each in failed)


def test_gpus_that_no_driver_took_are_looked_for_in_the_kernel_log() -> None:
    reading = driven(counted(healthy(), 7), *["nvidia"] * 7, "")
    failed = [each for each in judge(reading, expectations()) if each.result is Result.FAIL]
    assert all("kernel log" in each.remedy and "VISIBLE" not in each.remedy for each in failed)


def test_a_card_in_the_other_mode_is_named(tmp_path: Path) -> None:
    cards = infiniband()
    root = build(tmp_path / "root", Host(cards=(*cards[:2], replace(cards[2], link="Ethernet"), *cards[3:])))
    reading = replace(healthy(), host=scan_host(root))
    want = expect("network-cards", {"fabric": "infiniband", "cards": 8, "vendor": "15b3"})
    [failed] = [each for each in judge(reading, [want]) if each.result is Result.FAIL]
    assert "mlx5_2 port 1 is Ethernet" in failed.message
    assert "mlxconfig" in failed.remedy


@pytest.mark.parametrize(
    ("call", "value", "code"),
    [
        ("nvmlDeviceGetPersistenceMode", 0, "BP9200"),
        ("nvmlDeviceGetEccMode", [1, 0], "BP9221"),
        ("nvmlDeviceGetMigMode", [1, 1], "BP9700"),
        ("nvmlDeviceGetMemoryInfo", {"total": 40960 << 20}, "BP9060"),
        ("nvmlDeviceGetName", "NVIDIA H100", "BP9041"),
    ],
)
def test_one_setting_on_eight_gpus_is_one_finding_that_names_them_all(call: str, value: Any, code: str) -> None:
    reading = with_calls(healthy(), call, value=value)
    [found] = diagnostics_of(judge(reading, expectations()), reading)
    assert found.code.id == code
    assert "8 GPUs" in found.message
    assert reading.node in found.message
    assert len([value for name, value in found.evidence if name == "gpu"]) == 8


@pytest.mark.parametrize("code", [3, 4, 10, 13, 25, 999])
def test_one_refusal_on_eight_gpus_is_reported_once(code: int) -> None:
    reading = returning(healthy(), "nvmlDeviceGetMemoryInfo", code)
    [found] = diagnostics_of(judge(reading, expectations()), reading)
    assert "8 GPUs" in found.message
    assert "nvmlDeviceGetMemoryInfo returned" in found.message


def test_different_findings_stay_apart() -> None:
    reading = with_calls(healthy(), "nvmlDeviceGetEccMode", 1, value=[0, 0])
    reading = with_calls(reading, "nvmlDeviceGetEccMode", 2, value=[1, 0])
    reading = lost(lost(reading, "nvmlDeviceGetName", CallOutcome.HUNG, 3), "nvmlDeviceGetName", CallOutcome.HUNG, 4)
    assert sorted(code for code, _ in told(reading)) == ["BP9220", "BP9221", "BP9900", "BP9900"]


@pytest.mark.parametrize("gpu", range(8))
def test_the_headline_names_node_and_gpu(gpu: int) -> None:
    [(_, message)] = told(with_calls(healthy(), "nvmlDeviceGetEccMode", gpu, value=[0, 0]))
    assert healthy().node in message
    assert f"0000:{SLOTS[gpu]}:00.0" in message


A2 = {
    "product": "A2",
    "nvmlNames": ["NVIDIA A2"],
    "pciDeviceIds": [],
    "pciSubsystems": {"25B6:10DE:157E": "A2", "25B6:10DE:14A9": "A16"},
}


@pytest.mark.parametrize(
    ("name", "subsystem", "code"),
    [
        ("NVIDIA A2", 0x157E10DE, None),
        ("NVIDIA A2", 0x14A910DE, "BP9041"),
        ("NVIDIA A16", 0x157E10DE, "BP9041"),
        ("NVIDIA A16", 0x14A910DE, "BP9040"),
        ("NVIDIA A2", 0x12341028, None),  # another vendor's board: only the name identifies it
        ("NVIDIA A16", 0x12341028, "BP9040"),
        ("NVIDIA A2", 0, None),
    ],
)
def test_products_with_one_device_id_are_distinguished_by_their_subsystem(
    probe: Probe, name: str, subsystem: int, code: str | None
) -> None:
    described = a100x4()
    for gpu in range(4):
        described = lie(described, gpu, name=name, pciDeviceId=0x25B610DE, pciSubSystemId=subsystem)
    verdicts = [each for each in judge(probe(described), [expect("gpu-product", A2)]) if each.check == "gpu-product"]
    assert {each.code.id if each.code else None for each in verdicts} == {code}


UUIDS = ["hello", "A" * 80, "MIG-00000000-5717-4000-8000-000000000002", "8" * 80, "GPU-another", "GPU-",
         "GPU-00000000-0000-0000-0000-000000000000", "GPU-00000000-5717-4000-8000-00000000000g",
         "GPU-00000000-5717-4000-8000-0000000000021", "gpu-00000000-5717-4000-8000-000000000002"]  # fmt: skip


@pytest.mark.parametrize("uuid", UUIDS)
@pytest.mark.parametrize("redacted", [False, True])
def test_what_has_not_the_form_of_a_uuid_is_none(uuid: str, *, redacted: bool) -> None:
    """Redaction must not turn it into one either."""
    from blueprint.probe.redaction import redact

    reading = with_calls(healthy(), "nvmlDeviceGetUUID", 2, value=uuid)
    verdicts = judge(redact(reading) if redacted else reading, expectations())
    [found] = [each for each in verdicts if each.check == "gpu-uuids" and each.gpu and each.gpu.index == 2]
    assert (found.result, found.code and found.code.id) == (Result.UNKNOWN, "BP9903")
