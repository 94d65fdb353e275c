"""NVML and the kernel module report the same driver version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import invariant
from blueprint.probe.host_files import DRIVER, MODULES
from blueprint.probe.nvml_calls import DRIVER_VERSION
from blueprint.probe.observation import Status
from blueprint.versions import version_key

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

DRIVER_WITNESSES = define(
    "BP9101",
    "driver-witnesses-disagree",
    """
NVML and the loaded kernel module, as `/proc/driver/nvidia/version` shows it, name different driver versions. Either an
upgrade left the old module loaded under a new library, or NVML was replaced by a stand-in or an interception library.
Do not rely on any other NVML reading of this node until they agree.
""",
)

_REMEDY = "drain the node and reload the driver; if they still differ, find out what intercepts NVML (LD_PRELOAD)"


@invariant(
    "driver-witnesses",
    expects="the same driver version in NVML and in the kernel",
    reads=(DRIVER_VERSION, MODULES, DRIVER),
)
def driver_witnesses(verdicts: VerdictFactory) -> list[Verdict]:
    """NVML and the loaded kernel module, which are independent, report the same driver version.

    If `/proc/driver/nvidia/version` cannot be read, there is nothing to compare with, and the check is skipped.
    Implausible contents are unknown.
    """
    kernel, nvml = verdicts.observed_host.driver, verdicts.observed_node.driver
    if kernel.status is Status.UNREADABLE:
        return [verdicts.skipped(kernel, "the kernel names no driver version to compare NVML's with")]
    if kernel.value is None:
        return [verdicts.unknown(kernel)]
    if nvml.value is None:
        return [verdicts.unknown(nvml)]
    measured = f"NVML {nvml.value}, kernel {kernel.value.version}"
    if version_key(nvml.value) == version_key(kernel.value.version):
        return [verdicts.passed(kernel, "NVML and the kernel name the same driver version", measured=measured)]
    message = (
        f"NVML reports driver {nvml.value} on {verdicts.node}, but the loaded kernel module is {kernel.value.version}"
    )
    return [verdicts.failed(DRIVER_WITNESSES, kernel, message, measured=measured, remedy=_REMEDY)]
