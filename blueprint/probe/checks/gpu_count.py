"""The number of GPUs."""

from __future__ import annotations

from blueprint.probe import codes, wants
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Gpu, Node, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("gpu-count", wants.number)
def gpu_count(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The node has as many GPUs as the blueprint declares.

    `want`: a whole number. NVML's count must be that number, a handle must be had for each, and no two may
    be the same device.
    """
    wanted = wants.number(expectation.want)
    bench = Bench(reading, expectation, f"{wanted} GPUs")
    node = Node(reading)
    count, gpus = node.count, node.gpus
    if count.status is not Status.READ:
        return [bench.unknown(count)]
    if count.value != wanted:
        return [_wrong(bench, count, wanted)]
    if unreached := [gpu.handle for gpu in gpus if gpu.handle.status is not Status.READ]:
        return [bench.unknown(unreached[0])]
    if len(gpus) != wanted:
        why = f"NVML counts {wanted} GPUs, but the reading looked at {len(gpus)}"
        return [bench.unknown(Fact(Status.UNREADABLE, None, why, count.evidence))]
    if (different := _different(gpus)) < wanted:
        message = f"NVML counts {wanted} GPUs on {reading.node}, but only {different} of them are different devices"
        return [bench.failed(codes.GPU_COUNT_INCONSISTENT, count, message, measured=f"{different} different GPUs")]
    return [bench.passed(count, f"{wanted} GPUs", measured=str(wanted))]


def _wrong(bench: Bench, count: Fact[int], wanted: int) -> Verdict:
    scan = bench.reading.pci
    seen = f"; the kernel's PCI list has {len(scan.functions)}" if scan.readable else ""
    message = f"NVML counts {count.value} GPUs on {bench.reading.node}, not {wanted}{seen}"
    driverless = scan.readable and len(scan.functions) >= wanted
    remedy = (
        "the device is on the bus: look for why the driver does not take it in the kernel log"
        if driverless
        else "check the machine type, the slot and the board, or `gpu.count` in the blueprint"
    )
    return bench.failed(codes.GPU_COUNT, count, message, measured=str(count.value), remedy=remedy)


def _different(gpus: list[Gpu]) -> int:
    """How many different devices there are; one whose identity was not read counts as itself."""
    return len({gpu.id.pci or gpu.id.uuid or str(gpu.index) for gpu in gpus})
