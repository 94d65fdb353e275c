"""The kernel's PCI list and NVML contain the same GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import pci_gpus
from blueprint.probe.check import invariant
from blueprint.probe.observation import Observation, Status

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu, ObservedNode
    from blueprint.probe.reading import PciFunction
    from blueprint.probe.verdicts import Verdict, VerdictFactory

PCI_DISAGREES = define(
    "BP9022",
    "nvml-pci-disagree",
    """
The kernel's PCI list and NVML name different GPUs. If a GPU is on the PCI bus but not in NVML, the driver refused or
lost it; the reverse means that NVML's readings do not come from this machine's devices. GPUs bound to `vfio-pci` are
invisible to NVML, as intended, and are not counted.
""",
)

_TAKEN = "nvidia"
_NOT_TAKEN = "look for these addresses in the kernel log: the driver does not use the device, or lost it"
_HIDDEN = (
    "the kernel module has these devices: in a container, NVML shows only what NVIDIA_VISIBLE_DEVICES names"
    " (probe with `all`, or on the node itself); otherwise the driver lost them: check the kernel log"
)
_GIVEN = (
    "NVML reports devices that it cannot reach: look for an interception library (LD_PRELOAD), or a driver that"
    " was just changed"
)


@invariant("pci-agreement", expects="the same GPUs in NVML and in the kernel's PCI list")
def pci_agreement(verdicts: VerdictFactory) -> list[Verdict]:
    """NVML and the kernel's PCI list, which are independent, contain the same GPUs at the same addresses.

    GPUs bound to `vfio-pci` are invisible to NVML and omitted; virtual functions are not GPUs. A function that cannot
    be classified is *unknown*. If the kernel lists no NVIDIA GPU at all (WSL, a container without /sys, a stub
    library), there is nothing to compare with, and the check is skipped.
    """
    node, listed = verdicts.observed_node, pci_gpus.functions(verdicts.reading)
    count, given = node.count, pci_gpus.passed_through(verdicts.reading)
    if not pci_gpus.is_listed(verdicts.reading):
        return [verdicts.skipped(listed, f"{listed.why} to compare NVML's answers with")]
    if listed.value is None and (listed.status is Status.IMPLAUSIBLE or not verdicts.reading.pci.readable):
        return [verdicts.unknown(listed)]
    if listed.value == () or (count.value is None and len(given) == len(verdicts.reading.pci.functions) > 0):
        why = f"{pci_gpus.describe(verdicts.reading)}, which leaves none" if given else "the kernel lists no NVIDIA GPU"
        return [verdicts.skipped(listed, f"{why} to compare NVML's answers with")]
    if count.value is None:
        return [verdicts.unknown(count)]
    return _compared(verdicts, node, count.value, listed)


def _compared(
    verdicts: VerdictFactory, node: ObservedNode, count: int, listed: Observation[tuple[PciFunction, ...]]
) -> list[Verdict]:
    """The certain differences; if functions cannot be classified, only those that hold in any case."""
    here, doubtful = pci_gpus.for_nvml(verdicts.reading), pci_gpus.unclear(verdicts.reading)
    if not len(here) <= count <= len(here) + len(doubtful):
        return [_different_number(verdicts, node, node.count, here)]
    open_addresses = {each.path.rpartition("/")[2].lower() for each in doubtful}
    different = _different_gpus(verdicts, node.gpus, here, open_addresses)
    if different or listed.value is None:
        return different or [verdicts.unknown(listed)]
    unread = [verdicts.unknown(_why_unread(gpu), gpu=gpu.id) for gpu in node.gpus if gpu.pci.value is None]
    return unread or [
        verdicts.passed(node.count, "NVML and the kernel's PCI list agree", measured=f"{count} GPUs in both")
    ]


def _why_unread(gpu: ObservedGpu) -> Observation[object]:
    """Why the address is not known: the first call that failed, without repetition."""
    return gpu.pci if gpu.handle.status is Status.READ else gpu.handle


def _different_number(
    verdicts: VerdictFactory, node: ObservedNode, count: Observation[int], here: list[PciFunction]
) -> Verdict:
    answered = {gpu.id.pci for gpu in node.gpus}
    missing = [each for each in here if each.address not in answered]
    named = f"; NVML does not show {', '.join(each.address for each in missing)}"
    known = missing and "" not in answered
    given = f" ({pci_gpus.describe(verdicts.reading)})" if len(here) < len(verdicts.reading.pci.functions) else ""
    message = f"NVML counts {count.value} GPUs on {verdicts.node}, but the kernel's PCI list has {len(here)}{given}"
    measured = f"NVML {count.value}, PCI {len(here)}"
    remedy = _HIDDEN if missing and all(each.driver == _TAKEN for each in missing) else _NOT_TAKEN
    if (count.value or 0) > len(here) and given:
        remedy = _GIVEN
    message += named if known else ""
    return verdicts.failed(PCI_DISAGREES, count, message, measured=measured, remedy=remedy)


def _different_gpus(
    verdicts: VerdictFactory, gpus: list[ObservedGpu], here: list[PciFunction], doubtful: set[str]
) -> list[Verdict]:
    by_address = {each.address: each for each in here}
    given = {each.address: each.driver for each in pci_gpus.passed_through(verdicts.reading)}
    found: list[Verdict] = []
    for gpu in gpus:
        identity = gpu.pci.value
        if identity is None or identity.address in doubtful:
            continue
        known = by_address.get(identity.address)
        if driver := given.get(identity.address):
            message = f"{driver} holds the PCI device {identity.address}, but NVML reports it as {gpu.id}"
        elif known is None:
            message = f"the kernel has no NVIDIA GPU at {identity.address}, where NVML reports {gpu.id}"
        elif identity.device and known.device != identity.device:
            message = (
                f"the PCI device id at {known.address} is {known.device} in the kernel, but {identity.device} in NVML"
            )
        else:
            continue
        measured = f"{identity.address} {identity.device}"
        found.append(verdicts.failed(PCI_DISAGREES, gpu.pci, message, measured=measured, gpu=gpu.id))
    return found
