"""Checks of nodes whose GPUs are passed to virtual machines, on synthetic records of their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint.probe import pci
from blueprint.probe.collect import scan_host
from blueprint.probe.engine import judge
from blueprint.probe.host import Access, HostRecord, HostScan
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Result, Verdict
from blueprint.records import replace
from tests.support.probe_examples import expect, healthy

MODULES, MISC = "/proc/modules", "/proc/misc"
SNP, TDX = "/sys/module/kvm_amd/parameters/sev_snp", "/sys/module/kvm_intel/parameters/tdx"
WANTS: dict[str, Any] = {
    "passed-gpus": 2, "no-host-driver": True, "iommu-groups": True, "kvm": True, "memory-encryption": "snp",
}  # fmt: skip


def function(address: str, kind: str = "0x030200", vendor: str = "0x10de", **values: str) -> HostRecord:
    own = {"vendor": vendor, "device": "0x2330", "class": kind, "driver": "vfio-pci", "iommu_group": address[5:7]}
    return HostRecord(f"{pci.DEVICES}/{address}", Access.READ, {**own, **values})


GPUS = (function("0000:18:00.0"), function("0000:2a:00.0"))
CARD = function("0000:19:00.0", kind="0x020700", vendor="0x15b3", driver="mlx5_core")


def node(*functions: HostRecord, files: Mapping[str, dict[str, str]] | None = None) -> Reading:
    """A reading of a node without NVML, with these functions on its PCI bus."""
    values = {MODULES: {"vfio_pci": "Live"}, MISC: {"kvm": "there"}, SNP: {"value": "Y"}, **(files or {})}
    records = [HostRecord(path, Access.READ, each) for path, each in values.items()]
    host = HostScan("/", (*records, HostRecord(pci.DEVICES, Access.READ, {}), *functions))
    return replace(healthy(), host=host, pci=pci.scan(host, "/sys"))


def of(reading: Reading, check: str, want: Any = None) -> list[Verdict]:
    wanted = WANTS[check] if want is None else want
    return [each for each in judge(reading, [expect(check, wanted)]) if each.check == check]


@pytest.mark.parametrize("check", WANTS)
def test_a_node_as_declared_passes_with_files_as_evidence(check: str) -> None:
    [verdict] = of(node(*GPUS, CARD), check)
    assert verdict.result is Result.PASS
    assert verdict.files


@pytest.mark.parametrize("check", WANTS)
def test_a_node_whose_files_are_not_mounted_is_unknown(check: str, tmp_path: Path) -> None:
    host = scan_host(tmp_path / "none")
    [verdict] = of(replace(healthy(), host=host, pci=pci.scan(host, "/sys")), check)
    assert verdict.result is Result.UNKNOWN


@pytest.mark.parametrize(
    ("reading", "check", "code", "words"),
    [
        (node(GPUS[0]), "passed-gpus", "BP9801", "has 1 GPU, not 2"),
        (node(GPUS[0], function("0000:2a:00.0", driver="nvidia")), "passed-gpus", "BP9800", "held by nvidia"),
        (node(GPUS[0], function("0000:2a:00.0", driver="")), "passed-gpus", "BP9800", "held by no driver"),
        (node(*GPUS, files={MODULES: {"nvidia": "Live"}}), "no-host-driver", "BP9802", "nvidia is loaded"),
        (node(*GPUS, files={MODULES: {"nouveau": "Live"}}), "no-host-driver", "BP9802", "nouveau is loaded"),
        (node(GPUS[0], function("0000:2a:00.0", iommu_group="18")), "iommu-groups", "BP9803", "0000:2a:00.0"),
        (node(*GPUS, replace(CARD, values={**CARD.values, "iommu_group": "18"})), "iommu-groups", "BP9803", "19:00.0"),
        (node(GPUS[0], function("0000:2a:00.0", iommu_group="")), "iommu-groups", "BP9804", "no IOMMU group"),
        (node(*GPUS, files={MISC: {"kvm": "missing"}}), "kvm", "BP9805", "no KVM"),
        (node(*GPUS, files={SNP: {"value": "N"}}), "memory-encryption", "BP9806", "SEV-SNP is disabled"),
    ],
)
def test_what_is_wrong_is_named(reading: Reading, check: str, code: str, words: str) -> None:
    [verdict] = of(reading, check)
    assert verdict.result is Result.FAIL
    assert verdict.code
    assert verdict.code.id == code
    assert words in verdict.message
    assert verdict.remedy


def test_gpus_of_grace_are_held_by_a_driver_of_their_own() -> None:
    held = [function(address, driver="nvgrace_gpu_vfio_pci") for address in ("0000:18:00.0", "0000:2a:00.0")]
    [verdict] = of(node(*held), "passed-gpus")
    assert verdict.result is Result.PASS


def test_the_other_vendors_switch_proves_nothing() -> None:
    [verdict] = of(node(*GPUS), "memory-encryption", "tdx")
    assert verdict.result is Result.UNKNOWN


def test_a_switch_that_is_neither_on_nor_off_is_implausible() -> None:
    [verdict] = of(node(*GPUS, files={TDX: {"value": "?"}}), "memory-encryption", "tdx")
    assert verdict.result is Result.UNKNOWN
