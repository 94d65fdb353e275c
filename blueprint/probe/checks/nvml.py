"""NVML loads and the driver answers."""

from __future__ import annotations

from blueprint.probe import codes, nvml_codes, parameters, pci_gpus
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host import Access
from blueprint.probe.host_observations import KernelDriver, ObservedHost
from blueprint.probe.observations import Observation, ObservedNode, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_ABSENT = {
    nvml_codes.LIBRARY_NOT_FOUND: "NVML is not installed",
    nvml_codes.DRIVER_NOT_LOADED: "NVML is there, but no NVIDIA driver is loaded",
}
_ELSEWHERE = {
    nvml_codes.LIBRARY_NOT_FOUND: (
        "give the driver's libnvidia-ml.so.1 with --library (under /run/nvidia/driver with the GPU Operator), or mount"
        " the node's file system and give --root"
    ),
    nvml_codes.DRIVER_NOT_LOADED: (
        "the devices are missing for this process: are /dev/nvidiactl and /dev/nvidia0 there, and may it open them?"
    ),
}
_GIVEN = "NVML cannot see GPUs given to virtual machines: take them back from the vfio driver, or use another pool"


@check("nvml", parameters.only_true)
def nvml(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML, the driver's management library, loads, and the driver answers it.

    `want`: `true`; expected wherever the blueprint declares GPUs. No library and no loaded driver are proven
    absences and fail, unless the kernel says that the driver is loaded: then the probe only did not find its library
    or its devices, which is unknown. Everything else that keeps NVML from answering (permission, a timeout, a hang)
    proves nothing about the driver and is unknown.
    """
    verdicts = VerdictFactory(reading, expectation, "NVML loads and the driver answers")
    node = ObservedNode(reading)
    init = node.nvml
    if init.status is Status.READ:
        return [_driver(verdicts, node.driver)]
    [call] = init.evidence or (None,)
    if call is None or call.code not in _ABSENT:
        return [verdicts.unknown(init)]
    kernel = ObservedHost(reading).driver
    if kernel.files and kernel.files[0].access is not Access.ABSENT:
        return [_contradicted(verdicts, init, kernel, _ELSEWHERE[call.code])]
    given = pci_gpus.describe(reading) if pci_gpus.passed_through(reading) else ""
    message = f"{_ABSENT[call.code]} on {reading.node}, where GPUs are expected" + (f"; {given}" if given else "")
    remedy = _GIVEN if given else "look at the driver pod of this node, at its log, and at `lsmod | grep nvidia`"
    return [verdicts.failed(codes.NO_NVML, init, message, measured=_ABSENT[call.code], remedy=remedy)]


def _contradicted(
    verdicts: VerdictFactory, init: Observation[bool], kernel: Observation[KernelDriver], remedy: str
) -> Verdict:
    """The kernel has the driver, or what it says cannot be believed: that this process finds no NVML proves nothing."""
    open_question = f"whether a driver is loaded is open ({kernel.why})"
    said = f"driver {kernel.value.version} is loaded" if kernel.value else open_question
    why = f"NVML was not found for the probe, but {said} on {verdicts.reading.node}"
    observation: Observation[bool] = Observation(init.status, None, why, init.evidence, kernel.files)
    return verdicts.unknown(observation, code=codes.NVML_UNFOUND, remedy=remedy)


def _driver(verdicts: VerdictFactory, driver: Observation[str]) -> Verdict:
    """The library initialised; whether a driver stands behind it shows in its answering for itself."""
    if driver.status is not Status.READ:
        return verdicts.unknown(driver)
    return verdicts.passed(driver, "NVML answers", measured=f"driver {driver.value}")
