"""ECC mode."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Gpu
from blueprint.probe.judging import Bench, each_gpu, off_on
from blueprint.probe.model import Expectation
from blueprint.probe.pending_modes import ModeWords, judge_modes
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict

_WORDS = ModeWords(
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
    bench = Bench(reading, expectation, f"ECC mode {off_on(wanted)}")

    def judge(gpu: Gpu) -> Verdict:
        return judge_modes(bench, gpu, gpu.ecc, wanted=wanted, words=_WORDS)

    return each_gpu(bench, judge)
