"""Faults that the driver reports by return code, from any call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import nvml_codes
from blueprint.probe.check import invariant
from blueprint.probe.observation import Observation, Status
from blueprint.probe.observations import ObservedGpu, status_of

if TYPE_CHECKING:
    from blueprint.probe.reading import Call
    from blueprint.probe.verdicts import Verdict, VerdictFactory

LIBRARY_MISMATCH = define(
    "BP9010",
    "driver-library-mismatch",
    """
The user-space library and the loaded kernel module are of different driver versions, so NVML refuses to work. The usual
cause is a driver upgrade that replaced the files without reloading the module. Drain the node, then reload the driver
or reboot.
""",
)
GPU_LOST = define(
    "BP9030",
    "gpu-lost",
    """
NVML reports that a GPU fell off the bus or cannot be reached. Its workloads have failed. Drain the node, power-cycle
it, and run the vendor's field diagnostics if it happens again.
""",
)
GPU_FAULT = define(
    "BP9031",
    "gpu-fault",
    """
The driver reports a fault of the GPU itself: interrupts that do not arrive, missing external power, or a
corrupted InfoROM. Check power cables and the kernel log; a GPU with a corrupted InfoROM must be replaced.
""",
)
RESET_REQUIRED = define(
    "BP9032",
    "gpu-reset-required",
    """
The GPU does not work until it is reset. Drain the node, then reset the GPU or reboot.
""",
)

_CODES = {
    nvml_codes.GPU_IS_LOST: (GPU_LOST, "drain the node and power-cycle it"),
    nvml_codes.RESET_REQUIRED: (RESET_REQUIRED, "drain the node and reset the GPU"),
    nvml_codes.LIB_RM_VERSION_MISMATCH: (LIBRARY_MISMATCH, "drain the node; reload the driver or reboot"),
}
_OTHER = (GPU_FAULT, "check power and cabling, and the kernel log; run the vendor's diagnostics")


@invariant("gpu-faults", expects="no fault")
def gpu_faults(verdicts: VerdictFactory) -> list[Verdict]:
    """No call reported that a GPU is lost, needs a reset or is defective, or that library and driver do not match."""
    faults: dict[tuple[int | None, int], list[Call]] = {}
    for call in verdicts.reading.calls:
        if status_of(call) is Status.FAULT and call.code is not None:
            faults.setdefault((call.device, call.code), []).append(call)
    return [_fault(verdicts, device, code, calls) for (device, code), calls in faults.items()]


def _fault(verdicts: VerdictFactory, device: int | None, code: int, calls: list[Call]) -> Verdict:
    gpu = None if device is None else ObservedGpu(verdicts.reading, device).id
    fault, remedy = _CODES.get(code, _OTHER)
    named = ", ".join(dict.fromkeys(call.call for call in calls))
    message = f"{gpu or verdicts.node}: {nvml_codes.name_of(code)} ({code}) from {named}"
    observation: Observation[str] = Observation(Status.FAULT, None, message, tuple(calls))
    return verdicts.failed(fault, observation, message, measured=nvml_codes.name_of(code), gpu=gpu, remedy=remedy)
