"""Every file that the probe reads, replaced by every kind of garbage: nothing hangs, and no fault is
reported for it.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint.probe import pci
from blueprint.probe.collect import collect, scan_host
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Result
from blueprint.records import replace
from tests.support.nvml_stub.describe import h100x8
from tests.support.nvml_stub.root import build
from tests.support.probe_examples import NOW, expect, expectations, healthy
from tests.support.record_readings import sysfs_of

GPU = "sys/bus/pci/devices/0000:ba:00.0"
CARD = "sys/devices/pci0000:1a/0000:1a:00.0"
PORT = f"{CARD}/infiniband/mlx5_0/ports/1"
WITNESSES = [
    "proc/modules", "proc/driver/nvidia/version", "proc/sys/kernel/osrelease", "usr/lib/os-release",
    "sys/bus/pci/devices", "sys/class/infiniband", GPU, f"{GPU}/vendor", f"{GPU}/device", f"{GPU}/class",
    f"{GPU}/driver", f"{GPU}/physfn", CARD, f"{CARD}/vendor", f"{CARD}/device", f"{CARD}/class", f"{CARD}/physfn",
    f"{CARD}/infiniband/mlx5_0/device", f"{CARD}/infiniband/mlx5_0/ports", f"{PORT}/link_layer", f"{PORT}/state",
    f"{PORT}/phys_state",
]  # fmt: skip
HARMLESS = {f"{CARD}/class"}
"""An RDMA device represents this card, whatever its class."""
FABRIC = {"fabric": "infiniband", "cards": 8, "vendor": "15b3"}
HOST_WANTS = {
    "nouveau": True, "kernel-modules": "open", "operating-system": "ubuntu-24.04", "kernel": "5.12", "gdrdrv": True,
    "network-cards": FABRIC, "network-ports": FABRIC,
}  # fmt: skip


def remove(path: Path) -> None:
    """Remove a path of any kind, if it exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def bound(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        where = Path.cwd()
        os.chdir(path.parent)  # a socket's path has at most 108 characters
        try:
            listener.bind(path.name)
        finally:
            os.chdir(where)


NONSENSE: dict[str, Callable[[Path], object]] = {
    "fifo": os.mkfifo,
    "socket": bound,
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("/nowhere/at/all"),
    "out": lambda path: path.symlink_to("/etc"),
    "zero": lambda path: path.symlink_to("/dev/zero"),
    "folder": lambda path: path.mkdir(),
    "binary": lambda path: path.write_bytes(b"\xff\xfe\x00\x01"),
    "huge": lambda path: path.write_bytes(b"1" * (9 << 20)),
    "digits": lambda path: path.write_bytes(b"0x" + b"1" * 100_000),
    "negative": lambda path: path.write_bytes(b"-0x10de\n"),
    "escape": lambda path: path.write_bytes(b"\x1b[2J0x10de\n"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = build(tmp_path / "root")
    sysfs_of(h100x8(), made / "sys")
    for gpu in (made / "sys/bus/pci/devices").glob("*:00.0"):
        if not gpu.is_symlink() and (gpu / "class").read_text().startswith("0x03"):
            drivers = made / "sys/bus/pci/drivers/nvidia"
            drivers.mkdir(parents=True, exist_ok=True)
            (gpu / "driver").symlink_to("../../drivers/nvidia")
    return made


WANTED = [*expectations(), *(expect(check, want) for check, want in HOST_WANTS.items())]


def looked_at(root: Path) -> Reading:
    """The NVML responses of a healthy node, with the files of this one."""
    host = scan_host(root)
    return replace(healthy(), host=host, pci=pci.scan(host, str(root)))


def test_the_tree_is_clean_before_it_is_changed(root: Path) -> None:
    told = [v.message for v in judge(looked_at(root), WANTED) if v.result is not Result.PASS]
    assert told == []


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("path", WITNESSES)
def test_garbage_in_place_of_a_file_is_unknown_and_reports_no_fault(root: Path, path: str, kind: str) -> None:
    remove(root / path)
    NONSENSE[kind](root / path)
    verdicts = judge(looked_at(root), WANTED)
    wrong = [(v.check, v.message) for v in verdicts if v.result is Result.FAIL]
    absent = kind == "dangling"  # absence may be a fact: no class of RDMA devices, no driver for that card
    assert absent or wrong == []
    if not (absent or path in HARMLESS):
        assert exit_code_of(verdicts) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to root")
@pytest.mark.parametrize("path", [each for each in WITNESSES if not each.endswith(("driver", "physfn", "/device"))])
def test_an_unreadable_file_is_unknown_and_reports_no_fault(root: Path, path: str) -> None:
    (root / path).chmod(0)
    try:
        verdicts = judge(looked_at(root), WANTED)
    finally:
        (root / path).chmod(0o755)
    assert [(v.check, v.message) for v in verdicts if v.result is Result.FAIL] == []
    assert exit_code_of(verdicts) == 3


def test_a_node_with_nothing_but_garbage_terminates(tmp_path: Path) -> None:
    for number, make in enumerate(NONSENSE.values()):
        folder = tmp_path / "sys/bus/pci/devices" / f"0000:{number:02x}:00.0"
        folder.mkdir(parents=True)
        for name in ("vendor", "device", "class", "driver"):
            make(folder / name)
    reading = collect("gpu-0", NOW, library=tmp_path / "none.so", root=tmp_path)
    assert reading.pci.functions == ()
    assert exit_code_of(judge(reading, [expect("gpu-count", 0)])) == 3
