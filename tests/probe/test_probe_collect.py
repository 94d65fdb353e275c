"""The collector with a library that lies, hangs, crashes and returns garbage: real bindings, real processes."""

from __future__ import annotations

import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueprint.probe.checks.gpu_memory import MEMORY_INFO
from blueprint.probe.collect import CALL_SECONDS, collect
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.observations import ObservedNode
from blueprint.probe.reading import CallOutcome, Origin, Reading
from blueprint.probe.reading_file import read_reading, reading_from_json
from blueprint.probe.sweep import _PATIENCE
from blueprint.probe.verdicts import Result
from tests.support.nvml_stub.describe import a100x4, changed, fault, h100x8, lie
from tests.support.nvml_stub.root import build as build_root
from tests.support.probe_examples import NOW, READINGS, expectations
from tests.support.record_readings import sysfs_of

Probe = Callable[..., Reading]
QUICK = 0.4
A100 = {"product": "A100-SXM4-80GB", "nvmlNames": ["NVIDIA A100-SXM4-80GB"], "pciDeviceIds": ["20B2"]}


def failing(reading: Reading, **changes: Any) -> set[tuple[str, int | None]]:
    verdicts = judge(reading, expectations(**changes))
    return {(v.code.id, v.gpu.index if v.gpu else None) for v in verdicts if v.result is Result.FAIL and v.code}


def unknown(reading: Reading) -> set[tuple[str, int | None]]:
    verdicts = judge(reading, expectations())
    return {(v.check, v.gpu.index if v.gpu else None) for v in verdicts if v.result is Result.UNKNOWN}


def outcomes(reading: Reading, outcome: CallOutcome) -> list[tuple[str, int | None]]:
    return [(call.call, call.device) for call in reading.calls if call.outcome is outcome]


def test_eight_healthy_h100_pass_with_every_fact_read(probe: Probe, tmp_path: Path) -> None:
    root = build_root(tmp_path / "root")
    sysfs_of(h100x8(), root / "sys")
    reading = probe(h100x8(), root=root)
    verdicts = judge(reading, expectations())
    assert {verdict.result for verdict in verdicts} == {Result.PASS}
    assert exit_code_of(verdicts) == 0
    [first, *_] = ObservedNode(reading).gpus
    assert first.name.value == "NVIDIA H100 80GB HBM3"
    assert first.observe(MEMORY_INFO).value == 85_520_809_984
    assert str(first.id) == "GPU-00000000-5717-4000-8000-000000000000 at 0000:18:00.0"


def test_the_inventory_is_recorded_though_nothing_judges_it(probe: Probe) -> None:
    """The board's part number in the reading is needed to order a replacement, and a later check may use any value."""
    reading = probe(h100x8())
    inventory = {
        "nvmlSystemGetNVMLVersion": "13.580.173.02",
        "nvmlSystemGetCudaDriverVersion": 13000,
        "nvmlDeviceGetVbiosVersion": "96.00.00.00.01",
        "nvmlDeviceGetBoardPartNumber": "692-2G520-0200-000",
    }
    for call, value in inventory.items():
        assert {made.value for made in reading.calls if made.call == call} == {value}


def test_the_calls_of_a_gpu_come_in_the_same_order_as_ever(probe: Probe) -> None:
    healthy = read_reading(READINGS / "h100x8-healthy.json")
    added_since = {"nvmlDeviceGetMigDeviceHandleByIndex", "nvmlDeviceGetGpuFabricInfoV"}
    made = [(each.call, each.device) for each in probe(h100x8()).calls if each.call not in added_since]
    assert made == [(each.call, each.device) for each in healthy.calls if each.call not in added_since]


def test_four_healthy_a100_pass(probe: Probe) -> None:
    wants = {"gpu_count": 4, "gpu_product": A100, "gpu_memory": {"mib": 81920, "toleranceMib": 1024}}
    assert failing(probe(a100x4()), **wants) == set()


def test_one_child_makes_all_calls_of_a_healthy_node(probe: Probe) -> None:
    assert {call.child for call in probe(h100x8()).calls} == {1}


def test_values_of_the_stub_are_never_taken_for_hardware(probe: Probe) -> None:
    assert probe(h100x8()).origin is Origin.SYNTHETIC


def test_a_reading_survives_its_file(probe: Probe) -> None:
    reading = probe(fault(h100x8(), "nvmlDeviceGetName", device=1, bytes="ff00"))
    assert reading_from_json(json.loads(json.dumps(reading.to_json()))) == reading


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"ecc": [0, 0]}, {("BP9220", 2)}),
        ({"ecc": [1, 0]}, {("BP9221", 2)}),
        ({"ecc": None}, {("BP9220", 2)}),
        ({"mig": [1, 1]}, {("BP9700", 2)}),
        ({"mig": [0, 1]}, {("BP9701", 2)}),
        ({"mig": None}, set()),
        ({"persistence": 0}, {("BP9200", 2)}),
        ({"memory": 40960 << 20}, {("BP9060", 2)}),
        ({"name": "NVIDIA A100-SXM4-80GB"}, {("BP9041", 2)}),
        ({"name": "NVIDIA H100"}, {("BP9041", 2)}),
        ({"pciDeviceId": 0x20B210DE}, {("BP9041", 2)}),
        ({"name": "NVIDIA H200", "pciDeviceId": 0x233510DE}, {("BP9040", 2)}),
        ({"uuid": ""}, {("BP9070", 2)}),
        ({"uuid": "GPU-00000000-5717-4000-8000-000000000000"}, {("BP9070", 0), ("BP9070", 2)}),
        ({"busId": "00000000:18:00.0"}, {("BP9071", 0), ("BP9071", 2), ("BP9021", None)}),
    ],
)
def test_one_wrong_value_of_one_gpu_is_found_on_that_gpu(probe: Probe, facts: Any, found: Any) -> None:
    assert failing(probe(lie(h100x8(), 2, **facts))) == found


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({"driver": "570.172.08"}, {("BP9100", None)}),
        ({"driver": "5800.1"}, {("BP9100", None)}),
        ({"count": 7}, {("BP9020", None)}),
        ({"count": 9}, {("BP9020", None), ("BP9021", None)}),
        ({"count": 0}, {("BP9020", None)}),
        ({"countLater": 7}, {("BP9021", None)}),
        ({"devices": []}, {("BP9020", None)}),
    ],
)
def test_one_wrong_value_of_the_node_is_found(probe: Probe, facts: Any, found: Any) -> None:
    assert failing(probe(changed(h100x8(), **facts))) == found


@pytest.mark.parametrize("count", [4_294_967_295, 2_147_483_648, 1000])
def test_an_implausible_count_is_unknown_and_the_gpus_are_read_all_the_same(probe: Probe, count: int) -> None:
    reading = probe(changed(h100x8(), count=count))
    assert ("gpu-count", None) in unknown(reading)
    assert sum(gpu.handle.value is True for gpu in ObservedNode(reading).gpus) == 8
    assert len(ObservedNode(reading).gpus) == 10


@pytest.mark.parametrize(
    ("facts", "lost"),
    [
        ({"memory": 0}, "gpu-memory"),
        ({"ecc": [2, 1]}, "ecc-mode"),
        ({"mig": [7, 7]}, "mig-mode"),
        ({"persistence": 4_294_967_295}, "persistence-mode"),
        ({"uuid": "GPU \u00e9"}, "gpu-uuids"),
        ({"busId": "nowhere"}, "gpu-pci"),
    ],
)
def test_an_answer_that_cannot_be_true_is_unknown(probe: Probe, facts: Any, lost: str) -> None:
    reading = probe(lie(h100x8(), 2, **facts))
    assert (lost, 2) in unknown(reading)
    assert exit_code_of(judge(reading, expectations())) == 3


@pytest.mark.parametrize("call", ["nvmlSystemGetDriverVersion", "nvmlDeviceGetUUID", "nvmlDeviceGetName"])
@pytest.mark.parametrize("garbage", ["ff", "fffe00", "c3", "1b5b324a", "80" * 200, "00"])
def test_bytes_that_are_not_text_never_pass_and_never_break_anything(probe: Probe, call: str, garbage: str) -> None:
    verdicts = judge(probe(fault(h100x8(), call, bytes=garbage)), expectations())
    assert exit_code_of(verdicts) in {1, 3}


def test_bytes_that_are_not_text_are_kept_as_they_came(probe: Probe) -> None:
    reading = probe(fault(h100x8(), "nvmlDeviceGetName", device=2, bytes="41ff42"))
    [call] = reading.calls_of("nvmlDeviceGetName", 2)
    assert (call.outcome, call.detail) == (CallOutcome.UNDECODABLE, "41ff42")


@pytest.mark.parametrize("code", [3, 4, 9, 10, 13, 15, 16, 18, 999, 31337, -2])
@pytest.mark.parametrize("call", ["nvmlDeviceGetMemoryInfo", "nvmlDeviceGetHandleByIndex", "nvmlDeviceGetCount"])
def test_a_return_code_never_passes(probe: Probe, call: str, code: int) -> None:
    verdicts = judge(probe(fault(h100x8(), call, **{"return": code})), expectations())
    assert exit_code_of(verdicts) in {1, 3}


def test_a_lost_gpu_is_reported_once_with_its_identity(probe: Probe) -> None:
    """It reported its name before it was lost, as a GPU does that falls off the bus during the reading."""
    spoilt = h100x8()
    for call in ("nvmlDeviceGetMemoryInfo", "nvmlDeviceGetEccMode"):
        spoilt = fault(spoilt, call, device=3, **{"return": 15})
    verdicts = judge(probe(spoilt), expectations())
    [found] = [each for each in verdicts if each.result is Result.FAIL]
    assert found.code
    assert found.code.id == "BP9030"
    assert found.gpu
    assert found.gpu.uuid.endswith("3")
    assert len(found.evidence) == 2


def test_a_uuid_that_changes_while_it_is_read_is_not_an_identity(probe: Probe) -> None:
    changing = fault(h100x8(), "nvmlDeviceGetUUID", device=2, after=1, bytes=b"GPU-another".hex())
    reading = probe(changing)
    assert failing(reading) == {("BP9021", None)}
    assert ("gpu-uuids", 2) in unknown(reading)


def test_a_gpu_that_is_lost_after_everything_was_read_is_noticed(probe: Probe) -> None:
    reading = probe(fault(h100x8(), "nvmlDeviceGetUUID", device=2, after=1, **{"return": 15}))
    assert failing(reading) == {("BP9030", 2)}


def test_a_slow_driver_does_not_hold_up_the_sweep_for_ever(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call returns in time; the sweep as a whole does not, and is stopped."""
    monkeypatch.setattr("blueprint.probe.sweep._MAX_SWEEP", 1)
    reading = probe(fault(h100x8(), "nvmlDeviceGetUUID", sleep=0.3), call_seconds=1.0)
    assert outcomes(reading, CallOutcome.HUNG) == []
    assert {call.detail for call in reading.calls if call.outcome is CallOutcome.NOT_MADE} == {
        "the driver responded so slowly that the sweep was stopped"
    }
    assert exit_code_of(judge(reading, expectations())) == 3


class TestHang:
    def test_a_hung_call_costs_that_answer_and_nothing_else(self, probe: Probe) -> None:
        reading = probe(fault(h100x8(), "nvmlDeviceGetEccMode", device=3, sleep=60), call_seconds=QUICK)
        assert outcomes(reading, CallOutcome.HUNG) == [("nvmlDeviceGetEccMode", 3)]
        assert unknown(reading) == {("ecc-mode", 3), ("lost-calls", 3)}
        assert failing(reading) == set()
        assert {call.child for call in reading.calls} == {1, 2}

    def test_the_new_child_makes_sure_that_it_is_the_same_gpu(self, probe: Probe) -> None:
        reading = probe(fault(h100x8(), "nvmlDeviceGetEccMode", device=3, sleep=60), call_seconds=QUICK)
        uuids = [(call.child, call.value) for call in reading.calls_of("nvmlDeviceGetUUID", 3)]
        assert [child for child, _ in uuids] == [1, 2, 2]
        assert len({value for _, value in uuids}) == 1

    def test_an_init_that_hangs_is_waited_for_longer_and_not_tried_again(self, probe: Probe) -> None:
        """Killing a driver that is starting is not harmless."""
        began = time.monotonic()
        reading = probe(fault(h100x8(), "nvmlInit", sleep=60), call_seconds=QUICK)
        assert outcomes(reading, CallOutcome.HUNG) == [("nvmlInit", None)], "it would have returned after a minute"
        assert time.monotonic() - began > 12 * QUICK
        assert exit_code_of(judge(reading, expectations())) == 3

    def test_a_driver_that_hangs_everywhere_ends_in_bounded_time(self, probe: Probe) -> None:
        spoilt = h100x8()
        for call in ("nvmlDeviceGetUUID", "nvmlDeviceGetName", "nvmlDeviceGetMemoryInfo"):
            spoilt = fault(spoilt, call, sleep=60)
        reading = probe(spoilt, call_seconds=0.2)
        assert 2 <= len(outcomes(reading, CallOutcome.HUNG)) <= 10
        assert exit_code_of(judge(reading, expectations())) == 3

    def test_an_optional_call_that_hangs_is_not_passed_over(self, probe: Probe) -> None:
        """No serial number is expected, but a hanging driver still causes exit code 3."""
        reading = probe(fault(h100x8(), "nvmlDeviceGetSerial", device=0, sleep=60), call_seconds=QUICK)
        assert unknown(reading) == {("lost-calls", 0)}

    def test_no_child_outlives_the_sweep(self, probe: Probe, tmp_path: Path) -> None:
        probe(fault(h100x8(), "nvmlInit", sleep=60), call_seconds=QUICK)
        description = str(tmp_path / "stub.json").encode()
        assert not [pid for pid in _processes() if description in _environment(pid) and pid != os.getpid()]


class TestColdDriver:
    """Without persistence mode the first call wakes the driver, and each GPU, which takes seconds each."""

    def test_its_start_takes_longer_than_any_call(self, probe: Probe) -> None:
        cold = fault(
            fault(h100x8(), "nvmlInit", sleep=8 * QUICK), "nvmlDeviceGetHandleByIndex", device=0, sleep=3 * QUICK
        )
        reading = probe(cold, call_seconds=QUICK)
        assert outcomes(reading, CallOutcome.HUNG) == []
        assert exit_code_of(judge(reading, expectations())) == 0

    def test_by_default_a_start_may_take_a_minute(self) -> None:
        assert CALL_SECONDS * _PATIENCE["nvmlInit"] >= 60
        assert CALL_SECONDS * _PATIENCE["nvmlDeviceGetHandleByIndex"] >= 20


class TestCrash:
    @pytest.mark.parametrize(("how", "said"), [({"crash": True}, "SIGSEGV"), ({"exit": 7}, "status 7")])
    def test_a_crash_costs_that_answer_and_nothing_else(self, probe: Probe, how: Any, said: str) -> None:
        reading = probe(fault(h100x8(), "nvmlDeviceGetName", device=5, **how))
        assert outcomes(reading, CallOutcome.CRASHED) == [("nvmlDeviceGetName", 5)]
        assert unknown(reading) == {("lost-calls", 5)}
        assert said in next(str(call) for call in reading.calls if call.outcome is CallOutcome.CRASHED)

    @pytest.mark.parametrize("call", ["nvmlInit", "nvmlSystemGetDriverVersion", "nvmlDeviceGetCount"])
    def test_a_crash_in_a_call_about_the_node_is_unknown(self, probe: Probe, call: str) -> None:
        reading = probe(fault(h100x8(), call, crash=True))
        assert exit_code_of(judge(reading, expectations())) == 3

    def test_a_gpu_that_crashes_everything_is_left_alone_after_two_calls(self, probe: Probe) -> None:
        spoilt = h100x8()
        for call in ("nvmlDeviceGetName", "nvmlDeviceGetMemoryInfo", "nvmlDeviceGetEccMode"):
            spoilt = fault(spoilt, call, device=1, crash=True)
        reading = probe(spoilt)
        assert len(outcomes(reading, CallOutcome.CRASHED)) == 2
        assert ("nvmlDeviceGetEccMode", 1) in outcomes(reading, CallOutcome.NOT_MADE)
        assert failing(reading) == set()


class TestLibrary:
    def test_without_a_library_the_reading_names_the_requested_one(self, tmp_path: Path) -> None:
        reading = collect("gpu-0", NOW, library=tmp_path / "libnvidia-ml.so.1")
        assert [str(call).split(" after")[0] for call in reading.calls_of("nvmlInit")] == [
            "nvmlInit() returned NVML_ERROR_LIBRARY_NOT_FOUND (12)"
        ]
        assert reading.library == str(tmp_path / "libnvidia-ml.so.1")
        assert failing(reading) == {("BP9000", None)}

    def test_a_library_that_is_not_nvml_is_unknown(self) -> None:
        name = ctypes.util.find_library("m") or "libm.so.6"
        found = next(Path(folder) / name for folder in _library_folders() if (Path(folder) / name).exists())
        reading = collect("gpu-0", NOW, library=found)
        assert exit_code_of(judge(reading, expectations())) == 3

    def test_the_loader_finds_the_library_without_being_told(self, describe: Any, tmp_path: Path) -> None:
        """As on a node: the soname, through the loader's own search."""
        library = describe(h100x8())
        out = tmp_path / "reading.json"
        subprocess.run(
            [sys.executable, "-m", "blueprint.probe", "--node", "gpu-0", "-o", str(out)],
            env=os.environ | {"LD_LIBRARY_PATH": str(library.parent)},
            check=True,
        )
        assert json.loads(out.read_text(encoding="utf-8"))["library"] == str(library)

    @pytest.mark.parametrize(
        "folder",
        [
            "run/nvidia/driver/usr/lib/x86_64-linux-gnu",
            "run/nvidia/driver/usr/lib/aarch64-linux-gnu",
            "run/nvidia/driver/usr/lib64",
            "home/kubernetes/bin/nvidia/lib64",
            "usr/local/glibc/usr/lib",
            "x86_64-bottlerocket-linux-gnu/sys-root/usr/lib",
        ],
    )
    def test_a_driver_that_lies_elsewhere_on_the_node_is_found(
        self, describe: Any, tmp_path: Path, folder: str
    ) -> None:
        """As with the GPU Operator: it is not in the loader's paths. A file that is not a library is found
        before it.
        """
        root = build_root(tmp_path / "root")
        sysfs_of(h100x8(), root / "sys")
        (root / folder).mkdir(parents=True)
        shutil.copy(describe(h100x8()), root / folder / "libnvidia-ml.so.580.173.02")
        (root / folder / "libnvidia-ml.so.1").symlink_to("libnvidia-ml.so.580.173.02")
        early = root / "run/nvidia/driver/usr/lib/a-linux-gnu"
        early.mkdir(parents=True)
        (early / "libnvidia-ml.so.1").write_text("no library")
        reading = collect("gpu-0", NOW, root=root)
        assert reading.library == str(root / folder / "libnvidia-ml.so.580.173.02")
        told = [(v.check, v.message) for v in judge(reading, expectations()) if v.result is not Result.PASS]
        assert told == []

    def test_a_library_to_which_a_link_leads_out_of_the_root_is_not_loaded(self, describe: Any, tmp_path: Path) -> None:
        root = build_root(tmp_path / "root")
        (root / "run/nvidia/driver/usr/lib64").mkdir(parents=True)
        (root / "run/nvidia/driver/usr/lib64/libnvidia-ml.so.1").symlink_to(describe(h100x8()))
        reading = collect("gpu-0", NOW, root=root)
        assert {call.code for call in reading.calls_of("nvmlInit")} == {12}
        verdicts = judge(reading, expectations())
        assert [v.code.id for v in verdicts if v.check == "nvml" and v.code] == ["BP9001"]
        assert exit_code_of(verdicts) == 3

    def test_the_parent_never_loads_the_library_nor_the_bindings(self, describe: Any) -> None:
        script = (
            "import datetime, sys; from pathlib import Path; from blueprint.probe.collect import collect; "
            f"collect('n', datetime.datetime.now(datetime.UTC), library=Path({str(describe(h100x8()))!r})); "
            "maps = Path('/proc/self/maps').read_text(); "
            "sys.exit('pynvml' in sys.modules or 'libnvidia-ml' in maps)"
        )
        subprocess.run([sys.executable, "-c", script], check=True)


def _library_folders() -> list[str]:
    mapped = Path("/proc/self/maps").read_text(encoding="utf-8").split()
    return sorted({str(Path(each).parent) for each in mapped if each.startswith("/") and ".so" in each})


def _processes() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
