"""Persistence mode."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedGpu, Status
from blueprint.probe.pending_modes import absent_mode
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu, off_on


@check("persistence-mode", parameters.truth)
def persistence_mode(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Persistence mode of every GPU is as declared.

    `want`: `true` (on) or `false` (off). Where the driver has no such mode, an expected `false` is skipped
    and an expected `true` fails.
    """
    wanted = parameters.truth(expectation.want)
    verdicts = VerdictFactory(reading, expectation, f"persistence mode {off_on(wanted)}")
    return each_gpu(verdicts, lambda gpu: _judge(verdicts, gpu, wanted=wanted))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, *, wanted: bool) -> Verdict:
    mode = gpu.persistence
    if mode.status is Status.UNSUPPORTED:
        return absent_mode(verdicts, gpu, mode, "persistence mode", codes.PERSISTENCE_MODE, wanted=wanted)
    if mode.status is not Status.READ or mode.value is None:
        return verdicts.unknown(mode, gpu=gpu.id)
    measured = off_on(mode.value)
    if mode.value == wanted:
        return verdicts.passed(mode, f"persistence mode is {measured} on {gpu.id}", measured=measured, gpu=gpu.id)
    message = f"persistence mode is {measured} on {gpu.id}, not {off_on(wanted)}"
    remedy = "run nvidia-persistenced on the node, or `nvidia-smi -pm 1`" if wanted else ""
    return verdicts.failed(codes.PERSISTENCE_MODE, mode, message, measured=measured, gpu=gpu.id, remedy=remedy)
