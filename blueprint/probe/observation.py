"""An observation: a value with its evidence, or the reason why there is none.

Separate from `observations`, which creates them from readings: the compiler imports checks for their declarations, and
does not need readings.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord
    from blueprint.probe.reading import Call

T_co = TypeVar("T_co", covariant=True)


class Status(enum.Enum):
    """Whether a fact is known, and if not, why."""

    READ = "read"
    UNSUPPORTED = "unsupported"
    UNREADABLE = "unreadable"
    IMPLAUSIBLE = "implausible"
    HUNG = "hung"
    CRASHED = "crashed"
    FAULT = "fault"


class Observation(NamedTuple, Generic[T_co]):
    """A value with the calls and files on which it is based, or the reason why there is none.

    `value` is set exactly if `status` is READ. `why` is a readable clause: `nvmlDeviceGetName(3) returned
    NVML_ERROR_GPU_IS_LOST (15) after 0.2 ms`.
    """

    status: Status
    value: T_co | None
    why: str
    evidence: tuple[Call, ...]
    files: tuple[HostRecord, ...] = ()

    @property
    def raw(self) -> str:
        """NVML's unmodified result, for the record. The contents of files are shown with the files."""
        return ", ".join(repr(call.value) for call in self.evidence if call.value is not None)
