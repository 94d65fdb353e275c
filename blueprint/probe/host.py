"""What the node's own files said, path by path: a second witness beside NVML, and the only one of modules and cards.

Like calls, files are recorded as they answered: what was not there, not readable or not believable is part of it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_LONGEST = 200
_TWICE = "the reading has different answers for it"


class Access(enum.StrEnum):
    """How looking at one path ended.

    `read`: it was read. `absent`: there is no such path under the root. `refused`: permission. `failed`: any other
    error of the system. `unbelievable`: too large, no text, no file, or a link that leads away.
    """

    READ = "read"
    ABSENT = "absent"
    REFUSED = "refused"
    FAILED = "failed"
    UNBELIEVABLE = "unbelievable"


@dataclass(frozen=True, slots=True)
class HostRecord:
    """One path of the node and what it showed.

    Attributes:
        path: As the node knows it, without the root: `/sys/class/infiniband/mlx5_0`.
        access: How looking at it ended.
        values: What was read, by name: the attributes of a folder, the modules with their state, the words of a file.
            An attribute that is not there is left out.
        detail: Why it, or which of its attributes, could not be read.
    """

    path: str
    access: Access
    values: Mapping[str, str]
    detail: str = ""

    def only(self, names: Iterable[str]) -> HostRecord:
        """The same answer with some of its values, as evidence for what was concluded from them."""
        return replace(self, values={name: self.values[name] for name in names if name in self.values})

    @property
    def quoted(self) -> str:
        """What was read, in one line: `state=4: ACTIVE, rate=400 Gb/sec (4X NDR)`."""
        text = ", ".join(f"{name}={value}" if value else name for name, value in self.values.items())
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

    def __str__(self) -> str:
        """`/proc/modules: nouveau=Live`, or `/proc/modules is refused: Permission denied`."""
        if self.access is Access.READ:
            return f"{self.path}: {self.quoted}" if self.values else f"{self.path} has nothing of it"
        return f"{self.path} is {self.access}" + (f": {self.detail}" if self.detail else "")

    def to_json(self) -> dict[str, Any]:
        """The JSON form; `detail` only where there is one."""
        document: dict[str, Any] = {"path": self.path, "access": self.access.value, "values": dict(self.values)}
        return document | ({"detail": self.detail} if self.detail else {})


@dataclass(frozen=True, slots=True)
class HostScan:
    """Every path that was looked at. `root` is where the node's file system was found: `/`, or where it is mounted."""

    root: str
    records: tuple[HostRecord, ...]
    _by_path: dict[str, HostRecord] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.records:
            if self._by_path.setdefault(record.path, record) != record:
                self._by_path[record.path] = HostRecord(record.path, Access.UNBELIEVABLE, {}, _TWICE)

    def record_of(self, path: str) -> HostRecord | None:
        """What one path showed; None if it was not looked at. Of two different answers neither is believed."""
        return self._by_path.get(path)

    def records_in(self, folder: str) -> list[HostRecord]:
        """What stands directly in a folder, in the order of the record, each path once."""
        return [record for path, record in self._by_path.items() if path.rpartition("/")[0] == folder]
