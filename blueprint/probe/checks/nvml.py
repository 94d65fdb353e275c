"""NVML loads and the driver responds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import Severity, define
from blueprint.probe import nvml_codes, pci_gpus
from blueprint.probe.check import check
from blueprint.probe.host import Access
from blueprint.probe.host_files import DRIVER, MODULES
from blueprint.probe.nvml_calls import DRIVER_VERSION
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import TRUE

if TYPE_CHECKING:
    from blueprint.probe.host_files import KernelDriver
    from blueprint.probe.verdicts import Verdict, VerdictFactory

NO_NVML = define(
    "BP9000",
    "nvml-absent",
    """
The blueprint expects GPUs on this node, but NVML, the driver's management library, is missing or reports that no driver
is loaded. Until the driver is loaded, the GPUs cannot be used. Look at the driver pod of this node and its log, at
`lsmod | grep nvidia`, and at whether the nouveau driver holds the device.
""",
)
NVML_UNFOUND = define(
    "BP9001",
    "nvml-not-found",
    """
The kernel has NVIDIA's driver loaded, but the probe did not find its library NVML, or not the devices in `/dev`. With a
driver of the GPU Operator the library is under `/run/nvidia/driver`, on GKE under `/home/kubernetes/bin/nvidia`; the
probe looks there under its `--root`. Specify the library with `--library`. Until then, the state of the GPUs is
unknown.
""",
    severity=Severity.WARNING,
)

_ABSENT = {
    nvml_codes.LIBRARY_NOT_FOUND: "NVML is not installed",
    nvml_codes.DRIVER_NOT_LOADED: "NVML is installed, but no NVIDIA driver is loaded",
}
_ELSEWHERE = {
    nvml_codes.LIBRARY_NOT_FOUND: (
        "specify the driver's libnvidia-ml.so.1 with --library (below /run/nvidia/driver with the GPU Operator), or mount"
        " the node's file system and specify --root"
    ),
    nvml_codes.DRIVER_NOT_LOADED: (
        "check that /dev/nvidiactl and /dev/nvidia0 exist, and that this process may open them"
    ),
}
_GIVEN = "NVML cannot see GPUs for virtual machines: take them back from the vfio driver, or use another pool"


@check("nvml", TRUE, expects=lambda _: "NVML loads and the driver responds", reads=(DRIVER_VERSION, MODULES, DRIVER))
def nvml(verdicts: VerdictFactory, _: object) -> list[Verdict]:
    """NVML, the driver's management library, loads, and the driver responds to it.

    Expected if the blueprint declares GPUs. A missing library and a driver that is not loaded are proven absences and
    fail, unless the kernel reports a loaded driver: then the probe only did not find its library or its devices, which
    is unknown. Everything else that prevents NVML from responding (permissions, a timeout, a hang) proves nothing about
    the driver and is unknown.
    """
    node = verdicts.observed_node
    init = node.nvml
    if init.status is Status.READ:
        return [_driver(verdicts, node.driver)]
    [call] = init.evidence or (None,)
    if call is None or call.code not in _ABSENT:
        return [verdicts.unknown(init)]
    kernel = verdicts.observed_host.driver
    if kernel.files and kernel.files[0].access is not Access.ABSENT:
        return [_contradicted(verdicts, init, kernel, _ELSEWHERE[call.code])]
    given = pci_gpus.describe(verdicts.reading) if pci_gpus.passed_through(verdicts.reading) else ""
    message = f"{_ABSENT[call.code]} on {verdicts.node}, where GPUs are expected" + (f"; {given}" if given else "")
    remedy = _GIVEN if given else "check the driver pod of this node, its log, and `lsmod | grep nvidia`"
    return [verdicts.failed(NO_NVML, init, message, measured=_ABSENT[call.code], remedy=remedy)]


def _contradicted(
    verdicts: VerdictFactory, init: Observation[bool], kernel: Observation[KernelDriver], remedy: str
) -> Verdict:
    """The kernel has loaded the driver, or its information is implausible: the missing NVML then proves nothing."""
    open_question = f"it is unknown whether a driver is loaded ({kernel.why})"
    loaded = f"driver {kernel.value.version} is loaded" if kernel.value else open_question
    why = f"the probe did not find NVML, but {loaded} on {verdicts.node}"
    observation: Observation[bool] = Observation(init.status, None, why, init.evidence, kernel.files)
    return verdicts.unknown(observation, code=NVML_UNFOUND, remedy=remedy)


def _driver(verdicts: VerdictFactory, driver: Observation[str]) -> Verdict:
    """The library is initialised. A response shows whether there is a driver."""
    if driver.status is not Status.READ:
        return verdicts.unknown(driver)
    return verdicts.passed(driver, "NVML responds", measured=f"driver {driver.value}")
