"""Open or proprietary kernel modules."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_REMEDY = "look at the driver daemonset of this node; other modules load only when its GPUs are idle"


@check("kernel-modules", parameters.flavour, if_expected=True)
def kernel_modules(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The loaded NVIDIA kernel modules are open, or proprietary, as declared.

    `want`: `"open"` or `"proprietary"`. They say it of themselves in `/proc/driver/nvidia/version`.
    """
    wanted = parameters.flavour(expectation.want)
    verdicts = VerdictFactory(reading, expectation, f"{wanted} kernel modules")
    driver = ObservedHost(reading).driver
    if driver.value is None:
        return [verdicts.unknown(driver)]
    found = driver.value.flavour
    if found == wanted:
        return [verdicts.passed(driver, f"{found} kernel modules", measured=found)]
    message = f"{reading.node} has {found} kernel modules loaded, not {wanted} ones"
    return [verdicts.failed(codes.MODULE_FLAVOUR, driver, message, measured=found, remedy=_REMEDY)]
