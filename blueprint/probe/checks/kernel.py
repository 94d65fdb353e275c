"""The kernel is new enough."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.diagnostics import define
from blueprint.patterns import lazy_pattern
from blueprint.probe.check import check
from blueprint.probe.host_files import HostFile
from blueprint.probe.parameters import text_form

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.verdicts import Verdict, VerdictFactory

KERNEL_OLD = define(
    "BP9120",
    "kernel-too-old",
    """
The node's kernel is older than its declared settings need: GPU memory goes through dma-buf from Linux 5.12
on. Use a newer node image, or `gpuDirect: peermem` in the blueprint.
""",
)

_VERSION = lazy_pattern(r"(\d{1,4})\.(\d{1,4})", re.ASCII)
_RELEASE = lazy_pattern(r"(\d{1,4})\.(\d{1,4})(?:[.+-]\S*)?", re.ASCII)
_REMEDY = "use a newer node image, or `gpuDirect: peermem` in the blueprint"


@dataclass(frozen=True, slots=True, order=True)
class KernelVersion:
    """The major and minor version of a kernel: `5.12`."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @classmethod
    def parse(cls, text: str) -> KernelVersion:
        """The version in a string. Raises ValueError if it is invalid."""
        if not (match := _VERSION.fullmatch(text)):
            raise ValueError(f"a kernel version (5.12) is needed, not {text!r}")
        return cls(int(match[1]), int(match[2]))


def _record(lines: Sequence[str]) -> dict[str, str]:
    return {"release": lines[0]}


def _parse(record: HostRecord) -> tuple[str, KernelVersion]:
    release = record.values.get("release", "")
    if not (match := _RELEASE.fullmatch(release)):
        raise ValueError(f"{release!r}, which is not a kernel release")
    return release, KernelVersion(int(match[1]), int(match[2]))


RELEASE: HostFile[tuple[str, KernelVersion]] = HostFile("/proc/sys/kernel/osrelease", _record, _parse)
"""The release of the running kernel (`6.8.0-60-generic`), and its version."""


@check(
    "kernel",
    text_form(KernelVersion.parse),
    expects=lambda least: f"Linux {least} or newer",
    reads=(RELEASE,),
    only_if_expected=True,
)
def kernel(verdicts: VerdictFactory, expected: KernelVersion) -> list[Verdict]:
    """The node's kernel is at least as new as the declared features require: 5.12 for dma-buf.

    Features that a distribution has backported to an older kernel are not visible in its version.
    """
    found = verdicts.observed_host.observe(RELEASE)
    if found.value is None:
        return [verdicts.unknown(found)]
    release, version = found.value
    if version >= expected:
        return [verdicts.passed(found, f"Linux {release}", measured=release)]
    message = f"{verdicts.node} runs Linux {release}, older than {expected}"
    return [verdicts.failed(KERNEL_OLD, found, message, measured=release, remedy=_REMEDY)]
