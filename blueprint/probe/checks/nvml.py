"""NVML loads and the driver answers."""

from __future__ import annotations

from blueprint.probe import bus, codes, nvml_codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.facts import Fact, Node, Status
from blueprint.probe.host import Access
from blueprint.probe.host_facts import Host, KernelDriver
from blueprint.probe.judging import Bench
from blueprint.probe.model import Expectation
from blueprint.probe.reading import Reading
from blueprint.probe.verdict import Verdict

_ABSENT = {
    nvml_codes.LIBRARY_NOT_FOUND: "NVML is not installed",
    nvml_codes.DRIVER_NOT_LOADED: "NVML is there, but no NVIDIA driver is loaded",
}
_ELSEWHERE = {
    nvml_codes.LIBRARY_NOT_FOUND: (
        "give the driver's libnvidia-ml.so.1 with --library (under /run/nvidia/driver with the GPU Operator), or mount"
        " the node's file system and give --root"
    ),
    nvml_codes.DRIVER_NOT_LOADED: (
        "the devices are missing for this process: are /dev/nvidiactl and /dev/nvidia0 there, and may it open them?"
    ),
}
_GIVEN = "NVML cannot see GPUs given to virtual machines: take them back from the vfio driver, or use another pool"


@check("nvml", parameters.only_true)
def nvml(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML, the driver's management library, loads, and the driver answers it.

    `want`: `true`; expected wherever the blueprint declares GPUs. No library and no loaded driver are proven
    absences and fail, unless the kernel says that the driver is loaded: then the probe only did not find its library
    or its devices, which is unknown. Everything else that keeps NVML from answering (permission, a timeout, a hang)
    proves nothing about the driver and is unknown.
    """
    bench = Bench(reading, expectation, "NVML loads and the driver answers")
    node = Node(reading)
    init = node.nvml
    if init.status is Status.READ:
        return [_driver(bench, node.driver)]
    [call] = init.evidence or (None,)
    if call is None or call.code not in _ABSENT:
        return [bench.unknown(init)]
    kernel = Host(reading).driver
    if kernel.files and kernel.files[0].access is not Access.ABSENT:
        return [_contradicted(bench, init, kernel, _ELSEWHERE[call.code])]
    given = bus.told(reading) if bus.passed_through(reading) else ""
    message = f"{_ABSENT[call.code]} on {reading.node}, where GPUs are expected" + (f"; {given}" if given else "")
    remedy = _GIVEN if given else "look at the driver pod of this node, at its log, and at `lsmod | grep nvidia`"
    return [bench.failed(codes.NO_NVML, init, message, measured=_ABSENT[call.code], remedy=remedy)]


def _contradicted(bench: Bench, init: Fact[bool], kernel: Fact[KernelDriver], remedy: str) -> Verdict:
    """The kernel has the driver, or what it says cannot be believed: that this process finds no NVML proves nothing."""
    open_question = f"whether a driver is loaded is open ({kernel.why})"
    said = f"driver {kernel.value.version} is loaded" if kernel.value else open_question
    why = f"NVML was not found for the probe, but {said} on {bench.reading.node}"
    fact: Fact[bool] = Fact(init.status, None, why, init.evidence, kernel.files)
    return bench.unknown(fact, code=codes.NVML_UNFOUND, remedy=remedy)


def _driver(bench: Bench, driver: Fact[str]) -> Verdict:
    """The library initialised; whether a driver stands behind it shows in its answering for itself."""
    if driver.status is not Status.READ:
        return bench.unknown(driver)
    return bench.passed(driver, "NVML answers", measured=f"driver {driver.value}")
