"""The number of GPUs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import pci_gpus
from blueprint.probe.check import check
from blueprint.probe.checks.nvml_consistency import GPU_COUNT_INCONSISTENT
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import COUNT

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

GPU_COUNT = define(
    "BP9020",
    "gpu-count",
    """
The node has a different number of GPUs than the blueprint declares for its pool. If the kernel's PCI list shows the
missing one, the driver does not use it (see its log); if it is not on the PCI bus either, the board, the slot or the
machine type is the cause. If the machine is right, the blueprint's `gpu.count` is wrong.
""",
)

_ON_BUS = "the device is on the bus: check the kernel log for why the driver does not use it"
_GIVEN = "take the GPUs back from the vfio driver, or move the node to a pool whose GPUs are passed through"
_HIDDEN = (
    "the kernel module has the device: in a container, NVML shows only what NVIDIA_VISIBLE_DEVICES names (probe with"
    " `all`, or on the node itself); otherwise the driver lost it: check the kernel log"
)
_MACHINE = "check the machine type, the slot and the board, or `gpu.count` in the blueprint"
_NONE_DECLARED = "move the node to the pool that declares its GPUs (labels, node group), or declare `gpu` in this pool"


@check("gpu-count", COUNT, expects=lambda number: f"{number or 'no'} GPUs")
def gpu_count(verdicts: VerdictFactory, expected: int) -> list[Verdict]:
    """The node has as many GPUs as the blueprint declares.

    NVML must report that number and return a handle for each GPU, and no two GPUs may be the same device. For `0`, in
    pools without GPUs, the kernel's PCI list must be empty as well, and a missing NVML is correct; GPUs passed to
    virtual machines are listed but not counted.
    """
    node = verdicts.observed_node
    count, gpus = node.count, node.gpus
    if not expected:
        return [_none(verdicts, count)]
    if count.status is not Status.READ:
        return [verdicts.unknown(count)]
    if count.value != expected:
        return [_wrong(verdicts, count, expected)]
    if unreached := [gpu for gpu in gpus if gpu.handle.status is not Status.READ]:
        return [verdicts.unknown(unreached[0].handle, gpu=unreached[0].id)]
    if len(gpus) != expected:
        why = f"NVML counts {expected} GPUs, but the reading contains {len(gpus)}"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, count.evidence))]
    if (different := _different(gpus)) < expected:
        message = f"NVML counts {expected} GPUs on {verdicts.node}, but only {different} of them are different devices"
        return [verdicts.failed(GPU_COUNT_INCONSISTENT, count, message, measured=f"{different} different GPUs")]
    return [verdicts.passed(count, f"{expected} GPUs", measured=str(expected))]


def _none(verdicts: VerdictFactory, count: Observation[int]) -> Verdict:
    """No GPUs, according to the kernel's PCI list. A missing NVML proves nothing, but one that counts GPUs is
    sufficient.
    """
    here, listed = pci_gpus.for_nvml(verdicts.reading), pci_gpus.functions(verdicts.reading)
    believed = here if listed.status is not Status.IMPLAUSIBLE else []
    if found := max(count.value or 0, len(believed)):
        observation: Observation[object] = count if count.value else listed
        message = f"{verdicts.node} has {found} GPU{'' if found == 1 else 's'}, but its pool declares none"
        return verdicts.failed(GPU_COUNT, observation, message, measured=str(found), remedy=_NONE_DECLARED)
    if listed.value is None:
        return verdicts.unknown(listed)
    evidence = Observation(Status.READ, 0, "", count.evidence, listed.files)
    if not (evidence.evidence or evidence.files):
        return verdicts.unknown(
            Observation(Status.UNREADABLE, None, "the reading contains neither NVML nor PCI values", ())
        )
    given = pci_gpus.describe(verdicts.reading) if pci_gpus.passed_through(verdicts.reading) else ""
    return verdicts.passed(evidence, given or "no GPUs, as declared", measured=given or "0")


def _wrong(verdicts: VerdictFactory, count: Observation[int], expected: int) -> Verdict:
    listed, seen = verdicts.reading.pci.functions, ""
    if verdicts.reading.pci.readable:
        given = f" ({pci_gpus.describe(verdicts.reading)})" if pci_gpus.passed_through(verdicts.reading) else ""
        seen = f"; the kernel's PCI list has {len(listed)}{given}"
    message = f"NVML counts {count.value} GPUs on {verdicts.node}, not {expected}{seen}"
    remedy = _remedy(verdicts, count.value or 0, expected)
    return verdicts.failed(GPU_COUNT, count, message, measured=str(count.value), remedy=remedy)


def _remedy(verdicts: VerdictFactory, counted: int, expected: int) -> str:
    """The next step: the kernel's information about the GPUs that NVML does not report."""
    reading = verdicts.reading
    if counted > expected or len(reading.pci.functions) < expected:
        return _MACHINE
    shown = {gpu.id.pci for gpu in verdicts.observed_node.gpus}
    missing = [each for each in reading.pci.functions if each.address not in shown]
    if pci_gpus.passed_through(reading):
        return _GIVEN
    return _HIDDEN if missing and all(each.driver == "nvidia" for each in missing) else _ON_BUS


def _different(gpus: list[ObservedGpu]) -> int:
    """The number of distinct devices; one whose identity was not read counts as distinct."""
    return len({gpu.id.pci or gpu.id.uuid or str(gpu.index) for gpu in gpus})
