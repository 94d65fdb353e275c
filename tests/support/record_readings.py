"""Recreate the synthetic readings: `python tests/probe/record_readings.py` (needs a C compiler).

Durations are set to a constant, because they would change in every run and have no meaning for a stub. Readings of real
hardware are recorded with `blueprint probe -o FILE --redact` and are never created by this script.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from blueprint.probe.collect import collect
from blueprint.probe.command import document
from blueprint.records import replace
from tests.support.nvml_stub.build import build
from tests.support.nvml_stub.describe import NODES, Description
from tests.support.nvml_stub.root import build as build_root
from tests.support.probe_examples import NOW


def sysfs_of(description: Description, folder: Path) -> Path:
    """A sysfs tree in which the kernel lists the described GPUs and other devices."""
    devices = folder / "bus" / "pci" / "devices"
    add_function(devices / "0000:00:1f.0", vendor=0x8086, kind=0x060100, device=0xA1C1)
    add_function(devices / "0000:05:00.0", vendor=0x10DE, kind=0x068000, device=0x22A3)
    for gpu in description["devices"]:
        address = gpu["busId"].removeprefix("0000").lower()
        add_function(devices / address, vendor=0x10DE, kind=0x030200, device=gpu["pciDeviceId"] >> 16)
    return folder


def add_function(folder: Path, *, vendor: int, kind: int, device: int, driver: str = "") -> None:
    """Add one PCI function as it appears in sysfs."""
    folder.mkdir(parents=True)
    for name, value, width in (("vendor", vendor, 4), ("class", kind, 6), ("device", device, 4)):
        (folder / name).write_text(f"0x{value:0{width}x}\n", encoding="ascii")
    if driver:
        target = folder.parents[1] / "drivers" / driver
        target.mkdir(parents=True, exist_ok=True)
        (folder / "driver").symlink_to(target)


def record(name: str, work: Path) -> str:
    """The text of one synthetic reading: GPUs, network adapters and files of a fictitious node."""
    description = NODES[name]()
    file = work / f"{name}.json"
    file.write_text(json.dumps(description), encoding="utf-8")
    os.environ["BLUEPRINT_NVML_STUB"] = str(file)
    root = build_root(work / name)
    sysfs_of(description, root / "sys")
    reading = collect(f"{name}-0", NOW, library=build(work), root=root)
    calls = tuple(replace(call, ms=0.1) for call in reading.calls)
    told = replace(reading, calls=calls, boot_id="", kernel="", library="libnvidia-ml.so.1")
    assert told.host
    host = replace(told.host, root="/host")
    return document(replace(told, pci=replace(told.pci, root="/host/sys/bus/pci/devices"), host=host))


if __name__ == "__main__":
    for node in NODES:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(__file__).parents[1] / "probe" / "readings" / f"{node}-healthy.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(record(node, Path(scratch)), encoding="utf-8")
            sys.stdout.write(f"{path}\n")
