"""The size of a GPU's memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import DeviceCall
from blueprint.probe.observation import Status
from blueprint.probe.parameters import record
from blueprint.probe.parse import field_of, integer

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.reading import Value
    from blueprint.probe.verdicts import Verdict, VerdictFactory

MEMORY = define(
    "BP9060",
    "gpu-memory",
    """
The GPU's total memory, as NVML reports it, differs from the product's. The expected value is what NVML reports for a
healthy board (81,559 MiB on an "80 GB" H100), not the marketing value. Much less memory suggests virtualisation (vGPU,
an interception library); slightly less suggests failing memory or another variant.
""",
)

_MIB = 1 << 20
_FAR_BELOW = 0.75
_VIRTUAL = "look for a vGPU or an interception library (LD_PRELOAD) on this node"
_OTHER = "compare the product, its memory variant and the ECC mode with the blueprint"


_MAX_BYTES = 1 << 44


@dataclass(frozen=True, slots=True)
class MemorySize:
    """Memory in MiB, as reported by NVML on a healthy board, and the tolerance in both directions."""

    mib: int
    tolerance_mib: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance_mib < self.mib:
            raise ValueError(f"a tolerance of {self.tolerance_mib} MiB makes {self.mib} MiB meaningless")

    def __str__(self) -> str:
        return f"{self.mib} MiB, +/- {self.tolerance_mib} MiB"


def _parse(value: Value | None) -> int:
    found = integer(field_of(value, "total"))
    if not 0 < found <= _MAX_BYTES:
        raise ValueError(f"a total of {found} bytes of memory")
    return found


MEMORY_INFO = DeviceCall("nvmlDeviceGetMemoryInfo", _parse, ("total",))
"""Total memory in bytes, as reported by the plain (version 1) call."""


@check("gpu-memory", record(MemorySize), expects=str, reads=(MEMORY_INFO,))
def gpu_memory(verdicts: VerdictFactory, expected: MemorySize) -> list[Verdict]:
    """Every GPU has the memory of its product.

    Less than three quarters of it suggests a virtualised value.
    """
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, expected))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, expected: MemorySize) -> Verdict:
    total = gpu.observe(MEMORY_INFO)
    if total.status is not Status.READ or total.value is None:
        return verdicts.unknown(total, gpu=gpu.id)
    mib = total.value / _MIB
    measured = f"{mib:.0f} MiB"
    if abs(mib - expected.mib) <= expected.tolerance_mib:
        return verdicts.passed(total, f"{gpu.id} has {measured}", measured=measured, gpu=gpu.id)
    message = f"{gpu.id} has {measured} of memory, not {expected.mib} MiB"
    remedy = _VIRTUAL if mib < expected.mib * _FAR_BELOW else _OTHER
    return verdicts.failed(MEMORY, total, message, measured=measured, gpu=gpu.id, remedy=remedy)
