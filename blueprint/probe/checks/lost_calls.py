"""Calls that hung or killed their process."""

from __future__ import annotations

from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import Observation, ObservedGpu, Status, status_of
from blueprint.probe.reading import Call, Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory


@check("lost-calls", always=True)
def lost_calls(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """No call into the driver hung or crashed; one that did leaves its answer unknown, asked for or not.

    Needs no expectation.
    """
    verdicts = VerdictFactory(reading, expectation, "an answer")
    lost = [call for call in reading.calls if status_of(call) in {Status.HUNG, Status.CRASHED}]
    return [_lost(verdicts, call) for call in lost]


def _lost(verdicts: VerdictFactory, call: Call) -> Verdict:
    gpu = None if call.device is None else ObservedGpu(verdicts.reading, call.device).id
    observation: Observation[str] = Observation(status_of(call), None, str(call), (call,))
    return verdicts.unknown(observation, gpu=gpu)
