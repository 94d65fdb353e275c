"""ECC mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import parse
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import DeviceCall
from blueprint.probe.parameters import FLAG, off_on
from blueprint.probe.pending_modes import ModeTerms, judge_modes

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

ECC_MODE = define(
    "BP9220",
    "ecc-mode",
    """
The ECC mode is not as declared. Without ECC, silent data corruption goes undetected. Change it with `nvidia-smi -e`; it
takes effect at the next reset of the GPU.
""",
)
ECC_PENDING = define(
    "BP9221",
    "ecc-mode-pending",
    """
The current and the pending ECC mode differ: the mode changes at the next reset of the GPU. Reset it at a convenient
time, or set the pending mode back.
""",
)

_TERMS = ModeTerms(
    name="ECC mode",
    wrong=ECC_MODE,
    pending=ECC_PENDING,
    remedy="drain the node, set it with `nvidia-smi -e`, and reset the GPU",
)


MODES = DeviceCall("nvmlDeviceGetEccMode", parse.modes)
"""ECC mode, current and pending."""


@check("ecc-mode", FLAG, expects=lambda on: f"ECC mode {off_on(on)}", reads=(MODES,))
def ecc_mode(verdicts: VerdictFactory, expected: bool) -> list[Verdict]:
    """The ECC mode of every GPU is as declared, now and after the next reset.

    A GPU without ECC skips an expected `false` and fails a `true`.
    """

    def judge(gpu: ObservedGpu) -> Verdict:
        """Compare the modes of one GPU with the declared one."""
        return judge_modes(verdicts, gpu, gpu.observe(MODES), expected=expected, terms=_TERMS)

    return verdicts.each_gpu(judge)
