"""The GPUs' PCI addresses."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedGpu, ObservedNode, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu


@check("gpu-pci", parameters.unique)
def gpu_pci(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU has a PCI address, and no two have the same.

    `want`: `"unique"`. An answer that contradicts itself about its address is unknown.
    """
    verdicts = VerdictFactory(reading, expectation, "a PCI address of its own for every GPU")
    owners: dict[str, list[int]] = {}
    for gpu in ObservedNode(reading).gpus:
        owners.setdefault(gpu.id.pci, []).append(gpu.index)
    return each_gpu(verdicts, lambda gpu: _judge(verdicts, gpu, owners))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, owners: dict[str, list[int]]) -> Verdict:
    pci = gpu.pci
    if pci.status is not Status.READ or pci.value is None:
        return verdicts.unknown(pci, gpu=gpu.id)
    address = pci.value.address
    if len(sharing := owners[address]) > 1:
        others = ", ".join(str(index) for index in sharing)
        message = f"{len(sharing)} GPUs of {verdicts.reading.node} claim the PCI address {address} (indexes {others})"
        return verdicts.failed(codes.PCI_ADDRESS, pci, message, measured=address, gpu=gpu.id)
    return verdicts.passed(pci, f"{address} is unique", measured=address, gpu=gpu.id)
