"""Calls that hung or crashed their process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.probe.check import invariant
from blueprint.probe.observation import Observation, Status
from blueprint.probe.observations import ObservedGpu, status_of

if TYPE_CHECKING:
    from blueprint.probe.reading import Call
    from blueprint.probe.verdicts import Verdict, VerdictFactory


@invariant("lost-calls", expects="an answer")
def lost_calls(verdicts: VerdictFactory) -> list[Verdict]:
    """No call into the driver hung or crashed. The result of such a call is unknown, whether expected or not."""
    lost = [call for call in verdicts.reading.calls if status_of(call) in {Status.HUNG, Status.CRASHED}]
    return [_lost(verdicts, call) for call in lost]


def _lost(verdicts: VerdictFactory, call: Call) -> Verdict:
    gpu = None if call.device is None else ObservedGpu(verdicts.reading, call.device).id
    observation: Observation[str] = Observation(status_of(call), None, str(call), (call,))
    return verdicts.unknown(observation, gpu=gpu)
