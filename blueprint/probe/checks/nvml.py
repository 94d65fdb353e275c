"""NVML loads and the driver answers."""

from __future__ import annotations

from blueprint.probe import codes, returns, wants
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Node, Status
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict

_ABSENT = {
    returns.LIBRARY_NOT_FOUND: "NVML is not installed",
    returns.DRIVER_NOT_LOADED: "NVML is there, but no NVIDIA driver is loaded",
}


@check("nvml", wants.only_true)
def nvml(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML, the driver's management library, loads, and the driver answers it.

    `want`: `true`; expected wherever the blueprint declares GPUs. No library and no loaded driver are proven
    absences and fail. Everything else that keeps NVML from answering (permission, a timeout, a hang) proves
    nothing about the driver and is unknown.
    """
    bench = Bench(reading, expectation, "NVML loads and the driver answers")
    node = Node(reading)
    init = node.nvml
    if init.status is Status.READ:
        return [_driver(bench, node.driver)]
    [call] = init.evidence or (None,)
    if call is None or call.code not in _ABSENT:
        return [bench.unknown(init)]
    message = f"{_ABSENT[call.code]} on {reading.node}, where GPUs are expected"
    remedy = "look at the driver pod of this node, at its log, and at `lsmod | grep nvidia`"
    return [bench.failed(codes.NO_NVML, init, message, measured=_ABSENT[call.code], remedy=remedy)]


def _driver(bench: Bench, driver: Fact[str]) -> Verdict:
    """The library initialised; whether a driver stands behind it shows in its answering for itself."""
    if driver.status is not Status.READ:
        return bench.unknown(driver)
    return bench.passed(driver, "NVML answers", measured=f"driver {driver.value}")
