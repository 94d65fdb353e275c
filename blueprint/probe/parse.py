"""Validates single results of NVML. Each function returns the value or raises ValueError.

The error message completes the sentence "NVML answered ...".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.patterns import lazy_pattern

if TYPE_CHECKING:
    from blueprint.probe.reading import Value


MAX_GPUS = 64
"""More GPUs than any machine has (the largest known ones have 16 to 32). A greater count is implausible."""

_MAX_TEXT = 96
_DRIVER = lazy_pattern(r"[1-9]\d{2,3}(\.\d{1,4}){1,2}", re.ASCII)
_UUID = lazy_pattern(r"GPU(-[0-9a-fA-F]{8})(-[0-9a-fA-F]{4}){3}(-[0-9a-fA-F]{12})", re.ASCII)
_MIG_NAME = lazy_pattern(r" MIG ((?:\dc\.)?\dg\.\d+gb\S*)$", re.ASCII)
_BUS_ID = lazy_pattern(r"([0-9a-fA-F]{4,8}):([0-9a-fA-F]{2}):([0-9a-fA-F]{2})\.([0-7])")


@dataclass(frozen=True, slots=True)
class Modes:
    """The current mode, and the mode after the next reset of the GPU."""

    current: bool
    pending: bool


@dataclass(frozen=True, slots=True)
class PciIdentity:
    """The location of a GPU (`0000:18:00.0`) and its IDs: four upper-case hexadecimal digits each.

    `vendor` and `device` are "" if NVML left the field empty; so is `subsystem` (`10DE:157E`).
    """

    address: str
    vendor: str
    device: str
    subsystem: str = ""


def text(value: Value | None) -> str:
    """Printable ASCII, not empty, no longer than NVML's own buffers."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r}, which is not a string")  # noqa: TRY004 - one error type for all answers
    if not value.strip():
        raise ValueError("an empty string")
    if len(value) > _MAX_TEXT or not (value.isascii() and value.isprintable()):
        raise ValueError(f"{value[:_MAX_TEXT]!r}, which is not printable ASCII text")
    return value


def word(value: Value | None) -> str:
    """A string without spaces: an identifier or a version."""
    if " " in (found := text(value)):
        raise ValueError(f"{found!r}, which is not one word")
    return found


def uuid(value: Value | None) -> str:
    """A GPU's UUID: `GPU-` and 32 hexadecimal digits in five groups, not all of them zero."""
    found = word(value)
    if not is_uuid(found):
        raise ValueError(f"{found!r}, which does not have the form of a GPU UUID")
    if not found.strip("GPU-0"):
        raise ValueError(f"{found!r}, which is the UUID of no GPU")
    return found


def is_uuid(found: str) -> bool:
    """Whether a string has the form of a GPU's UUID."""
    return _UUID.fullmatch(found) is not None


def driver(value: Value | None) -> str:
    """A driver version: `580.173.02`."""
    if not _DRIVER.fullmatch(found := text(value)):
        raise ValueError(f"{found!r}, which does not have the form of a driver version")
    return found


def integer(value: Value | None) -> int:
    """A number that is not a boolean."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{value!r}, which is not a number")  # noqa: TRY004
    return value


def positive(value: Value | None) -> int:
    """A number above zero."""
    if (found := integer(value)) <= 0:
        raise ValueError(f"{found}, which is not above zero")
    return found


def count(value: Value | None) -> int:
    """A number of GPUs, which may be zero."""
    if not 0 <= (found := integer(value)) <= MAX_GPUS:
        raise ValueError(f"{found}, which is not a plausible number of GPUs")
    return found


def switch(value: Value | None) -> bool:
    """On (1) or off (0)."""
    if (found := integer(value)) not in {0, 1}:
        raise ValueError(f"{found}, which is neither on (1) nor off (0)")
    return found == 1


def modes(value: Value | None) -> Modes:
    """A pair of current and pending mode."""
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 - a pair
        raise ValueError(f"{value!r}, which is not a pair of current and pending mode")
    return Modes(switch(value[0]), switch(value[1]))


def pci(value: Value | None) -> PciIdentity:
    """A PCI structure. Its textual address must not contradict the numeric one, if that is set."""
    bus_id = text(field_of(value, "busId"))
    if not (match := _BUS_ID.fullmatch(bus_id)):
        raise ValueError(f"the invalid PCI address {bus_id!r}")
    domain, pci_gpus, device = (int(part, 16) for part in match.groups()[:3])
    numbers = tuple(integer(field_of(value, key)) for key in ("domain", "bus", "device"))
    if any(numbers) and numbers != (domain, pci_gpus, device):
        raise ValueError(f"the PCI address {bus_id!r}, which contradicts the numbers {numbers}")
    ids = integer(field_of(value, "pciDeviceId")) & 0xFFFFFFFF
    vendor, product = (f"{ids & 0xFFFF:04X}", f"{ids >> 16:04X}") if ids else ("", "")
    board = integer(value.get("pciSubSystemId", 0)) & 0xFFFFFFFF if isinstance(value, dict) else 0
    subsystem = f"{board & 0xFFFF:04X}:{board >> 16:04X}" if board else ""
    return PciIdentity(f"{domain:04x}:{pci_gpus:02x}:{device:02x}.{match[4]}", vendor, product, subsystem)


def instances(value: Value | None) -> dict[str, int]:
    """The number of MIG devices of each profile, by their names: `NVIDIA H100 80GB HBM3 MIG 1g.10gb`."""
    if not isinstance(value, dict):
        raise ValueError(f"{value!r}, which are not MIG devices")  # noqa: TRY004
    found: dict[str, int] = {}
    for name in value.values():
        if not (match := _MIG_NAME.search(text(name))):
            raise ValueError(f"{name!r}, which names no MIG profile")
        found[match[1]] = found.get(match[1], 0) + 1
    return found


def field_of(value: Value | None, key: str) -> int | str:
    """A field of a structure."""
    if not isinstance(value, dict) or key not in value:
        raise ValueError(f"{value!r}, which has no {key}")
    return value[key]
