"""MIG mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import nvml_calls
from blueprint.probe.check import check
from blueprint.probe.parameters import FLAG, off_on, record_or
from blueprint.probe.pending_modes import ModeTerms, judge_modes

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

MIG_MODE = define(
    "BP9700",
    "mig-mode",
    """
MIG mode is not as declared. A GPU in MIG mode cannot be used as a whole, and without MIG mode it offers no instances.
The GPU Operator's MIG manager sets it on idle GPUs.
""",
)
MIG_PENDING = define(
    "BP9701",
    "mig-mode-pending",
    """
The current and the pending MIG mode differ: the GPU needs a reset before the mode that was set takes effect.
Usually the GPU was in use when the mode was changed.
""",
)

_TERMS = ModeTerms(
    name="MIG mode",
    wrong=MIG_MODE,
    pending=MIG_PENDING,
    remedy="drain the node and let the MIG manager apply its configuration",
)


@dataclass(frozen=True, slots=True)
class MigModes:
    """The number of GPUs with MIG mode on and off, whichever they are."""

    on: int
    off: int


def _in_words(expected: MigModes | bool) -> str:
    if isinstance(expected, MigModes):
        return f"MIG mode on on {expected.on} GPUs, off on {expected.off}"
    return f"MIG mode {off_on(expected)}"


_PARAMETERS = record_or(MigModes, FLAG)


@check("mig-mode", _PARAMETERS, expects=_in_words, reads=(nvml_calls.MIG_MODE,))
def mig_mode(verdicts: VerdictFactory, expected: MigModes | bool) -> list[Verdict]:
    """The MIG mode of every GPU is as declared, now and after the next reset.

    A GPU without MIG skips an expected `false` and fails a `true`.
    """
    modes = _expected_modes(verdicts.observed_node.gpus, expected)

    def judge(gpu: ObservedGpu) -> Verdict:
        """Compare the modes of one GPU with the declared one."""
        return judge_modes(verdicts, gpu, gpu.observe(nvml_calls.MIG_MODE), expected=modes[gpu.index], terms=_TERMS)

    return verdicts.each_gpu(judge)


def _expected_modes(gpus: Sequence[ObservedGpu], expected: MigModes | bool) -> Mapping[int, bool]:
    """The expected mode of each GPU, by index: its actual mode, unless more GPUs than declared have it."""
    if isinstance(expected, bool):
        return dict.fromkeys((gpu.index for gpu in gpus), expected)
    left = {True: expected.on, False: expected.off}
    modes: dict[int, bool] = {}
    for gpu in sorted(gpus, key=_is_settled, reverse=True):
        found = gpu.observe(nvml_calls.MIG_MODE).value
        current = found.current if found else False
        modes[gpu.index] = current if left[current] > 0 else not current
        left[modes[gpu.index]] -= 1
    return modes


def _is_settled(gpu: ObservedGpu) -> bool:
    """Whether its mode is final. GPUs that wait for a reset are assigned the remaining modes."""
    modes = gpu.observe(nvml_calls.MIG_MODE).value
    return modes is not None and modes.current == modes.pending
