"""The size of a GPU's memory."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedGpu, Status
from blueprint.probe.parameters import Memory
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu

_MIB = 1 << 20
_FAR_BELOW = 0.75
_VIRTUAL = "virtualised? Look for a vGPU or an interception library (LD_PRELOAD) on this node"
_OTHER = "compare the product, its memory variant and the ECC mode with the blueprint"


@check("gpu-memory", parameters.memory)
def gpu_memory(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Every GPU has the memory of its product.

    `want`: `{"mib": 81559, "toleranceMib": 1024}`: what NVML totals on a healthy board, and how much it may
    differ either way. Less than three quarters of it suggests a virtualised figure.
    """
    wanted = parameters.memory(expectation.want)
    verdicts = VerdictFactory(reading, expectation, f"{wanted.mib} MiB, give or take {wanted.tolerance_mib} MiB")
    return each_gpu(verdicts, lambda gpu: _judge(verdicts, gpu, wanted))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, wanted: Memory) -> Verdict:
    total = gpu.memory_bytes
    if total.status is not Status.READ or total.value is None:
        return verdicts.unknown(total, gpu=gpu.id)
    mib = total.value / _MIB
    measured = f"{mib:.0f} MiB"
    if abs(mib - wanted.mib) <= wanted.tolerance_mib:
        return verdicts.passed(total, f"{gpu.id} has {measured}", measured=measured, gpu=gpu.id)
    message = f"{gpu.id} has {measured} of memory, not {wanted.mib} MiB"
    remedy = _VIRTUAL if mib < wanted.mib * _FAR_BELOW else _OTHER
    return verdicts.failed(codes.MEMORY, total, message, measured=measured, gpu=gpu.id, remedy=remedy)
