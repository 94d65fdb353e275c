"""The GPUs on the PCI bus, as far as the kernel's list in a reading is plausible."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from blueprint.patterns import lazy_pattern
from blueprint.probe import pci
from blueprint.probe.host import Access
from blueprint.probe.observation import Observation, Status
from blueprint.probe.pci import PASSED_THROUGH

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.reading import PciFunction, Reading

_ADDRESS = lazy_pattern(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.ASCII)
_DEVICE = lazy_pattern(r"[0-9A-F]{4}", re.ASCII)


def is_listed(reading: Reading) -> bool:
    """Whether there is a list at all: WSL and containers without /sys have none, so nothing can be compared."""
    answer = _listing(reading)
    refused = answer is not None and answer.access not in (Access.ABSENT, Access.READ)
    return reading.pci.readable or bool(reading.pci.functions) or refused


def functions(reading: Reading) -> Observation[tuple[PciFunction, ...]]:
    """All NVIDIA GPUs that the kernel lists, with any driver.

    Unreadable if the list, or what determines whether a function is a GPU, could not be read; `files` then contains
    those functions. Implausible if the reading contradicts itself.
    """
    answer = _listing(reading)
    files = (answer,) if answer else ()
    if answer and answer.access is Access.UNBELIEVABLE:
        return Observation(Status.IMPLAUSIBLE, None, str(answer), (), files)
    if wrong := _contradiction(reading):
        return Observation(Status.IMPLAUSIBLE, None, f"the kernel's PCI list contradicts itself: {wrong}", (), files)
    if not reading.pci.readable:
        why = str(answer) if answer and answer.access is not Access.READ else "the kernel's PCI list is not readable"
        return Observation(Status.UNREADABLE, None, why, (), files)
    if doubtful := unclear(reading):
        named = ", ".join(each.path.rpartition("/")[2] for each in doubtful[:8])
        why = f"whether GPUs are at {named} is unknown: {doubtful[0].detail or 'what they are is not there'}"
        return Observation(Status.UNREADABLE, None, why, (), tuple(doubtful[:8]))
    return Observation(Status.READ, reading.pci.functions, "", (), files)


def unclear(reading: Reading) -> list[HostRecord]:
    """Functions that may or may not be GPUs."""
    return pci.unclear(reading.host) if reading.host else []


def passed_through(reading: Reading) -> list[PciFunction]:
    """The GPUs that are passed to virtual machines."""
    return [each for each in reading.pci.functions if each.driver in PASSED_THROUGH]


def for_nvml(reading: Reading) -> list[PciFunction]:
    """The GPUs that NVML has to report."""
    return [each for each in reading.pci.functions if each.driver not in PASSED_THROUGH]


def describe(reading: Reading) -> str:
    """`8 GPUs on the PCI bus, 4 of them given to vfio-pci`."""
    listed, given = reading.pci.functions, passed_through(reading)
    if not listed:
        return "no GPUs on the PCI bus"
    many = f"{len(listed)} GPU{'' if len(listed) == 1 else 's'}"
    drivers = "/".join(sorted({each.driver for each in given}))
    if len(given) == len(listed):
        return f"{many} given to {drivers}"
    return f"{many} on the PCI bus" + (f", {len(given)} of them given to {drivers}" if given else "")


def _listing(reading: Reading) -> HostRecord | None:
    return reading.host.record_of(pci.DEVICES) if reading.host else None


def _contradiction(reading: Reading) -> str:
    """The contradiction in the record of the list; "" if there is none."""
    listed = reading.pci.functions
    if listed and not reading.pci.readable:
        return "it was not readable, and has GPUs"
    if twice := [address for address, number in Counter(each.address for each in listed).items() if number > 1]:
        return f"{twice[0]} is there twice"
    for each in listed:
        if not (_ADDRESS.fullmatch(each.address) and _DEVICE.fullmatch(each.device)):
            return f"{each.address[:40]!r} with device id {each.device[:40]!r} is not a PCI function"
    seen = pci.functions_of(reading.host) if reading.host else ()
    if seen and set(seen) != set(listed):  # earlier readings have no record of these paths
        return f"it has {len(listed)} GPUs, the files behind it show {len(seen)}"
    return ""
