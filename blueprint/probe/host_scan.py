"""Look at the node's files: kernel modules, driver, kernel, system, network cards. Small reads, under one root.

Nothing is written or executed. Identifiers are not read at all: no GUID, no hardware address, no name of the host. Of
`/proc/modules` the addresses are left out, which would tell where the kernel lies in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from blueprint.probe import pci
from blueprint.probe.file_access import FileReader, Unbelievable
from blueprint.probe.host import HostRecord, HostScan

MODULES, DRIVER = "/proc/modules", "/proc/driver/nvidia/version"
KERNEL, MOUNTS = "/proc/sys/kernel/osrelease", "/proc/self/mountinfo"
SYSTEM = ("/etc/os-release", "/usr/lib/os-release")
RDMA = "/sys/class/infiniband"
PCI = pci.DEVICES

_MAX_ENTRIES = 16_384
"""PCI functions; with virtual ones of network cards a large node has some thousands."""
_MAX_DEVICES = 512
_SYSTEM_KEYS = ("ID", "VERSION_ID", "VARIANT_ID", "OPENSHIFT_VERSION")
_DEVICE_FILES = ("fw_ver", "board_id", "hca_type")
_PORT_FILES = ("link_layer", "state", "phys_state", "rate")
_PCI_FILES = ("vendor", "device", "class", "numa_node")


def scan(root: Path = Path("/"), sysfs: Path | None = None) -> HostScan:
    """Everything worth knowing under `root`. Never raises for what is there: that is recorded.

    Args:
        root: Where the node's file system is; in a pod, where it is mounted.
        sysfs: Where the node's /sys is, if elsewhere.
    """
    look = FileReader(root, sysfs)
    answers = [
        look.file(MODULES, _modules),
        look.file(DRIVER, _driver),
        look.file(KERNEL, lambda lines: {"release": lines[0]}),
        *(look.file(path, _system) for path in SYSTEM),
        *_rdma(look),
        *_functions(look),
    ]
    if root == Path("/"):
        answers.append(look.file(MOUNTS, _root_mount))
    return HostScan(str(root), tuple(answers))


def _rdma(look: FileReader) -> Iterator[HostRecord]:
    """The RDMA devices, what PCI says of each, and its ports."""
    found, names = look.folder(RDMA, _MAX_DEVICES)
    yield found
    for name in names:
        device = f"{RDMA}/{name}"
        yield look.attributes(device, _DEVICE_FILES, links=("device",))
        ports, numbers = look.folder(f"{device}/ports", _MAX_DEVICES)
        yield ports
        for number in numbers:
            yield look.attributes(f"{device}/ports/{number}", _PORT_FILES)


def _functions(look: FileReader) -> Iterator[HostRecord]:
    """The network cards and GPUs on the PCI bus, whether or not a driver took them, and what may be one of them."""
    found, addresses = look.folder(PCI, _MAX_ENTRIES)
    yield found
    for address in addresses:
        function = look.attributes(f"{PCI}/{address}", _PCI_FILES, links=("driver", "physfn"))
        if pci.matters(function):
            yield function


def _modules(lines: Sequence[str]) -> dict[str, str]:
    """Module to state: `nvidia 62472192 60 nvidia_uvm, Live 0x0` is live."""
    fields = [line.split() for line in lines]
    if wrong := [line for line, words in zip(lines, fields, strict=True) if len(words) < 5]:  # noqa: PLR2004
        raise Unbelievable(f"the line {wrong[0][:60]!r} is no kernel module")
    return {words[0]: words[4] for words in fields}


def _driver(lines: Sequence[str]) -> dict[str, str]:
    """The NVRM line, without who built the module where."""
    said = [line for line in lines if line.startswith("NVRM version:")]
    return {"NVRM version": said[0].partition(":")[2].partition("(")[0].strip()} if said else {}


def _system(lines: Sequence[str]) -> dict[str, str]:
    """Which system it is, in which version; images may say more that is nobody's business."""
    pairs = (line.partition("=") for line in lines)
    said = {key: value.strip("\"'") for key, _, value in pairs if key in _SYSTEM_KEYS}
    return said | {"VARIANT_ID": said.get("VARIANT_ID", "")}  # that there is none is worth knowing: it was looked for


def _root_mount(lines: Sequence[str]) -> dict[str, str]:
    """The type of the file system at `/` of this process: an overlay is a container's."""
    mounts = (line.split() for line in lines)
    types = [words[words.index("-") + 1] for words in mounts if words[4:5] == ["/"] and "-" in words[:-1]]
    return {"/": types[-1]} if types else {}
