"""The operating system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.probe.check import check
from blueprint.probe.host_files import HostFile
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parameters import text_form

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.verdicts import Verdict, VerdictFactory

SYSTEM_OTHER = define(
    "BP9121",
    "operating-system",
    """
The node runs a different operating system than `cluster.os` declares. The GPU Operator derives the driver image from
the node's system, so it pulls another image than the bundle lists and mirrors. Correct the node image, or the
blueprint.
""",
)

_DECLARED = lazy_pattern(r"([a-z]+)(?:-(\d+(?:\.\d+)?))?", re.ASCII)
_WORD = lazy_pattern(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_KEYS = ("ID", "VERSION_ID", "VARIANT_ID", "OPENSHIFT_VERSION")
_RHCOS, _RHEL, _COREOS = "rhcos", "rhel", "coreos"
"""The nodes of OpenShift 4.19 and newer identify as RHEL with the variant CoreOS; earlier ones as `rhcos`."""
_REMEDY = "use the declared node image, or correct `cluster.os` in the blueprint"


class OperatingSystem(NamedTuple):
    """An operating system and its version: `ubuntu-24.04`, or `cos` in any version ("")."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.version}" if self.version else self.name

    @classmethod
    def parse(cls, text: str) -> OperatingSystem:
        """The system that a blueprint declares. Raises ValueError if it is invalid."""
        if not (match := _DECLARED.fullmatch(text)):
            raise ValueError(f"a system and its version (ubuntu-24.04) are needed, not {text!r}")
        return cls(match[1], match[2] or "")

    def covers(self, other: OperatingSystem) -> bool:
        """Whether the other one is the same system. A major version covers its minor versions, and a missing version
        covers all.
        """
        same_version = self.version in ("", other.version) or other.version.startswith(f"{self.version}.")
        return self.name == other.name and same_version


def _record_release(lines: Sequence[str]) -> dict[str, str]:
    """The system and its version. Other fields, which images may contain, are not recorded."""
    pairs = (line.partition("=") for line in lines)
    found = {key: value.strip("\"'") for key, _, value in pairs if key in _KEYS}
    return found | {"VARIANT_ID": found.get("VARIANT_ID", "")}  # a missing field is recorded as well


def _parse_release(record: HostRecord) -> OperatingSystem:
    name, version = (record.values.get(key, "") for key in ("ID", "VERSION_ID"))
    if name == _RHEL and record.values.get("VARIANT_ID") == _COREOS:
        name, version = _RHCOS, record.values.get("OPENSHIFT_VERSION", "")
    if not _WORD.fullmatch(name) or (version and not _WORD.fullmatch(version)):
        raise ValueError(f"{record.quoted or 'nothing'}, which names no system")
    return OperatingSystem(name, version)


def _record_mounts(lines: Sequence[str]) -> Mapping[str, str]:
    """The file system type of this process's `/`: an overlay belongs to a container."""
    mounts = (line.split() for line in lines)
    types = [words[words.index("-") + 1] for words in mounts if words[4:5] == ["/"] and "-" in words[:-1]]
    return {"/": types[-1]} if types else {}


RELEASE = HostFile("/etc/os-release", _record_release, _parse_release)
VENDOR_RELEASE = HostFile("/usr/lib/os-release", _record_release, _parse_release)
MOUNTS = HostFile(
    "/proc/self/mountinfo", _record_mounts, lambda record: record.values.get("/", ""), of_this_process=True
)


@check(
    "operating-system",
    text_form(OperatingSystem.parse),
    expects=str,
    reads=(RELEASE, VENDOR_RELEASE, MOUNTS),
    only_if_expected=True,
)
def operating_system(verdicts: VerdictFactory, expected: OperatingSystem) -> list[Verdict]:
    """The node runs the declared operating system, according to its `/etc/os-release`.

    OpenShift's nodes, which identify as RHEL with the variant CoreOS since 4.19, are `rhcos`. Inside a container, whose
    image has its own os-release, the result is unknown unless `--root` specifies the node's file system.
    """
    found = _observe(verdicts)
    if found.value is None:
        return [verdicts.unknown(found)]
    measured = str(found.value)
    if expected.covers(found.value):
        return [verdicts.passed(found, measured, measured=measured)]
    unmarked = not any("VARIANT_ID" in each.values for each in found.files)
    if expected.name == _RHCOS and found.value.name == _RHEL and unmarked:
        why = f"{measured} may be {_RHCOS}: the reading is of an earlier version, which did not distinguish them"
        return [verdicts.unknown(Observation(Status.UNREADABLE, None, why, (), found.files))]
    message = f"{verdicts.node} runs {measured}, not {expected}"
    return [verdicts.failed(SYSTEM_OTHER, found, message, measured=measured, remedy=_REMEDY)]


def _observe(verdicts: VerdictFactory) -> Observation[OperatingSystem]:
    """The operating system of the node, not that of a container image."""
    host, reading = verdicts.observed_host, verdicts.reading
    if reading.host and reading.host.root == "/":
        mounted = host.observe(MOUNTS)
        if mounted.value in (None, "", "overlay"):
            why = "the root file system is that of a container, so its os-release does not describe the node: specify --root"
            return Observation(Status.UNREADABLE, None, mounted.why or why, (), mounted.files)
    usual, other = host.observe(RELEASE), host.observe(VENDOR_RELEASE)
    return usual if usual.status is Status.READ or other.status is not Status.READ else other
