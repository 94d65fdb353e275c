"""The kernel's own list of NVIDIA GPUs in sysfs, which is independent of NVML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from blueprint.patterns import lazy_pattern
from blueprint.probe.host import Access, HostRecord, HostScan

if TYPE_CHECKING:
    from blueprint.probe.reading import PciFunction, PciScan

DEVICES = "/sys/bus/pci/devices"

_NVIDIA = "0x10de"
_NETWORK, _DISPLAY = "0x02", "0x03"  # Display controllers: VGA and 3D. NVSwitches are bridges (0x06), not GPUs.
_VENDOR = lazy_pattern(r"0x[0-9a-f]{4}", re.ASCII)
_CLASS = lazy_pattern(r"0x[0-9a-f]{6}", re.ASCII)
_DEVICE = _VENDOR
PASSED_THROUGH = frozenset({"vfio-pci", "nvgrace_gpu_vfio_pci"})
"""Drivers that pass a GPU to virtual machines: NVML cannot see it, and need not."""


def matters(function: HostRecord) -> bool:
    """Whether a PCI function is a network adapter or an NVIDIA GPU, or cannot be classified."""
    kind, vendor = _believed(function, "class", _CLASS), _believed(function, "vendor", _VENDOR)
    if not kind:
        return True
    return kind.startswith(_NETWORK) or (kind.startswith(_DISPLAY) and vendor in ("", _NVIDIA))


def scan(host: HostScan, root: str) -> PciScan:
    """All NVIDIA GPUs among the PCI functions of `host`, by address, without their virtual functions.

    A missing or unreadable list is marked as not readable, as opposed to an empty one. `root` is the root under which
    the list was found.
    """
    from blueprint.probe.reading import PciScan

    listed = host.record_of(DEVICES)
    if listed is None or listed.access is not Access.READ:
        return PciScan(root, readable=False)
    return PciScan(root, readable=True, functions=functions_of(host))


def functions_of(host: HostScan) -> tuple[PciFunction, ...]:
    """The GPUs in the recorded paths."""
    from blueprint.probe.reading import PciFunction

    gpus = (each for each in host.records_in(DEVICES) if is_gpu(each) and not _lost(each))
    return tuple(
        PciFunction(_address(each), each.values["device"][2:].upper(), each.values.get("driver", "")) for each in gpus
    )


def unclear(host: HostScan) -> list[HostRecord]:
    """Functions that may or may not be GPUs, or for which it is unknown whether NVML has to report them."""
    return [each for each in host.records_in(DEVICES) if _may_be_gpu(each) and _lost(each)]


def is_gpu(function: HostRecord) -> bool:
    """Whether a function is an NVIDIA display or 3D controller, and not a virtual function."""
    of_class = _believed(function, "class", _CLASS).startswith(_DISPLAY)
    return of_class and _believed(function, "vendor", _VENDOR) == _NVIDIA and "physfn" not in function.values


def is_card(function: HostRecord) -> bool:
    """Whether a function is a network adapter."""
    return function.values.get("class", "").startswith(_NETWORK)


def unclear_cards(host: HostScan, vendor: str) -> list[HostRecord]:
    """Functions that may or may not be network adapters of a vendor (`0x15b3`; "": any)."""
    return [each for each in host.records_in(DEVICES) if _may_be_card(each, vendor)]


def identified(function: HostRecord) -> bool:
    """Whether vendor, device and whether it is virtual were read."""
    known = _believed(function, "vendor", _VENDOR) and _believed(function, "device", _DEVICE)
    return bool(known) and "physfn is" not in function.detail


def _may_be_card(function: HostRecord, vendor: str) -> bool:
    kind = _believed(function, "class", _CLASS)
    if "physfn" in function.values or (kind and (not kind.startswith(_NETWORK) or identified(function))):
        return False
    return not vendor or _believed(function, "vendor", _VENDOR) in ("", vendor)


def _may_be_gpu(function: HostRecord) -> bool:
    kind, vendor = _believed(function, "class", _CLASS), _believed(function, "vendor", _VENDOR)
    return (not kind or kind.startswith(_DISPLAY)) and vendor in ("", _NVIDIA) and "physfn" not in function.values


def _lost(function: HostRecord) -> bool:
    """Whether required information is missing. `detail` contains files that could not be read."""
    read = (("class", _CLASS), ("vendor", _VENDOR), ("device", _DEVICE))
    unread = any(not _believed(function, name, form) for name, form in read)
    return unread or any(each.startswith(("driver is", "physfn is")) for each in function.detail.split("; "))


def _believed(function: HostRecord, name: str, form: re.Pattern[str]) -> str:
    """An attribute in the format in which the kernel writes it; otherwise ""."""
    value = function.values.get(name, "").lower()
    return value if form.fullmatch(value) else ""


def _address(function: HostRecord) -> str:
    return function.path.rpartition("/")[2].lower()
