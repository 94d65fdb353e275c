"""The contents of the node's own files, path by path: independent of NVML, and the only source for modules and
adapters.

Like calls, files are recorded with their results: missing, unreadable and implausible ones are included.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_LONGEST = 200
_TWICE = "the reading has different answers for it"


class Access(enum.StrEnum):
    """The result of reading one path.

    `read`: it was read. `absent`: the path does not exist under the root. `refused`: permission denied. `failed`: any
    other system error. `unbelievable`: too large, not text, not a file, or a link to the outside.
    """

    READ = "read"
    ABSENT = "absent"
    REFUSED = "refused"
    FAILED = "failed"
    UNBELIEVABLE = "unbelievable"


class HostRecord(NamedTuple):
    """One path of the node and its contents.

    Attributes:
        path: The path on the node, without the root: `/sys/class/infiniband/mlx5_0`.
        access: The result of reading it.
        values: The contents, by name: the attributes of a folder, the modules with their state, the words of a file.
            Missing attributes are omitted.
        detail: Why it, or which of its attributes, could not be read.
    """

    path: str
    access: Access
    values: Mapping[str, str]
    detail: str = ""

    def only(self, names: Iterable[str]) -> HostRecord:
        """The record with only some of its values, as evidence for a conclusion from them."""
        return self._replace(values={name: self.values[name] for name in names if name in self.values})

    @property
    def quoted(self) -> str:
        """The contents in one line: `state=4: ACTIVE, rate=400 Gb/sec (4X NDR)`."""
        text = ", ".join(f"{name}={value}" if value else name for name, value in self.values.items())
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."

    def __str__(self) -> str:
        """`/proc/modules: nouveau=Live`, or `/proc/modules is refused: Permission denied`."""
        if self.access is Access.READ:
            return f"{self.path}: {self.quoted}" if self.values else f"{self.path} has nothing of it"
        return f"{self.path} is {self.access}" + (f": {self.detail}" if self.detail else "")

    def to_json(self) -> dict[str, Any]:
        """The JSON form; `detail` only if there is one."""
        document: dict[str, Any] = {"path": self.path, "access": self.access.value, "values": dict(self.values)}
        return document | ({"detail": self.detail} if self.detail else {})


@dataclass(frozen=True, slots=True)
class HostScan:
    """All paths that were read. `root` is the root of the node's file system: `/`, or its mount point."""

    root: str
    records: tuple[HostRecord, ...]
    _by_path: dict[str, HostRecord] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for record in self.records:
            if self._by_path.setdefault(record.path, record) != record:
                self._by_path[record.path] = HostRecord(record.path, Access.UNBELIEVABLE, {}, _TWICE)

    def record_of(self, path: str) -> HostRecord | None:
        """The record of one path; None if it was not read. Two different records are both distrusted."""
        return self._by_path.get(path)

    def records_in(self, folder: str) -> list[HostRecord]:
        """The records directly in a folder, in their order, without duplicate paths."""
        return [record for path, record in self._by_path.items() if path.rpartition("/")[0] == folder]
