"""Reads the node's files under one root: those that checks declare, network adapters, PCI functions. All reads are
small.

Nothing is written or executed. Identifiers are not read at all: no GUIDs, hardware addresses or host names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from blueprint.probe import pci
from blueprint.probe.file_access import FileReader
from blueprint.probe.host import HostRecord, HostScan
from blueprint.probe.host_files import HostFile

RDMA = "/sys/class/infiniband"
PCI = pci.DEVICES

_ORDER = (
    "/proc/modules", "/proc/driver/nvidia/version", "/proc/sys/kernel/osrelease", "/etc/os-release",
    "/usr/lib/os-release",
)  # fmt: skip
"""These files come first, so that readings of different versions can be compared line by line."""
_MAX_ENTRIES = 16_384
"""The maximum number of PCI functions; including virtual functions, a large node has some thousands."""
_MAX_DEVICES = 512
_DEVICE_FILES = ("fw_ver", "board_id", "hca_type")
_PORT_FILES = ("link_layer", "state", "phys_state", "rate")
_PCI_FILES = ("vendor", "device", "class", "numa_node")


def scan(files: Iterable[HostFile[Any]], root: Path = Path("/"), sysfs: Path | None = None) -> HostScan:
    """Scan the node. Never raises because of its contents: they are recorded.

    Args:
        files: The files to read in addition to network adapters and PCI functions.
        root: The root of the node's file system; in a pod, its mount point.
        sysfs: The node's /sys, if it is elsewhere.
    """
    reader = FileReader(root, sysfs)
    known = {path: at for at, path in enumerate(_ORDER)}
    ordered = sorted(files, key=lambda file: (known.get(file.path, len(known)), file.path))
    records = [reader.file(file.path, file.record) for file in ordered if not file.of_this_process]
    records += [*_rdma(reader), *_functions(reader)]
    if root == Path("/"):
        records += [reader.file(file.path, file.record) for file in ordered if file.of_this_process]
    return HostScan(str(root), tuple(records))


def _rdma(reader: FileReader) -> Iterator[HostRecord]:
    """The RDMA devices, their PCI attributes, and their ports."""
    found, names = reader.folder(RDMA, _MAX_DEVICES)
    yield found
    for name in names:
        device = f"{RDMA}/{name}"
        yield reader.attributes(device, _DEVICE_FILES, links=("device",))
        ports, numbers = reader.folder(f"{device}/ports", _MAX_DEVICES)
        yield ports
        for number in numbers:
            yield reader.attributes(f"{device}/ports/{number}", _PORT_FILES)


def _functions(reader: FileReader) -> Iterator[HostRecord]:
    """The network adapters and GPUs on the PCI bus, with or without a driver, and functions that may be one of them."""
    found, addresses = reader.folder(PCI, _MAX_ENTRIES)
    yield found
    for address in addresses:
        function = reader.attributes(f"{PCI}/{address}", _PCI_FILES, links=("driver", "physfn", "iommu_group"))
        if pci.matters(function):
            yield function
