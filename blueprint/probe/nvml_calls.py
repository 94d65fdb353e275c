"""Calls of NVML: the function, and what its answer means. Those that several checks use; a check can declare more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from blueprint.probe import parse
from blueprint.probe.parse import Modes, PciIdentity

if TYPE_CHECKING:
    from blueprint.probe.reading import Value

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SystemCall(Generic[T]):
    """A function of NVML about the node, and the value of its answer.

    `parse` raises ValueError for an answer that cannot be true; its text completes "NVML answered ...".
    """

    name: str
    parse: Callable[[Value | None], T]


@dataclass(frozen=True, slots=True)
class DeviceCall(Generic[T]):
    """A function of NVML that takes the handle of a GPU and nothing else, and the value of its answer.

    `fields` are those of the structure that it fills, where it does: they become the answer.
    """

    name: str
    parse: Callable[[Value | None], T]
    fields: tuple[str, ...] = ()


def _done(_: Value | None) -> bool:
    return True


INIT = SystemCall("nvmlInit", _done)
"""Whether NVML loads and initialises."""
COUNT = SystemCall("nvmlDeviceGetCount", parse.count)
"""The number of GPUs."""
DRIVER_VERSION = SystemCall("nvmlSystemGetDriverVersion", parse.driver)
"""The version of the loaded driver: `580.173.02`."""

HANDLE = DeviceCall("nvmlDeviceGetHandleByIndex", _done)
"""Whether there is a handle for the index."""
UUID = DeviceCall("nvmlDeviceGetUUID", parse.uuid)
"""`GPU-` and 32 hexadecimal digits."""
PCI_INFO: DeviceCall[PciIdentity] = DeviceCall(
    "nvmlDeviceGetPciInfo", parse.pci, ("busId", "domain", "bus", "device", "pciDeviceId", "pciSubSystemId")
)
"""PCI address and device id."""
IDENTITY = (UUID, PCI_INFO)
"""The calls that tell whether an index is still the same GPU."""
NAME = DeviceCall("nvmlDeviceGetName", parse.text)
"""The product name, as it is: `NVIDIA H100 80GB HBM3`."""
SERIAL = DeviceCall("nvmlDeviceGetSerial", parse.word)
"""The board's serial number."""
MIG_MODE: DeviceCall[Modes] = DeviceCall("nvmlDeviceGetMigMode", parse.modes)
"""MIG mode, current and pending."""
MIG_DEVICES: DeviceCall[dict[str, int]] = DeviceCall("nvmlDeviceGetMigDeviceHandleByIndex", parse.instances)
"""How many MIG devices of each profile it has. Called for every index of MIG devices; the answer has their names."""
