"""Typed facts of the node's files: what they prove, and for everything else why it is not proven."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from blueprint.probe.host import Access, HostRecord
from blueprint.probe.host_scan import DRIVER, KERNEL, MODULES, MOUNTS, SYSTEM
from blueprint.probe.observations import Observation, Status
from blueprint.probe.reading import Reading

T = TypeVar("T")

_NVRM = re.compile(
    r"NVIDIA UNIX (?:(Open) Kernel Module for \S+|\S+ Kernel Module) +([1-9]\d{2,3}(?:\.\d{1,4}){1,2})(?: .*)?",
    re.ASCII,
)
_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})(?:[.+-]\S*)?", re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}", re.ASCII)
_RHEL, _COREOS = "rhel", "coreos"
"""How the nodes of OpenShift 4.19 and newer call themselves; before they were `rhcos`."""
_MOUNTED = ("/proc/", "/sys/")


@dataclass(frozen=True, slots=True)
class KernelDriver:
    """The loaded NVIDIA kernel module: `open` or `proprietary`, and its version."""

    flavour: str
    version: str


@dataclass(frozen=True, slots=True)
class ObservedHost:
    """The facts of the node's files."""

    reading: Reading

    @property
    def modules(self) -> Observation[Mapping[str, str]]:
        """Loaded kernel modules, each with its state: `Live`, `Loading`, `Unloading`."""

        def parse(answer: HostRecord) -> Mapping[str, str]:
            if not answer.values:
                raise ValueError("no module at all")
            return answer.values

        return self.observation(MODULES, parse)

    @property
    def driver(self) -> Observation[KernelDriver]:
        """The NVIDIA kernel module as it calls itself."""
        found = self.observation(DRIVER, _driver)
        loaded = self.modules.value
        if found.status is Status.UNREADABLE and loaded is not None and "nvidia" not in loaded:
            return Observation(
                Status.UNREADABLE, None, f"no NVIDIA kernel module is loaded ({MODULES})", (), found.files
            )
        return found

    @property
    def kernel(self) -> Observation[str]:
        """The release of the kernel: `6.8.0-60-generic`."""

        def parse(answer: HostRecord) -> str:
            release = answer.values.get("release", "")
            if not _RELEASE.fullmatch(release):
                raise ValueError(f"{release!r}, which is no release of a kernel")
            return release

        return self.observation(KERNEL, parse)

    @property
    def system(self) -> Observation[tuple[str, str]]:
        """The operating system and its version: `ubuntu`, `24.04`. Not that of a container's image."""
        if self.reading.host and self.reading.host.root == "/":
            mounted = self.observation(MOUNTS, lambda answer: answer.values.get("/", ""))
            if mounted.value in (None, "", "overlay"):
                why = "the root file system is a container's, so its os-release is no witness of the node: give --root"
                return Observation(Status.UNREADABLE, None, mounted.why or why, (), mounted.files)
        usual, other = (self.observation(path, _system) for path in SYSTEM)
        return usual if usual.status is Status.READ or other.status is not Status.READ else other

    def observation(self, path: str, parse: Callable[[HostRecord], T]) -> Observation[T]:
        """What one path proves. `parse` gives the value, or raises ValueError with what the path says instead."""
        host = self.reading.host
        if host is None:
            why = "the reading is of version 1, which has nothing of the node's files: take it again"
            return Observation(Status.UNREADABLE, None, why, ())
        answer = host.of(path)
        if answer is None:
            return Observation(Status.UNREADABLE, None, f"{path} was not looked at", ())
        if answer.access is Access.UNBELIEVABLE:
            return Observation(Status.IMPLAUSIBLE, None, str(answer), (), (answer,))
        if answer.access is not Access.READ:
            return Observation(Status.UNREADABLE, None, f"{answer}{_remedy(path, host.root)}", (), (answer,))
        try:
            return Observation(Status.READ, parse(answer), "", (), (answer,))
        except ValueError as error:
            return Observation(Status.IMPLAUSIBLE, None, f"{path} says {error}", (), (answer,))


def release_numbers(release: str) -> tuple[int, int]:
    """Major and minor number of a kernel's release."""
    match = _RELEASE.fullmatch(release)
    if not match:
        raise ValueError(f"{release!r} is no release of a kernel")
    return int(match[1]), int(match[2])


def _remedy(path: str, root: str) -> str:
    """Which mount is missing, where one may be."""
    top = next((top for top in _MOUNTED if path.startswith(top)), None)
    if top is None:
        return f" under {root}: give --root where the node's file system is"
    return f" under {root}: is the node's {top.rstrip('/')} mounted there?"


def _driver(answer: HostRecord) -> KernelDriver:
    said = answer.values.get("NVRM version", "")
    if not (match := _NVRM.fullmatch(said)):
        raise ValueError(f"{said!r}, which names no NVIDIA kernel module")
    return KernelDriver("open" if match[1] else "proprietary", match[2])


def _system(answer: HostRecord) -> tuple[str, str]:
    name, version = (answer.values.get(key, "") for key in ("ID", "VERSION_ID"))
    if name == _RHEL and answer.values.get("VARIANT_ID") == _COREOS:
        name, version = "rhcos", answer.values.get("OPENSHIFT_VERSION", "")
    if not _WORD.fullmatch(name) or (version and not _WORD.fullmatch(version)):
        raise ValueError(f"{answer.quoted or 'nothing'}, which names no system")
    return name, version
