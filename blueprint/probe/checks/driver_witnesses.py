"""NVML and the kernel module name the same driver version."""

from __future__ import annotations

from blueprint.probe import codes
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.observations import ObservedNode, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory
from blueprint.versions import version_key

_REMEDY = "drain the node and reload the driver; if they still differ, find out who answers as NVML (LD_PRELOAD)"


@check("driver-witnesses", always=True)
def driver_witnesses(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """NVML and the loaded kernel module, which are independent, name the same driver version.

    Needs no expectation. Where `/proc/driver/nvidia/version` cannot be read there is nothing to compare with, and
    the check is skipped; one that can be read and not believed is unknown.
    """
    verdicts = VerdictFactory(reading, expectation, "the same driver version in NVML and in the kernel")
    kernel, nvml = ObservedHost(reading).driver, ObservedNode(reading).driver
    if kernel.status is Status.UNREADABLE:
        return [verdicts.skipped(kernel, "the kernel names no driver version to compare NVML's with")]
    if kernel.value is None:
        return [verdicts.unknown(kernel)]
    if nvml.value is None:
        return [verdicts.unknown(nvml)]
    measured = f"NVML {nvml.value}, kernel {kernel.value.version}"
    if version_key(nvml.value) == version_key(kernel.value.version):
        return [verdicts.passed(kernel, "NVML and the kernel name the same driver version", measured=measured)]
    message = f"NVML says driver {nvml.value} on {reading.node}, but the loaded kernel module is {kernel.value.version}"
    return [verdicts.failed(codes.DRIVER_WITNESSES, kernel, message, measured=measured, remedy=_REMEDY)]
