"""A reading: everything that was asked of one node's GPUs, and what came back, call by call.

It holds answers, not conclusions: `facts.py` makes typed facts of the calls, the checks judge them. What
was hung, crashed or not asked is part of the record, so that nothing missing can be mistaken for good.
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
"""Has nothing of the node's files. Still read, and written again as what it is."""

Value = str | int | list[int] | dict[str, int | str]
"""What a call can answer: text, a number (bytes for memory), a list of modes, or a structure's fields."""


class CallOutcome(enum.StrEnum):
    """How one call ended.

    `returned`: NVML answered with a return code. `undecodable`: it succeeded with bytes that are not text.
    `hung`: no answer before the deadline. `crashed`: the process died in it. `failed`: the bindings could
    not make it. `not-made`: it was given up before it was tried.
    """

    RETURNED = "returned"
    UNDECODABLE = "undecodable"
    HUNG = "hung"
    CRASHED = "crashed"
    FAILED = "failed"
    NOT_MADE = "not-made"


class Origin(enum.StrEnum):
    """Whether a reading was taken from hardware, or made up (a stub library, a generated file)."""

    RECORDED = "recorded"
    SYNTHETIC = "synthetic"


@dataclass(frozen=True, slots=True)
class Call:
    """One call of NVML and what became of it.

    Attributes:
        call: NVML's name of the function as the Python bindings spell it: `nvmlDeviceGetName`.
        device: The index the handle was obtained with, in that child; None for calls about the node.
            An index is no identity: two children may number the GPUs differently.
        child: Which child process made it, counting from 1; 0 when no child got that far.
        outcome: How it ended.
        code: NVML's return code; None unless it returned.
        value: The answer, where the return code is NVML_SUCCESS.
        detail: What is known beyond that: the signal that killed the child, the undecodable bytes in hex.
        ms: How long it took, in milliseconds.
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
        """Whether NVML answered with success and a value (or success where there is none to give)."""
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
    """One NVIDIA display or 3D function as the kernel lists it, whoever drives it.

    `address` is `0000:18:00.0`, `device` four upper-case hexadecimal digits, `driver` the bound kernel
    driver's name or "".
    """

    address: str
    device: str
    driver: str


@dataclass(frozen=True, slots=True)
class PciScan:
    """The kernel's own list of NVIDIA GPUs, independent of NVML. `readable` is False where there is none."""

    root: str
    readable: bool
    functions: tuple[PciFunction, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One node at one time.

    Attributes:
        node: The Kubernetes name of the node.
        boot_id: The kernel's id of this boot; counters of different boots are not comparable.
        kernel: The kernel's release.
        time: When the reading was taken: UTC, RFC 3339.
        tool: The version of this tool.
        origin: Recorded from hardware, or synthetic.
        library: The NVML library that answered: its path, or the name that was requested and not found.
        pci: The kernel's list of GPUs.
        calls: Every call in the order made.
        host: What the node's files said; None in a reading of version 1.
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
        """When the reading was taken, to compare: as text, a fraction of a second would come before the full one."""
        return moment(self.time)

    def calls_of(self, call: str, device: int | None = None) -> Sequence[Call]:
        """Every record of one call for one device index (or for the node), in order."""
        return self._index.get((call, device), ())

    def to_json(self) -> dict[str, Any]:
        """The document, keys in a fixed order; of version 1 where there is nothing of the node's files."""
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
    """A time in RFC 3339, with its fraction of a second. Raises ValueError for a date that there is not."""
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
