"""The operating system."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
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

_DECLARED = re.compile(r"([a-z]+)(?:-(\d+(?:\.\d+)?))?", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_KEYS = ("ID", "VERSION_ID", "VARIANT_ID", "OPENSHIFT_VERSION")
_RHCOS, _RHEL, _COREOS = "rhcos", "rhel", "coreos"
"""The nodes of OpenShift 4.19 and newer call themselves RHEL of the variant CoreOS; before they were `rhcos`."""
_REMEDY = "use the declared node image, or correct `cluster.os` in the blueprint"


@dataclass(frozen=True, slots=True)
class OperatingSystem:
    """An operating system and its version: `ubuntu-24.04`, or `cos` in whatever version ("")."""

    name: str
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name}-{self.version}" if self.version else self.name

    @classmethod
    def parse(cls, text: str) -> OperatingSystem:
        """The system that a blueprint declares. Raises ValueError for what is none."""
        if not (match := _DECLARED.fullmatch(text)):
            raise ValueError(f"a system and its version (ubuntu-24.04) are needed, not {text!r}")
        return cls(match[1], match[2] or "")

    def covers(self, other: OperatingSystem) -> bool:
        """Whether the other is the same. A major version covers its minor ones, and no version every one."""
        same_version = self.version in ("", other.version) or other.version.startswith(f"{self.version}.")
        return self.name == other.name and same_version


def _record_release(lines: Sequence[str]) -> dict[str, str]:
    """Which system it is, in which version; images may give more, which is not recorded."""
    pairs = (line.partition("=") for line in lines)
    found = {key: value.strip("\"'") for key, _, value in pairs if key in _KEYS}
    return found | {"VARIANT_ID": found.get("VARIANT_ID", "")}  # that there is none matters: it was looked for


def _parse_release(record: HostRecord) -> OperatingSystem:
    name, version = (record.values.get(key, "") for key in ("ID", "VERSION_ID"))
    if name == _RHEL and record.values.get("VARIANT_ID") == _COREOS:
        name, version = _RHCOS, record.values.get("OPENSHIFT_VERSION", "")
    if not _WORD.fullmatch(name) or (version and not _WORD.fullmatch(version)):
        raise ValueError(f"{record.quoted or 'nothing'}, which names no system")
    return OperatingSystem(name, version)


def _record_mounts(lines: Sequence[str]) -> Mapping[str, str]:
    """The type of the file system at `/` of this process: an overlay is a container's."""
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
    """The node runs the declared operating system, as its `/etc/os-release` names it.

    OpenShift's nodes, which call themselves RHEL of the variant CoreOS from 4.19 on, are `rhcos`. From inside a
    container, whose image has an os-release of its own, it is unknown unless `--root` names the node's file system.
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
    """The operating system of the node, not that of a container's image."""
    host, reading = verdicts.observed_host, verdicts.reading
    if reading.host and reading.host.root == "/":
        mounted = host.observe(MOUNTS)
        if mounted.value in (None, "", "overlay"):
            why = "the root file system is a container's, so its os-release does not describe the node: give --root"
            return Observation(Status.UNREADABLE, None, mounted.why or why, (), mounted.files)
    usual, other = host.observe(RELEASE), host.observe(VENDOR_RELEASE)
    return usual if usual.status is Status.READ or other.status is not Status.READ else other
