"""The GPUs' PCI addresses."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Gpu, Node, Status
from blueprint.probe.judging import Bench, each_gpu
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("gpu-pci", parameters.unique)
def gpu_pci(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU has a PCI address, and no two have the same.

    `want`: `"unique"`. An answer that contradicts itself about its address is unknown.
    """
    bench = Bench(reading, expectation, "a PCI address of its own for every GPU")
    owners: dict[str, list[int]] = {}
    for gpu in Node(reading).gpus:
        owners.setdefault(gpu.id.pci, []).append(gpu.index)
    return each_gpu(bench, lambda gpu: _judge(bench, gpu, owners))


def _judge(bench: Bench, gpu: Gpu, owners: dict[str, list[int]]) -> Verdict:
    pci = gpu.pci
    if pci.status is not Status.READ or pci.value is None:
        return bench.unknown(pci, gpu=gpu.id)
    address = pci.value.address
    if len(sharing := owners[address]) > 1:
        others = ", ".join(str(index) for index in sharing)
        message = f"{len(sharing)} GPUs of {bench.reading.node} claim the PCI address {address} (indexes {others})"
        return bench.failed(codes.PCI_ADDRESS, pci, message, measured=address, gpu=gpu.id)
    return bench.passed(pci, f"{address} is unique", measured=address, gpu=gpu.id)
