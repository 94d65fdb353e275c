"""Nodes of pools that declare no GPUs: healthy ones are clean, and a GPU in one of them is found by every source."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.probe.collect import collect
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.reading import PciFunction, PciScan, Reading
from blueprint.probe.summary import summary
from blueprint.probe.verdicts import Result, Verdict
from blueprint.records import replace
from tests.support.nvml_stub.describe import changed, h100x8
from tests.support.nvml_stub.root import Host, build
from tests.support.probe_examples import NOW, Probe, expect, healthy
from tests.support.record_readings import add_function, sysfs_of

NONE = [expect("gpu-count", 0, "system")]


def on_bus(folder: Path, driver: str, number: int = 8) -> Path:
    """A node without the NVIDIA driver, with GPUs on its PCI bus."""
    root = build(folder, Host(driver="", modules=("mlx5_core",)))
    for slot in range(number):
        address = root / "sys/bus/pci/devices" / f"0000:{slot:02x}:00.0"
        add_function(address, vendor=0x10DE, kind=0x030200, device=0x2330, driver=driver)
    return root


def bare(root: Path) -> Reading:
    return collect("cpu-0", NOW, library=root / "none.so", root=root)


def count(reading: Reading) -> Verdict:
    [found] = [each for each in judge(reading, NONE) if each.check == "gpu-count"]
    return found


def test_a_healthy_node_is_clean(tmp_path: Path) -> None:
    reading = bare(on_bus(tmp_path / "root", "", number=0))
    verdicts = judge(reading, NONE)
    assert exit_code_of(verdicts) == 0
    assert count(reading).message == "no GPUs, as declared"
    assert (
        summary(verdicts, reading, "system")
        == "cpu-0: no GPUs on the PCI bus; 1 as declared; checked against pool system"
    )


def test_nvml_that_counts_none_is_clean_as_well(probe: Probe, tmp_path: Path) -> None:
    reading = probe(changed(h100x8(), devices=[]), root=on_bus(tmp_path / "root", "", number=0))
    assert exit_code_of(judge(reading, NONE)) == 0


@pytest.mark.parametrize("driver", ["", "nouveau", "nvidia"])
@pytest.mark.parametrize("number", [1, 8])
def test_gpus_on_the_bus_are_a_finding_without_any_nvml(tmp_path: Path, driver: str, number: int) -> None:
    reading = bare(on_bus(tmp_path / "root", driver, number))
    found = count(reading)
    assert (found.result, found.code and found.code.id, found.measured) == (Result.FAIL, "BP9020", str(number))


def test_gpus_that_nvml_counts_are_a_finding(probe: Probe, tmp_path: Path) -> None:
    root = build(tmp_path / "root")
    sysfs_of(h100x8(), root / "sys")
    for reading in (probe(h100x8(), root=root), probe(h100x8())):
        assert (count(reading).result, count(reading).measured) == (Result.FAIL, "8")


@pytest.mark.parametrize("driver", ["vfio-pci", "nvgrace_gpu_vfio_pci"])
def test_gpus_given_to_virtual_machines_are_named_and_not_reported_as_faulty(tmp_path: Path, driver: str) -> None:
    reading = bare(on_bus(tmp_path / "root", driver))
    verdicts = judge(reading, NONE)
    assert exit_code_of(verdicts) == 0
    assert f"8 GPUs given to {driver}" in summary(verdicts, reading, "system")


def test_a_node_whose_bus_cannot_be_seen_is_unknown(tmp_path: Path) -> None:
    assert exit_code_of(judge(bare(tmp_path / "nothing"), NONE)) == 3


SOME = PciFunction("0000:18:00.0", "2330", "nvidia")


@pytest.mark.parametrize(
    "scan",
    [
        PciScan("/sys", readable=False, functions=(SOME,)),
        PciScan("/sys", readable=True, functions=(SOME, SOME)),
        PciScan("/sys", readable=True, functions=(SOME, replace(SOME, device="20B2"))),
        PciScan("/sys", readable=True, functions=(replace(SOME, address="0000:18:00"),)),
        PciScan("/sys", readable=True, functions=(replace(SOME, device="-2330"),)),
    ],
)
def test_a_list_that_contradicts_itself_proves_nothing(scan: PciScan) -> None:
    verdicts = judge(replace(healthy(), pci=scan), [])
    [found] = [each for each in verdicts if each.check == "pci-agreement"]
    assert (found.result, found.code and found.code.id) == (Result.UNKNOWN, "BP9903")
    assert exit_code_of(verdicts) == 3


def test_a_list_that_was_emptied_contradicts_the_files_behind_it(probe: Probe, tmp_path: Path) -> None:
    root = build(tmp_path / "root")
    sysfs_of(h100x8(), root / "sys")
    reading = probe(h100x8(), root=root)
    emptied = replace(reading, pci=replace(reading.pci, functions=()))
    assert exit_code_of(judge(reading, [])) == 0
    assert exit_code_of(judge(emptied, [])) == 3


@pytest.mark.parametrize("given", range(1, 9))
def test_nvml_that_answers_for_gpus_given_to_virtual_machines_contradicts_the_kernel(given: int) -> None:
    reading = healthy()
    listed = [replace(each, driver="vfio-pci" if at < given else "nvidia")
              for at, each in enumerate(reading.pci.functions)]  # fmt: skip
    verdicts = judge(replace(reading, pci=replace(reading.pci, functions=tuple(listed))), [])
    [found] = [each for each in verdicts if each.result is Result.FAIL]
    assert (found.check, found.code and found.code.id) == ("pci-agreement", "BP9022")
    assert "given to vfio-pci" in found.message
