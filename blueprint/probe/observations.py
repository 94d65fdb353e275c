"""Typed facts from a reading: what the calls prove, and for all other facts why they are not proven.

NVML_SUCCESS alone is not trusted: values that `parse.py` rejects, and two different results for one question, are
*implausible* and yield no value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from blueprint.probe.nvml_calls import (
    COUNT,
    DRIVER_VERSION,
    HANDLE,
    IDENTITY,
    INIT,
    NAME,
    PCI_INFO,
    SERIAL,
    UUID,
    DeviceCall,
    SystemCall,
)
from blueprint.probe.nvml_codes import LIBRARY_NOT_FOUND, Meaning, meaning_of
from blueprint.probe.observation import Observation, Status
from blueprint.probe.parse import PciIdentity
from blueprint.probe.pci import PASSED_THROUGH
from blueprint.probe.reading import Call, CallOutcome, Reading

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GpuId:
    """The identity of a GPU, by UUID and PCI address. If neither could be read, only `index` is known.

    `eliminated`: the address was not read, but is the only one in the kernel's list that no other GPU has.
    """

    uuid: str
    pci: str
    index: int
    eliminated: bool = False

    def __str__(self) -> str:
        if self.eliminated:
            return f"the GPU at {self.pci} (by elimination: index {self.index} gave no identity)"
        known = [part for part in (self.uuid, self.pci) if part]
        return " at ".join(known) if known else f"the GPU at index {self.index} (identity unread)"


@dataclass(frozen=True, slots=True)
class ObservedGpu:
    """The facts that a reading proves about one GPU that NVML counted, found under one index."""

    reading: Reading
    index: int

    @property
    def id(self) -> GpuId:
        """The identity as far as it could be read, or by elimination of all other GPUs."""
        uuid, pci = self.uuid.value or "", self.pci.value
        if not uuid and not pci and (left := self._left_over()):
            return GpuId("", left, self.index, eliminated=True)
        return GpuId(uuid, pci.address if pci else "", self.index)

    def _left_over(self) -> str:
        """The address in the kernel's list that must belong to this GPU, because all others belong to other GPUs; "" if
        ambiguous.
        """
        listed = {each.address for each in self.reading.pci.functions if each.driver not in PASSED_THROUGH}
        others = [gpu.pci.value for gpu in ObservedNode(self.reading).gpus if gpu.index != self.index]
        left = listed - {each.address for each in others if each}
        known = all(others) and len(listed) == len(others) + 1 == len(self.reading.pci.functions)
        return left.pop() if known and len(left) == 1 else ""

    @property
    def handle(self) -> Observation[bool]:
        """Whether NVML returns a handle for the index."""
        return _observation(self.reading.calls_of(HANDLE.name, self.index), HANDLE, self.index)

    @property
    def uuid(self) -> Observation[str]:
        """`GPU-` and 32 hexadecimal digits."""
        return self.observe(UUID)

    @property
    def pci(self) -> Observation[PciIdentity]:
        """PCI address and device id."""
        return self.observe(PCI_INFO)

    @property
    def name(self) -> Observation[str]:
        """The unmodified product name: `NVIDIA H100 80GB HBM3`."""
        return self.observe(NAME)

    @property
    def serial(self) -> Observation[str]:
        """The board's serial number."""
        return self.observe(SERIAL)

    def observe(self, call: DeviceCall[T]) -> Observation[T]:
        """The observation of a call about this GPU; empty if the index did not always refer to the same GPU."""
        for each in IDENTITY:
            values = tuple(made for made in self.reading.calls_of(each.name, self.index) if made.answered)
            if len({repr(made.value) for made in values}) > 1:
                why = f"index {self.index} was not the same GPU throughout the reading"
                return Observation(Status.IMPLAUSIBLE, None, why, values)
        return _observation(self.reading.calls_of(call.name, self.index), call, self.index)


@dataclass(frozen=True, slots=True)
class ObservedNode:
    """The facts that a reading's NVML calls prove about the node and its GPUs."""

    reading: Reading

    @property
    def nvml(self) -> Observation[bool]:
        """Whether NVML loads and initialises. Every child process tries this; the worst result counts.

        If the loader did not find the library, this does not count as long as it was found elsewhere.
        """
        inits = list(self.reading.calls_of(INIT.name))
        found = [call for call in inits if call.code != LIBRARY_NOT_FOUND]
        inits = found or inits
        worst = [call for call in inits if not call.answered] or inits
        return _observation(worst[:1], INIT)

    @property
    def driver(self) -> Observation[str]:
        """The version of the loaded driver: `580.173.02`."""
        return self.observe(DRIVER_VERSION)

    @property
    def count(self) -> Observation[int]:
        """The number of GPUs according to NVML, if it is the same for each call."""
        return self.observe(COUNT)

    def observe(self, call: SystemCall[T]) -> Observation[T]:
        """The observation of a call about the node."""
        return _observation(self.reading.calls_of(call.name), call)

    @property
    def gpus(self) -> list[ObservedGpu]:
        """One per index for which a handle was requested, whether or not NVML returned one."""
        requested = {call.device for call in self.reading.calls if call.call == HANDLE.name and call.device is not None}
        return [ObservedGpu(self.reading, index) for index in sorted(requested)]


_LOST_CALLS = {
    CallOutcome.HUNG: Status.HUNG,
    CallOutcome.CRASHED: Status.CRASHED,
    CallOutcome.UNDECODABLE: Status.IMPLAUSIBLE,
    CallOutcome.FAILED: Status.UNREADABLE,
    CallOutcome.NOT_MADE: Status.UNREADABLE,
}
_MEANINGS = {
    Meaning.UNSUPPORTED: Status.UNSUPPORTED,
    Meaning.UNREADABLE: Status.UNREADABLE,
    Meaning.FAULT: Status.FAULT,
}


def status_of(call: Call) -> Status:
    """The status of the requested fact according to one call (READ: there is a value to examine)."""
    if call.outcome is not CallOutcome.RETURNED:
        return _LOST_CALLS[call.outcome]
    meaning = meaning_of(call.code if call.code is not None else -1)
    return Status.READ if meaning is Meaning.VALUE else _MEANINGS[meaning]


def _observation(
    made: Sequence[Call], call: SystemCall[T] | DeviceCall[T], device: int | None = None
) -> Observation[T]:
    """The observation from the calls of one function, if all results agree. A missing call does not matter."""
    calls = tuple(each for each in made if each.outcome is not CallOutcome.NOT_MADE) or tuple(made)
    if not calls:
        where = "" if device is None else str(device)
        return Observation(Status.UNREADABLE, None, f"{call.name}({where}) is not in the reading", ())
    for each in calls:
        if (status := status_of(each)) is not Status.READ:
            why = each.detail if each.outcome is CallOutcome.NOT_MADE else str(each)
            return Observation(status, None, why, (each,))
    if len({repr(each.value) for each in calls}) > 1:
        values = ", then ".join(repr(each.value) for each in calls)
        return Observation(Status.IMPLAUSIBLE, None, f"{call.name} gave different answers: {values}", calls)
    try:
        return Observation(Status.READ, call.parse(calls[0].value), "", calls)
    except ValueError as error:
        return Observation(Status.IMPLAUSIBLE, None, f"{call.name} answered {error}", calls)
