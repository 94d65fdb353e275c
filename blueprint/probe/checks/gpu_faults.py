"""Faults that the driver reports by return code, whichever call returned them."""

from __future__ import annotations

from blueprint.probe import codes, nvml_codes
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, ObservedGpu, Status, status_of
from blueprint.probe.reading import Call, Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_CODES = {
    nvml_codes.GPU_IS_LOST: (codes.GPU_LOST, "drain the node and power-cycle it"),
    nvml_codes.RESET_REQUIRED: (codes.RESET_REQUIRED, "drain the node and reset the GPU"),
    nvml_codes.LIB_RM_VERSION_MISMATCH: (codes.LIBRARY_MISMATCH, "drain the node; reload the driver or reboot"),
}
_OTHER = (codes.GPU_FAULT, "check power and cabling, and the kernel log; run the vendor's diagnostics")


@check("gpu-faults", always=True)
def gpu_faults(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """No call returned that a GPU is lost, needs a reset or is broken, or that library and driver do not fit.

    Needs no expectation.
    """
    faults: dict[tuple[int | None, int], list[Call]] = {}
    for call in reading.calls:
        if status_of(call) is Status.FAULT and call.code is not None:
            faults.setdefault((call.device, call.code), []).append(call)
    verdicts = VerdictFactory(reading, expectation, "no fault")
    return [_fault(verdicts, device, code, calls) for (device, code), calls in faults.items()]


def _fault(verdicts: VerdictFactory, device: int | None, code: int, calls: list[Call]) -> Verdict:
    gpu = None if device is None else ObservedGpu(verdicts.reading, device).id
    said, remedy = _CODES.get(code, _OTHER)
    named = ", ".join(dict.fromkeys(call.call for call in calls))
    message = f"{gpu or verdicts.reading.node}: {nvml_codes.name_of(code)} ({code}) from {named}"
    observation: Observation[str] = Observation(Status.FAULT, None, message, tuple(calls))
    return verdicts.failed(said, observation, message, measured=nvml_codes.name_of(code), gpu=gpu, remedy=remedy)
