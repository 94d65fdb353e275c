"""The version of the loaded driver."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.observations import ObservedNode, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory
from blueprint.versions import version_key

_REMEDY = "look at the driver daemonset of this node; the new driver loads only when its GPUs are idle"


@check("driver-version", parameters.driver)
def driver_version(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The loaded driver is of the declared branch, and of the declared version.

    `want`: `{"branch": "580"}`, `{"version": "580.173.02"}`, or both. Versions are compared number by
    number: 580.65.06 is 580.65.6.
    """
    wanted = parameters.driver(expectation.want)
    words = wanted.version or f"branch {wanted.branch}"
    verdicts = VerdictFactory(reading, expectation, f"driver {words}")
    driver = ObservedNode(reading).driver
    if driver.status is not Status.READ or driver.value is None:
        return [verdicts.unknown(driver)]
    found = driver.value
    right_branch = not wanted.branch or found.partition(".")[0] == wanted.branch
    if right_branch and (not wanted.version or version_key(found) == version_key(wanted.version)):
        return [verdicts.passed(driver, f"driver {found}", measured=found)]
    message = f"{reading.node} runs driver {found}, not {words}"
    return [verdicts.failed(codes.DRIVER_VERSION, driver, message, measured=found, remedy=_REMEDY)]
