"""NVML calls that several checks use: the function, and how its result is interpreted. A check can declare more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from blueprint.probe import parse
from blueprint.probe.parse import Modes, PciIdentity

if TYPE_CHECKING:
    from blueprint.probe.reading import Value

T = TypeVar("T")


class SystemCall(NamedTuple, Generic[T]):
    """An NVML function about the node, and the interpretation of its result.

    `parse` raises ValueError for an implausible result; its message completes "NVML answered ...".
    """

    name: str
    parse: Callable[[Value | None], T]


class DeviceCall(NamedTuple, Generic[T]):
    """An NVML function that takes only a GPU handle, and the interpretation of its result.

    `fields` are the fields of the structure that it fills, if any: they become the result.
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
"""The calls that show whether an index still refers to the same GPU."""
NAME = DeviceCall("nvmlDeviceGetName", parse.text)
"""The unmodified product name: `NVIDIA H100 80GB HBM3`."""
SERIAL = DeviceCall("nvmlDeviceGetSerial", parse.word)
"""The board's serial number."""
MIG_MODE: DeviceCall[Modes] = DeviceCall("nvmlDeviceGetMigMode", parse.modes)
"""MIG mode, current and pending."""
MIG_DEVICES: DeviceCall[dict[str, int]] = DeviceCall("nvmlDeviceGetMigDeviceHandleByIndex", parse.instances)
"""The number of its MIG devices by profile. Called for every MIG device index; the result contains their names."""
