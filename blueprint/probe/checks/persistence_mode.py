"""Persistence mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe import parse
from blueprint.probe.check import check
from blueprint.probe.nvml_calls import DeviceCall
from blueprint.probe.observation import Status
from blueprint.probe.parameters import FLAG, off_on
from blueprint.probe.pending_modes import absent_mode

if TYPE_CHECKING:
    from blueprint.probe.observations import ObservedGpu
    from blueprint.probe.verdicts import Verdict, VerdictFactory

PERSISTENCE_MODE = define(
    "BP9200",
    "persistence-mode",
    """
Persistence mode is not as declared. Without it, the driver deinitialises idle GPUs: every later start takes seconds,
and settings are lost. The persistence daemon enables it.
""",
)


MODE = DeviceCall("nvmlDeviceGetPersistenceMode", parse.switch)
"""Persistence mode."""


@check("persistence-mode", FLAG, expects=lambda on: f"persistence mode {off_on(on)}", reads=(MODE,))
def persistence_mode(verdicts: VerdictFactory, expected: bool) -> list[Verdict]:
    """The persistence mode of every GPU is as declared.

    If the driver does not support the mode, an expected `false` is skipped and an expected `true` fails.
    """
    return verdicts.each_gpu(lambda gpu: _judge(verdicts, gpu, expected=expected))


def _judge(verdicts: VerdictFactory, gpu: ObservedGpu, *, expected: bool) -> Verdict:
    mode = gpu.observe(MODE)
    if mode.status is Status.UNSUPPORTED:
        return absent_mode(verdicts, gpu, mode, "persistence mode", PERSISTENCE_MODE, expected=expected)
    if mode.status is not Status.READ or mode.value is None:
        return verdicts.unknown(mode, gpu=gpu.id)
    measured = off_on(mode.value)
    if mode.value == expected:
        return verdicts.passed(mode, f"persistence mode is {measured} on {gpu.id}", measured=measured, gpu=gpu.id)
    message = f"persistence mode is {measured} on {gpu.id}, not {off_on(expected)}"
    remedy = "run nvidia-persistenced on the node, or `nvidia-smi -pm 1`" if expected else ""
    return verdicts.failed(PERSISTENCE_MODE, mode, message, measured=measured, gpu=gpu.id, remedy=remedy)
