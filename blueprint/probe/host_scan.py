"""Scan of the node's files: those that checks declare, network cards, PCI functions. Small reads, under one root.

Nothing is written or executed. Identifiers are not read at all: no GUID, no hardware address, no name of the host.
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
"""PCI functions; with virtual ones of network cards a large node has some thousands."""
_MAX_DEVICES = 512
_DEVICE_FILES = ("fw_ver", "board_id", "hca_type")
_PORT_FILES = ("link_layer", "state", "phys_state", "rate")
_PCI_FILES = ("vendor", "device", "class", "numa_node")


def scan(files: Iterable[HostFile[Any]], root: Path = Path("/"), sysfs: Path | None = None) -> HostScan:
    """A scan of the node. Never raises for what is there: that is recorded.

    Args:
        files: What to read besides network cards and PCI functions.
        root: Where the node's file system is; in a pod, where it is mounted.
        sysfs: Where the node's /sys is, if elsewhere.
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
    """The RDMA devices, what PCI says of each, and its ports."""
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
    """The network cards and GPUs on the PCI bus, whether or not a driver took them, and what may be one of them."""
    found, addresses = reader.folder(PCI, _MAX_ENTRIES)
    yield found
    for address in addresses:
        function = reader.attributes(f"{PCI}/{address}", _PCI_FILES, links=("driver", "physfn", "iommu_group"))
        if pci.matters(function):
            yield function
