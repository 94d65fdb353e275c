"""Open or proprietary kernel modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.probe.check import check
from blueprint.probe.host_files import DRIVER, MODULES
from blueprint.probe.parameters import one_of

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

MODULE_FLAVOUR = define(
    "BP9110",
    "kernel-module-flavour",
    """
The loaded NVIDIA kernel modules are open while proprietary ones are declared, or vice versa. dma-buf, GPUDirect Storage
and Blackwell GPUs need the open ones. After a change of `driver.kernelModules` nodes keep the old modules until the
driver pod is replaced, with the GPUs idle.
""",
)

_REMEDY = "check the driver pod of this node; other modules load only when the GPUs are idle"


@check(
    "kernel-modules",
    one_of("open", "proprietary"),
    expects=lambda flavour: f"{flavour} kernel modules",
    reads=(MODULES, DRIVER),
    only_if_expected=True,
)
def kernel_modules(verdicts: VerdictFactory, expected: str) -> list[Verdict]:
    """The loaded NVIDIA kernel modules are open or proprietary, as declared.

    The type is read from `/proc/driver/nvidia/version`.
    """
    driver = verdicts.observed_host.driver
    if driver.value is None:
        return [verdicts.unknown(driver)]
    found = driver.value.flavour
    if found == expected:
        return [verdicts.passed(driver, f"{found} kernel modules", measured=found)]
    message = f"{verdicts.node} has {found} kernel modules loaded, not {expected} ones"
    return [verdicts.failed(MODULE_FLAVOUR, driver, message, measured=found, remedy=_REMEDY)]
