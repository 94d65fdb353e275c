"""The kernel's PCI list and NVML name the same GPUs."""

from __future__ import annotations

from blueprint.probe import bus, codes
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Gpu, Node, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import PciFunction, Reading
from blueprint.probe.verdict import Verdict

_TAKEN = "nvidia"
_NOT_TAKEN = "look for these addresses in the kernel log: the driver did not take the device, or lost it"
_HIDDEN = (
    "the kernel module has these devices: in a container NVML shows only what NVIDIA_VISIBLE_DEVICES names"
    " (probe with `all`, or on the node itself); otherwise the driver lost them: look in the kernel log"
)
_GIVEN = (
    "NVML answers for devices that it cannot reach: look for an interception library (LD_PRELOAD), or a driver that"
    " was just changed"
)


@check("pci-agreement", always=True)
def pci_agreement(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML and the kernel's PCI list, which are independent, name the same GPUs at the same addresses.

    Needs no expectation. GPUs bound to `vfio-pci` are invisible to NVML and left out, virtual functions are no GPUs.
    A function that cannot be told to be one is *unknown*. Where the kernel lists no NVIDIA GPU at all (WSL, a container
    without /sys, a stand-in library) there is nothing to compare with, and the check is skipped.
    """
    bench = Bench(reading, expectation, "the same GPUs in NVML and in the kernel's PCI list")
    node, listed = Node(reading), bus.functions(reading)
    count, given = node.count, bus.passed_through(reading)
    if not bus.is_listed(reading):
        return [bench.skipped(listed, f"{listed.why} to compare NVML's answers with")]
    if listed.value is None and (listed.status is Status.IMPLAUSIBLE or not reading.pci.readable):
        return [bench.unknown(listed)]
    if listed.value == () or (count.value is None and len(given) == len(reading.pci.functions) > 0):
        why = f"{bus.told(reading)}, which leaves none" if given else "the kernel lists no NVIDIA GPU"
        return [bench.skipped(listed, f"{why} to compare NVML's answers with")]
    if count.value is None:
        return [bench.unknown(count)]
    return _compared(bench, node, count.value, listed)


def _compared(bench: Bench, node: Node, count: int, listed: Fact[tuple[PciFunction, ...]]) -> list[Verdict]:
    """What differs for certain; where functions are unclear, no more than what differs whatever they are."""
    here, doubtful = bus.for_nvml(bench.reading), bus.unclear(bench.reading)
    if not len(here) <= count <= len(here) + len(doubtful):
        return [_different_number(bench, node, node.count, here)]
    open_addresses = {each.path.rpartition("/")[2].lower() for each in doubtful}
    different = _different_gpus(bench, node.gpus, here, open_addresses)
    if different or listed.value is None:
        return different or [bench.unknown(listed)]
    unread = [bench.unknown(_why_unread(gpu), gpu=gpu.id) for gpu in node.gpus if gpu.pci.value is None]
    return unread or [
        bench.passed(node.count, "NVML and the kernel's PCI list agree", measured=f"{count} GPUs in both")
    ]


def _why_unread(gpu: Gpu) -> Fact[object]:
    """Why the address is not known: the first call that failed, told once."""
    return gpu.pci if gpu.handle.status is Status.READ else gpu.handle


def _different_number(bench: Bench, node: Node, count: Fact[int], here: list[PciFunction]) -> Verdict:
    answered = {gpu.id.pci for gpu in node.gpus}
    missing = [each for each in here if each.address not in answered]
    named = f"; NVML does not show {', '.join(each.address for each in missing)}"
    known = missing and "" not in answered
    given = f" ({bus.told(bench.reading)})" if len(here) < len(bench.reading.pci.functions) else ""
    message = f"NVML counts {count.value} GPUs on {bench.reading.node}, the kernel's PCI list {len(here)}{given}"
    measured = f"NVML {count.value}, PCI {len(here)}"
    remedy = _HIDDEN if missing and all(each.driver == _TAKEN for each in missing) else _NOT_TAKEN
    if (count.value or 0) > len(here) and given:
        remedy = _GIVEN
    said = message + (named if known else "")
    return bench.failed(codes.PCI_DISAGREES, count, said, measured=measured, remedy=remedy)


def _different_gpus(bench: Bench, gpus: list[Gpu], here: list[PciFunction], doubtful: set[str]) -> list[Verdict]:
    by_address = {each.address: each for each in here}
    given = {each.address: each.driver for each in bus.passed_through(bench.reading)}
    found: list[Verdict] = []
    for gpu in gpus:
        identity = gpu.pci.value
        if identity is None or identity.address in doubtful:
            continue
        known = by_address.get(identity.address)
        if driver := given.get(identity.address):
            said = f"the kernel gives {identity.address} to {driver}, but NVML answers for it as {gpu.id}"
        elif known is None:
            said = f"the kernel has no NVIDIA GPU at {identity.address}, where NVML puts {gpu.id}"
        elif identity.device and known.device != identity.device:
            said = f"the kernel reads PCI device id {known.device} at {known.address}, NVML says {identity.device}"
        else:
            continue
        measured = f"{identity.address} {identity.device}"
        found.append(bench.failed(codes.PCI_DISAGREES, gpu.pci, said, measured=measured, gpu=gpu.id))
    return found
