"""The operating system."""

from __future__ import annotations

from blueprint.probe import codes, parameters
from blueprint.probe.checks import check
from blueprint.probe.expectations import Expectation
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.observations import Observation, Status
from blueprint.probe.reading import Reading
from blueprint.probe.verdicts import Verdict, VerdictFactory

_REMEDY = "use the declared node image, or correct `cluster.os` in the blueprint"

_RHCOS, _RHEL = "rhcos", "rhel"


@check("operating-system", parameters.system, if_expected=True)
def operating_system(reading: Reading, expectation: Expectation) -> list[Verdict]:
    """The node runs the declared operating system, as its `/etc/os-release` names it.

    `want`: `"ubuntu-24.04"`. A declared major version (`rhel-9`) covers its minor ones. OpenShift's nodes,
    which call themselves RHEL of the variant CoreOS from 4.19 on, are `rhcos`. From inside a container, whose
    image has an os-release of its own, it is unknown unless `--root` names the node's file system.
    """
    name, version = parameters.system(expectation.want)
    verdicts = VerdictFactory(reading, expectation, str(expectation.want))
    found = ObservedHost(reading).system
    if found.value is None:
        return [verdicts.unknown(found)]
    measured = "-".join(part for part in found.value if part)
    if found.value[0] == name and _covers(version, found.value[1]):
        return [verdicts.passed(found, measured, measured=measured)]
    if name == _RHCOS and found.value[0] == _RHEL and not any("VARIANT_ID" in each.values for each in found.files):
        why = f"{measured} may be {_RHCOS}: the reading is of an earlier version, which did not tell them apart"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), found.files))]
    message = f"{reading.node} runs {measured}, not {expectation.want}"
    return [verdicts.failed(codes.SYSTEM_OTHER, found, message, measured=measured, remedy=_REMEDY)]


def _covers(wanted: str, found: str) -> bool:
    return not wanted or found == wanted or found.startswith(f"{wanted}.")
