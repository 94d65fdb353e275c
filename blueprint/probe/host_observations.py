"""Facts that the node's files prove, and for all others why they are not proven."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from blueprint.probe.host import Access, HostRecord
from blueprint.probe.host_files import DRIVER, MODULES, HostFile, KernelDriver
from blueprint.probe.observation import Observation, Status
from blueprint.probe.reading import Reading

T = TypeVar("T")

_MOUNTED = ("/proc/", "/sys/")


@dataclass(frozen=True, slots=True)
class ObservedHost:
    """The facts about the node that a reading's files prove."""

    reading: Reading

    @property
    def modules(self) -> Observation[Mapping[str, str]]:
        """The loaded kernel modules with their states: `Live`, `Loading`, `Unloading`."""
        return self.observe(MODULES)

    @property
    def driver(self) -> Observation[KernelDriver]:
        """The NVIDIA kernel module, according to itself."""
        found = self.observe(DRIVER)
        loaded = self.modules.value
        if found.status is Status.UNREADABLE and loaded is not None and "nvidia" not in loaded:
            why = f"no NVIDIA kernel module is loaded ({MODULES.path})"
            return Observation(Status.UNREADABLE, None, why, (), found.files)
        return found

    def observe(self, file: HostFile[T]) -> Observation[T]:
        """The fact that a file proves."""
        return self.observe_path(file.path, file.parse)

    def observe_path(self, path: str, parse: Callable[[HostRecord], T]) -> Observation[T]:
        """The fact that a path proves. `parse` returns the value, or raises ValueError with the actual contents."""
        host = self.reading.host
        if host is None:
            why = "the reading is of version 1, which does not contain the node's files: take it again"
            return Observation(Status.UNREADABLE, None, why, ())
        record = host.record_of(path)
        if record is None:
            return Observation(Status.UNREADABLE, None, f"{path} was not examined", ())
        if record.access is Access.UNBELIEVABLE:
            return Observation(Status.IMPLAUSIBLE, None, str(record), (), (record,))
        if record.access is not Access.READ:
            return Observation(Status.UNREADABLE, None, f"{record}{_remedy(path, host.root)}", (), (record,))
        try:
            return Observation(Status.READ, parse(record), "", (), (record,))
        except ValueError as error:
            return Observation(Status.IMPLAUSIBLE, None, f"{path} says {error}", (), (record,))


def _remedy(path: str, root: str) -> str:
    """The mount that may be missing."""
    top = next((top for top in _MOUNTED if path.startswith(top)), None)
    if top is None:
        return f" under {root}: specify the node's file system with --root"
    return f" under {root}: mount the node's {top.rstrip('/')} there"
