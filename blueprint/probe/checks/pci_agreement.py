"""The kernel's PCI list and NVML name the same GPUs."""

from __future__ import annotations

from blueprint.probe import codes
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Gpu, Node, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import PciFunction, Reading
from blueprint.probe.verdict import Verdict

_PASSED_THROUGH = "vfio-pci"


@check("pci-agreement", always=True)
def pci_agreement(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML and the kernel's PCI list, which are independent, name the same GPUs at the same addresses.

    Needs no expectation. GPUs bound to `vfio-pci` are invisible to NVML and left out. Where the kernel lists no
    NVIDIA GPU at all (WSL, a container without /sys, a stand-in library) there is nothing to compare with,
    and the check is skipped.
    """
    bench = Bench(reading, expectation, "the same GPUs in NVML and in the kernel's PCI list")
    node = Node(reading)
    count = node.count
    on_bus = [each for each in reading.pci.functions if each.driver != _PASSED_THROUGH]
    if not on_bus:
        why = "the kernel lists no NVIDIA GPU" if reading.pci.readable else "the kernel's PCI list is not readable"
        return [bench.skipped(Fact(Status.UNREADABLE, None, why, ()), f"{why} to compare NVML's answers with")]
    if count.status is not Status.READ or count.value is None:
        return [bench.unknown(count)]
    if count.value != len(on_bus):
        return [_different_number(bench, node, count, on_bus)]
    unread = [bench.unknown(gpu.pci, gpu=gpu.id) for gpu in node.gpus if gpu.pci.value is None]
    return _different_gpus(bench, node.gpus, on_bus) + unread or [
        bench.passed(count, "NVML and the kernel's PCI list agree", measured=f"{count.value} GPUs in both")
    ]


def _different_number(bench: Bench, node: Node, count: Fact[int], on_bus: list[PciFunction]) -> Verdict:
    answered = {gpu.id.pci for gpu in node.gpus}
    missing = [each.address for each in on_bus if each.address not in answered]
    named = f"; NVML does not show {', '.join(missing)}" if missing and "" not in answered else ""
    message = f"NVML counts {count.value} GPUs on {bench.reading.node}, the kernel's PCI list {len(on_bus)}{named}"
    remedy = "look for these addresses in the kernel log: the driver did not take the device, or lost it"
    measured = f"NVML {count.value}, PCI {len(on_bus)}"
    return bench.failed(codes.PCI_DISAGREES, count, message, measured=measured, remedy=remedy)


def _different_gpus(bench: Bench, gpus: list[Gpu], on_bus: list[PciFunction]) -> list[Verdict]:
    by_address = {each.address: each for each in on_bus}
    found: list[Verdict] = []
    for gpu in gpus:
        identity = gpu.pci.value
        if identity is None:
            continue
        known = by_address.get(identity.address)
        if known is None:
            said = f"the kernel has no NVIDIA GPU at {identity.address}, where NVML puts {gpu.id}"
        elif identity.device and known.device != identity.device:
            said = f"the kernel reads PCI device id {known.device} at {known.address}, NVML says {identity.device}"
        else:
            continue
        measured = f"{identity.address} {identity.device}"
        found.append(bench.failed(codes.PCI_DISAGREES, gpu.pci, said, measured=measured, gpu=gpu.id))
    return found
