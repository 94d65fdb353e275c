"""A reading: everything that was requested from one node's GPUs, and the results, call by call.

It contains results, not conclusions: `facts.py` derives typed facts from the calls, and the checks evaluate them. Calls
that hung, crashed or were not made are part of the record, so that nothing missing can be mistaken for a success.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from blueprint.probe import nvml_codes
from blueprint.probe.host import HostScan

SCHEMA = "gpublueprint.dev/reading/v2"
SCHEMA_1 = "gpublueprint.dev/reading/v1"
"""Version 1 contains nothing about the node's files. It is still read, and written again as version 1."""

Value = str | int | list[int] | dict[str, int | str]
"""The result of a call: a string, a number (bytes for memory), a list of modes, or the fields of a structure."""


class CallOutcome(enum.StrEnum):
    """How one call ended.

    `returned`: NVML returned a code. `undecodable`: it succeeded with bytes that are not text. `hung`: there was no
    result before the deadline. `crashed`: the process died during the call. `failed`: the bindings could not make the
    call. `not-made`: it was given up before it was tried.
    """

    RETURNED = "returned"
    UNDECODABLE = "undecodable"
    HUNG = "hung"
    CRASHED = "crashed"
    FAILED = "failed"
    NOT_MADE = "not-made"


class Origin(enum.StrEnum):
    """Whether a reading was taken from hardware, or is artificial (a stub library, a generated file)."""

    RECORDED = "recorded"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Call:
    """One NVML call and its result.

    Attributes:
        call: The name of the function in the Python bindings: `nvmlDeviceGetName`.
        device: The index with which the handle was obtained, in that child; None for calls about the node.
            An index is not an identity: two children may number the GPUs differently.
        child: The number of the child process that made it, from 1; 0 if no child got that far.
        outcome: How it ended.
        code: NVML's return code; None unless it returned.
        value: The result, if the return code is NVML_SUCCESS.
        detail: Further information: the signal that killed the child, the undecodable bytes in hexadecimal.
        ms: Its duration in milliseconds.
    """

    call: str
    device: int | None = None
    child: int = 1
    outcome: CallOutcome = CallOutcome.RETURNED
    code: int | None = None
    value: Value | None = None
    detail: str = ""
    ms: float = 0.0

    @property
    def answered(self) -> bool:
        """Whether NVML returned success and a value (or success, if the call has no value)."""
        return self.outcome is CallOutcome.RETURNED and self.code == nvml_codes.SUCCESS

    def __str__(self) -> str:
        """`nvmlDeviceGetName(3) returned NVML_ERROR_GPU_IS_LOST (15) after 0.2 ms`."""
        where = "" if self.device is None else str(self.device)
        call = f"{self.call}({where})"
        match self.outcome:
            case CallOutcome.RETURNED:
                code = self.code if self.code is not None else -1
                return f"{call} returned {nvml_codes.name_of(code)} ({code}) after {self.ms:g} ms"
            case CallOutcome.UNDECODABLE:
                return f"{call} answered bytes that are not text: {self.detail}"
            case CallOutcome.HUNG:
                return f"{call} did not return within {self.ms:.0f} ms"
            case CallOutcome.NOT_MADE:
                return f"{call} was not made: {self.detail}"
            case _:
                return f"{call} {self.outcome}: {self.detail}"


@dataclass(frozen=True, slots=True)
class PciFunction:
    """One NVIDIA display or 3D function in the kernel's list, with any driver.

    `address` is `0000:18:00.0`, `device` four upper-case hexadecimal digits, `driver` the name of the bound kernel
    driver or "".
    """

    address: str
    device: str
    driver: str


@dataclass(frozen=True, slots=True)
class PciScan:
    """The kernel's own list of NVIDIA GPUs, independent of NVML. `readable` is False if there is none."""

    root: str
    readable: bool
    functions: tuple[PciFunction, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One node at one point in time.

    Attributes:
        node: The Kubernetes name of the node.
        boot_id: The kernel's ID of this boot; counters of different boots are not comparable.
        kernel: The kernel's release.
        time: When the reading was taken: UTC, RFC 3339.
        tool: The version of the tool.
        origin: Recorded from hardware, or synthetic.
        library: The path of the NVML library, or the name that was requested and not found.
        pci: The kernel's list of GPUs.
        calls: Every call in the order made.
        host: The contents of the node's files; None in a reading of version 1.
    """

    node: str
    boot_id: str
    kernel: str
    time: str
    tool: str
    origin: Origin
    library: str
    pci: PciScan
    calls: tuple[Call, ...]
    host: HostScan | None = None
    _index: dict[tuple[str, int | None], list[Call]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        for call in self.calls:
            self._index.setdefault((call.call, call.device), []).append(call)

    @property
    def taken(self) -> dt.datetime:
        """When the reading was taken, for comparison: as a string, a fraction of a second would sort before the full
        second.
        """
        return moment(self.time)

    def calls_of(self, call: str, device: int | None = None) -> Sequence[Call]:
        """All records of one call for one device index (or for the node), in order."""
        return self._index.get((call, device), ())

    def to_json(self) -> dict[str, Any]:
        """The document, with keys in a fixed order; version 1 if it contains nothing about the node's files."""
        document = {
            "schemaVersion": SCHEMA if self.host else SCHEMA_1,
            "node": self.node,
            "time": self.time,
            "origin": self.origin.value,
            "tool": self.tool,
            "bootId": self.boot_id,
            "kernel": self.kernel,
            "library": self.library,
            "pci": {
                "root": self.pci.root,
                "readable": self.pci.readable,
                "functions": [
                    {"address": f.address, "device": f.device, "driver": f.driver} for f in self.pci.functions
                ],
            },
        }
        if self.host:
            document["host"] = {"root": self.host.root, "answers": [each.to_json() for each in self.host.records]}
        return document | {"calls": [_call_to_json(call) for call in self.calls]}


def moment(text: str) -> dt.datetime:
    """A time in RFC 3339, with its fraction of a second. Raises ValueError for an invalid date."""
    return dt.datetime.fromisoformat(text)


def _call_to_json(call: Call) -> dict[str, Any]:
    document: dict[str, Any] = {"call": call.call}
    if call.device is not None:
        document["device"] = call.device
    document |= {"child": call.child, "outcome": call.outcome.value, "ms": call.ms}
    if call.code is not None:
        document |= {"return": call.code, "returnName": nvml_codes.name_of(call.code)}
    if call.value is not None:
        document["value"] = call.value
    if call.detail:
        document["detail"] = call.detail
    return document
