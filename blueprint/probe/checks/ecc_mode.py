"""ECC mode."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedGpu
from blueprint.probe.pending_modes import ModeTerms, judge_modes
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory, each_gpu, off_on

_WORDS = ModeTerms(
    name="ECC mode",
    wrong=codes.ECC_MODE,
    pending=codes.ECC_PENDING,
    remedy="drain the node, set it with `nvidia-smi -e`, and reset the GPU",
)


@check("ecc-mode", parameters.truth)
def ecc_mode(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """ECC mode of every GPU is as declared, now and after the next reset.

    `want`: `true` (on) or `false` (off). A GPU without ECC skips an expected `false` and fails a `true`.
    """
    wanted = parameters.truth(expectation.want)
    verdicts = VerdictFactory(reading, expectation, f"ECC mode {off_on(wanted)}")

    def judge(gpu: ObservedGpu) -> Verdict:
        return judge_modes(verdicts, gpu, gpu.ecc, wanted=wanted, words=_WORDS)

    return each_gpu(verdicts, judge)
