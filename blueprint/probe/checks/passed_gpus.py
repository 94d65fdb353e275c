"""GPUs that are passed to virtual machines: on the bus, bound to vfio, alone in their IOMMU groups."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import pci, pci_gpus
from blueprint.probe.check import check
from blueprint.probe.host_files import MODULES
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import COUNT, TRUE

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NOT_PASSED = define(
    "BP9800",
    "gpu-not-passed",
    """
A GPU of the node is bound to another driver than vfio's, or to none, so no virtual machine can get it. The GPU
Operator's vfio manager binds all GPUs of nodes that run virtual machines, unless a driver of the node image, or
nouveau, was loaded first.
""",
)
PASSED_COUNT = define(
    "BP9801",
    "passed-gpu-count",
    """
The kernel's PCI list has a different number of GPUs than the blueprint declares for the pool. NVML works only in the
guests, so this list is the only evidence: check the machine type, the slot and the board, or `gpu.count`.
""",
)
DRIVER_ON_HOST = define(
    "BP9802",
    "driver-on-host",
    """
NVIDIA's kernel module, or the kernel's own nouveau, is loaded on a node whose GPUs are passed to virtual machines. It
binds GPUs before vfio does. Use a node image without the driver, prevent nouveau from loading, and reboot.
""",
)
GROUP_SHARED = define(
    "BP9803",
    "iommu-group-shared",
    """
Two devices of the node are in one IOMMU group, so they can be passed to a virtual machine only together, and each could
access the memory of the other. Enable ACS in the firmware, or use another slot; overriding ACS in the kernel isolates
nothing.
""",
)
NO_IOMMU = define(
    "BP9804",
    "iommu-off",
    """
The GPUs of the node are in no IOMMU group: the IOMMU is disabled, and vfio cannot pass them through. Enable VT-d or
AMD-Vi in the firmware, and start the kernel with `intel_iommu=on` or `amd_iommu=on`.
""",
)

_BIND = "check the vfio manager's pod and its log; no other driver may be loaded on the node"
_MACHINE = "check the machine type, the slot and the board, or `gpu.count` in the blueprint"
_ACS = "enable ACS in the firmware, or put the devices into other slots"
_SWITCH_ON = "enable the IOMMU in the firmware and on the kernel's command line, and reboot"
_IMAGE = "use a node image without GPU drivers, and reboot"
_DRIVERS = ("nvidia", "nouveau")


@check("passed-gpus", COUNT, expects=lambda number: f"{number} GPUs held by vfio", only_if_expected=True)
def passed_gpus(verdicts: VerdictFactory, expected: int) -> list[Verdict]:
    """The kernel lists as many GPUs as the blueprint declares, all bound to vfio. Expected if pools have `kata` and
    `gpu`.
    """
    listed = pci_gpus.functions(verdicts.reading)
    if listed.value is None:
        return [verdicts.unknown(listed)]
    if len(listed.value) != expected:
        found = len(listed.value)
        message = f"the PCI bus of {verdicts.node} has {found} GPU{'' if found == 1 else 's'}, not {expected}"
        return [verdicts.failed(PASSED_COUNT, listed, message, measured=str(found), remedy=_MACHINE)]
    if held := pci_gpus.for_nvml(verdicts.reading):
        drivers = ", ".join(sorted({each.driver or "no driver" for each in held}))
        message = f"{len(held)} of {expected} GPUs of {verdicts.node} are held by {drivers}, not by vfio"
        shown = listed._replace(files=tuple(_records(verdicts, [each.address for each in held])) or listed.files)
        return [verdicts.failed(NOT_PASSED, shown, message, measured=drivers, remedy=_BIND)]
    return [verdicts.passed(listed, pci_gpus.describe(verdicts.reading), measured=str(expected))]


@check("no-host-driver", TRUE, expects=lambda _: "no driver of GPUs", reads=(MODULES,), only_if_expected=True)
def no_host_driver(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """Neither NVIDIA's kernel module nor nouveau is loaded. Expected if a pool's GPUs are passed to virtual
    machines.
    """
    modules = verdicts.observed_host.modules
    if modules.value is None:
        return [verdicts.unknown(modules)]
    shown = modules._replace(files=tuple(each.only([*_DRIVERS, "vfio_pci"]) for each in modules.files))
    loaded = [name for name in _DRIVERS if name in modules.value]
    if not loaded:
        return [verdicts.passed(shown, "no driver of GPUs is loaded", measured="not loaded")]
    message = f"the module {loaded[0]} is loaded on {verdicts.node}, whose GPUs are for virtual machines"
    return [verdicts.failed(DRIVER_ON_HOST, shown, message, measured="loaded", remedy=_IMAGE)]


@check("iommu-groups", TRUE, expects=lambda _: "a group for each GPU", only_if_expected=True)
def iommu_groups(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """Each GPU is in an IOMMU group without another GPU or network adapter. Expected if GPUs are passed to virtual
    machines.

    Bridges are ignored: they may be in a group with the devices behind them.
    """
    listed = pci_gpus.functions(verdicts.reading)
    if listed.value is None:
        return [verdicts.unknown(listed)]
    gpus = _records(verdicts, [each.address for each in listed.value])
    if not gpus:
        why = "the reading has no record of the GPUs on the PCI bus"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), listed.files))]
    shown = Observation(Status.READ, len(gpus), "", (), tuple(gpus))
    if unread := next((each for each in gpus if "iommu_group is" in each.detail), None):
        why = f"the IOMMU group of {_address(unread)} is unknown: {unread.detail}"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), (unread,)))]
    if without := [each for each in gpus if not each.values.get("iommu_group")]:
        message = f"{len(without)} of {len(gpus)} GPUs of {verdicts.node} are in no IOMMU group"
        return [verdicts.failed(NO_IOMMU, shown, message, measured="no group", remedy=_SWITCH_ON)]
    groups = defaultdict(list)
    host = verdicts.reading.host
    for each in host.records_in(pci.DEVICES) if host else ():
        groups[each.values.get("iommu_group", "")].append(_address(each))
    for gpu in gpus:
        together = groups[gpu.values["iommu_group"]]
        if others := [each for each in together if each != _address(gpu)]:
            message = f"the GPU {_address(gpu)} of {verdicts.node} shares its IOMMU group with {', '.join(others)}"
            return [verdicts.failed(GROUP_SHARED, shown, message, measured=", ".join(together), remedy=_ACS)]
    return [verdicts.passed(shown, f"each of {len(gpus)} GPUs has a group", measured=f"{len(gpus)} groups")]


def _records(verdicts: VerdictFactory, addresses: list[str]) -> list[HostRecord]:
    host = verdicts.reading.host
    return [each for each in host.records_in(pci.DEVICES) if _address(each) in addresses] if host else []


def _address(record: HostRecord) -> str:
    return record.path.rpartition("/")[2].lower()
