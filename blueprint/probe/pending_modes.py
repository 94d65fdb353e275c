"""Judging modes that take effect at a reset: they have a current and a pending value, and both must fit."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.diagnostics import Code
from blueprint.probe.observations import Observation, ObservedGpu, Status
from blueprint.probe.parse import Modes
from blueprint.probe.verdicts import Verdict, VerdictFactory, off_on


@dataclass(frozen=True, slots=True)
class ModeTerms:
    """How one mode is spoken of: its name, its two codes, and what to do when it is wrong."""

    name: str
    wrong: Code
    pending: Code
    remedy: str


def judge_modes(
    verdicts: VerdictFactory, gpu: ObservedGpu, modes: Observation[Modes], *, wanted: bool, words: ModeTerms
) -> Verdict:
    """Pass only if the mode is as wanted now and will be after the next reset of the GPU."""
    if modes.status is Status.UNSUPPORTED:
        return absent_mode(verdicts, gpu, modes, words.name, words.wrong, wanted=wanted)
    if modes.status is not Status.READ or modes.value is None:
        return verdicts.unknown(modes, gpu=gpu.id)
    current, pending = modes.value.current, modes.value.pending
    measured = f"{off_on(current)}, pending {off_on(pending)}"
    if current == pending == wanted:
        return verdicts.passed(modes, f"{words.name} is {off_on(wanted)} on {gpu.id}", measured=measured, gpu=gpu.id)
    if current == pending:
        message = f"{words.name} is {off_on(current)} on {gpu.id}, not {off_on(wanted)}"
        return verdicts.failed(words.wrong, modes, message, measured=measured, gpu=gpu.id, remedy=words.remedy)
    message = f"{words.name} is {off_on(current)} on {gpu.id} and becomes {off_on(pending)} at its next reset"
    remedy = (
        f"reset the GPU: {words.name} {off_on(wanted)} is set and waits for it"
        if pending == wanted
        else f"set it back to {off_on(wanted)} before anything resets the GPU"
    )
    return verdicts.failed(words.pending, modes, message, measured=measured, gpu=gpu.id, remedy=remedy)


def absent_mode(
    verdicts: VerdictFactory, gpu: ObservedGpu, observation: Observation[object], name: str, code: Code, *, wanted: bool
) -> Verdict:
    """The GPU says that it has no such mode: nothing to ask if it is to be off, a contradiction if on."""
    if not wanted:
        return verdicts.skipped(observation, f"a GPU without {name}", gpu=gpu.id)
    message = f"{gpu.id} has no {name}"
    remedy = "the declared product has it: compare the product, or look for a virtual GPU"
    return verdicts.failed(
        code, observation, f"{message}, which is to be on", measured="not supported", gpu=gpu.id, remedy=remedy
    )
