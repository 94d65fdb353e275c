"""Calls that hung or killed their process."""

from __future__ import annotations

from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Gpu, Status, status_of
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Call, Reading
from blueprint.probe.verdict import Verdict


@check("lost-calls", always=True)
def lost_calls(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """No call into the driver hung or crashed; one that did leaves its answer unknown, asked for or not.

    Needs no expectation.
    """
    bench = Bench(reading, expectation, "an answer")
    lost = [call for call in reading.calls if status_of(call) in {Status.HUNG, Status.CRASHED}]
    return [_lost(bench, call) for call in lost]


def _lost(bench: Bench, call: Call) -> Verdict:
    gpu = None if call.device is None else Gpu(bench.reading, call.device).id
    fact: Fact[str] = Fact(status_of(call), None, str(call), (call,))
    return bench.unknown(fact, gpu=gpu)
