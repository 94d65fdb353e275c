"""The version of the loaded driver."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.probe import nvml_calls
from blueprint.probe.check import check
from blueprint.probe.observation import Status
from blueprint.probe.parameters import record
from blueprint.versions import version_key

if TYPE_CHECKING:
    from blueprint.probe.verdicts import Verdict, VerdictFactory

DRIVER_VERSION = define(
    "BP9100",
    "driver-version",
    """
The loaded driver is not of the branch or version that the blueprint declares. After a change of `driver`,
nodes keep the old one until their driver pod was replaced and the module reloaded, which needs the GPUs idle.
""",
)

_REMEDY = "check the driver pod of this node; the new driver loads only when the GPUs are idle"


_VERSION = lazy_pattern(r"[1-9]\d{2,3}(\.\d{1,4}){1,2}", re.ASCII)
_BRANCH = lazy_pattern(r"[1-9]\d{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DriverVersion:
    """A driver branch (`580`), a version (`580.173.02`), or both; "" for no requirement."""

    branch: str = ""
    version: str = ""

    def __post_init__(self) -> None:
        if not self.branch and not self.version:
            raise ValueError("neither a branch nor a version is given")
        if self.branch and not _BRANCH.fullmatch(self.branch):
            raise ValueError(f"{self.branch!r} is not a driver branch (580)")
        if self.version and not _VERSION.fullmatch(self.version):
            raise ValueError(f"{self.version!r} is not a driver version (580.173.02)")

    def __str__(self) -> str:
        return self.version or f"branch {self.branch}"


@check(
    "driver-version",
    record(DriverVersion),
    expects=lambda expected: f"driver {expected}",
    reads=(nvml_calls.DRIVER_VERSION,),
)
def driver_version(verdicts: VerdictFactory, expected: DriverVersion) -> list[Verdict]:
    """The loaded driver has the declared branch and version.

    Versions are compared number by number: 580.65.06 equals 580.65.6.
    """
    driver = verdicts.observed_node.driver
    if driver.status is not Status.READ or driver.value is None:
        return [verdicts.unknown(driver)]
    found = driver.value
    right_branch = not expected.branch or found.partition(".")[0] == expected.branch
    if right_branch and (not expected.version or version_key(found) == version_key(expected.version)):
        return [verdicts.passed(driver, f"driver {found}", measured=found)]
    message = f"{verdicts.node} runs driver {found}, not {expected}"
    return [verdicts.failed(DRIVER_VERSION, driver, message, measured=found, remedy=_REMEDY)]
