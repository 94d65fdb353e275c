"""MIG mode."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedGpu, ObservedNode
from blueprint.probe.pending_modes import ModeTerms, judge_modes
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu, off_on

_WORDS = ModeTerms(
    name="MIG mode",
    wrong=codes.MIG_MODE,
    pending=codes.MIG_PENDING,
    remedy="drain the node and let the MIG manager apply its configuration",
)


@check("mig-mode", parameters.mig_mode)
def mig_mode(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """MIG mode of every GPU is as declared, now and after the next reset.

    `want`: `true` (on), `false` (off), or how many GPUs have it on and off, whichever they are:
    `{"on": 4, "off": 4}`. A GPU without MIG skips an expected `false` and fails a `true`.
    """
    wanted = parameters.mig_mode(expectation.want)
    if isinstance(wanted, dict):
        return _some(reading, expectation, wanted)
    verdicts = VerdictFactory(reading, expectation, f"MIG mode {off_on(wanted)}")

    def judge(gpu: ObservedGpu) -> Verdict:
        return judge_modes(verdicts, gpu, gpu.mig, wanted=wanted, words=_WORDS)

    return each_gpu(verdicts, judge)


def _some(reading: Reading, expectation: Expectation, left: dict[bool, int]) -> list[Verdict]:
    """Each GPU may have the mode that it has, as long as no more than so many have it."""
    verdicts = VerdictFactory(reading, expectation, f"MIG mode on on {left[True]} GPUs, off on {left[False]}")
    wanted: dict[int, bool] = {}
    for gpu in sorted(ObservedNode(reading).gpus, key=_is_settled, reverse=True):
        now = gpu.mig.value.current if gpu.mig.value else False
        wanted[gpu.index] = now if left[now] > 0 else not now
        left[wanted[gpu.index]] -= 1

    def judge(gpu: ObservedGpu) -> Verdict:
        return judge_modes(verdicts, gpu, gpu.mig, wanted=wanted[gpu.index], words=_WORDS)

    return each_gpu(verdicts, judge)


def _is_settled(gpu: ObservedGpu) -> bool:
    """Whether its mode stays what it is. Those that wait for a reset get what the others leave over."""
    modes = gpu.mig.value
    return modes is not None and modes.current == modes.pending
