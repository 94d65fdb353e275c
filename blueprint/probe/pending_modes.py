"""Checks modes that change at a reset: they have a current and a pending value, and both must be correct."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from blueprint.diagnostics import Code
from blueprint.probe.observation import Status
from blueprint.probe.parameters import off_on

if TYPE_CHECKING:
    from blueprint.probe.observation import Observation
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.parse import Modes
    from blueprint.probe.verdicts import Verdict, VerdictFactory


class ModeTerms(NamedTuple):
    """The terms for one mode: its name, its two codes, and what to do if it is wrong."""

    name: str
    wrong: Code
    pending: Code
    remedy: str


def judge_modes(
    verdicts: VerdictFactory, gpu: ObservedGpu, modes: Observation[Modes], *, expected: bool, terms: ModeTerms
) -> Verdict:
    """Pass only if the mode is as expected now and after the next reset of the GPU."""
    if modes.status is Status.UNSUPPORTED:
        return absent_mode(verdicts, gpu, modes, terms.name, terms.wrong, expected=expected)
    if modes.status is not Status.READ or modes.value is None:
        return verdicts.unknown(modes, gpu=gpu.id)
    current, pending = modes.value.current, modes.value.pending
    measured = f"{off_on(current)}, pending {off_on(pending)}"
    if current == pending == expected:
        return verdicts.passed(modes, f"{terms.name} is {off_on(expected)} on {gpu.id}", measured=measured, gpu=gpu.id)
    if current == pending:
        message = f"{terms.name} is {off_on(current)} on {gpu.id}, but must be {off_on(expected)}"
        return verdicts.failed(terms.wrong, modes, message, measured=measured, gpu=gpu.id, remedy=terms.remedy)
    message = f"{terms.name} is {off_on(current)} on {gpu.id}, and changes to {off_on(pending)} at the next reset"
    remedy = (
        f"reset the GPU to change {terms.name} to {off_on(expected)}, as already set"
        if pending == expected
        else f"set it back to {off_on(expected)} before the GPU is reset"
    )
    return verdicts.failed(terms.pending, modes, message, measured=measured, gpu=gpu.id, remedy=remedy)


def absent_mode(
    verdicts: VerdictFactory,
    gpu: ObservedGpu,
    mode: Observation[object],
    name: str,
    code: Code,
    *,
    expected: bool,
) -> Verdict:
    """The verdict for a GPU that does not support the mode: nothing to check if it is expected to be off, a failure if
    on.
    """
    if not expected:
        return verdicts.skipped(mode, f"a GPU without {name}", gpu=gpu.id)
    message = f"{gpu.id} does not support {name}"
    remedy = "check the product, which should support it, or look for a virtual GPU"
    return verdicts.failed(
        code, mode, f"{message}, which must be on", measured="not supported", gpu=gpu.id, remedy=remedy
    )
