"""The GPUs' PCI addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.observation import Status
from blueprint.probe.parameters import one_of

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

PCI_ADDRESS = define(
    "BP9071",
    "gpu-pci-address",
    """
Two GPUs of the node report the same PCI address, or one reports contradictory addresses. The readings do not describe
real devices.
""",
)


@check("gpu-pci", one_of("unique"), expects=lambda _: "a unique PCI address for every GPU")
def gpu_pci(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """Every GPU has a unique PCI address.

    A self-contradictory result is unknown.
    """
    owners: dict[str, list[int]] = {}
    for gpu in verdicts.observed_node.gpus:
        owners.setdefault(gpu.id.pci, []).append(gpu.index)
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, owners))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, owners: dict[str, list[int]]) -> Verdict:
    pci = gpu.pci
    if pci.status is not Status.READ or pci.value is None:
        return verdicts.unknown(pci, gpu=gpu.id)
    address = pci.value.address
    if len(sharing := owners[address]) > 1:
        others = ", ".join(str(index) for index in sharing)
        message = f"{len(sharing)} GPUs of {verdicts.node} claim the PCI address {address} (indexes {others})"
        return verdicts.failed(PCI_ADDRESS, pci, message, measured=address, gpu=gpu.id)
    return verdicts.passed(pci, f"{address} is unique", measured=address, gpu=gpu.id)
