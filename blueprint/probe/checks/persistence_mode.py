"""Persistence mode."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Gpu, Status
from blueprint.probe.judging import Bench, each_gpu, off_on
from blueprint.probe.model import Expectation
from blueprint.probe.pending_modes import absent_mode
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict


@check("persistence-mode", parameters.truth)
def persistence_mode(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """Persistence mode of every GPU is as declared.

    `want`: `true` (on) or `false` (off). Where the driver has no such mode, an expected `false` is skipped
    and an expected `true` fails.
    """
    wanted = parameters.truth(expectation.want)
    bench = Bench(reading, expectation, f"persistence mode {off_on(wanted)}")
    return each_gpu(bench, lambda gpu: _judge(bench, gpu, wanted=wanted))


def _judge(bench: Bench, gpu: Gpu, *, wanted: bool) -> Verdict:
    mode = gpu.persistence
    if mode.status is Status.UNSUPPORTED:
        return absent_mode(bench, gpu, mode, "persistence mode", codes.PERSISTENCE_MODE, wanted=wanted)
    if mode.status is not Status.READ or mode.value is None:
        return bench.unknown(mode, gpu=gpu.id)
    measured = off_on(mode.value)
    if mode.value == wanted:
        return bench.passed(mode, f"persistence mode is {measured} on {gpu.id}", measured=measured, gpu=gpu.id)
    message = f"persistence mode is {measured} on {gpu.id}, not {off_on(wanted)}"
    remedy = "run nvidia-persistenced on the node, or `nvidia-smi -pm 1`" if wanted else ""
    return bench.failed(codes.PERSISTENCE_MODE, mode, message, measured=measured, gpu=gpu.id, remedy=remedy)
