"""Files of the node: what is recorded of them, and what the record means. Those that several checks use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from blueprint.probe.file_access import UntrustedPath

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord

T = TypeVar("T")

_NVRM = re.compile(
    r"NVIDIA UNIX (?:(Open) Kernel Module for \S+|\S+ Kernel Module) +([1-9]\d{2,3}(?:\.\d{1,4}){1,2})(?: .*)?",
    re.ASCII,
)
_MODULE_FIELDS = 5


@dataclass(frozen=True, slots=True)
class HostFile(Generic[T]):
    """A file of lines.

    Attributes:
        path: As the node knows it.
        record: What of its lines goes into a reading, by name: no more than is needed, and nothing that identifies a
            machine. Raises Unbelievable for lines that the file cannot have.
        parse: What the record means. Raises ValueError with what it says instead.
        of_this_process: Whether it is about the process that reads it, and so read only where the root is its own.
    """

    path: str
    record: Callable[[Sequence[str]], Mapping[str, str]]
    parse: Callable[[HostRecord], T]
    of_this_process: bool = False


@dataclass(frozen=True, slots=True)
class KernelDriver:
    """The loaded NVIDIA kernel module: `open` or `proprietary`, and its version."""

    flavour: str
    version: str


def _record_modules(lines: Sequence[str]) -> dict[str, str]:
    """Module to state: `nvidia 62472192 60 nvidia_uvm, Live 0x0` is live. Its address is left out."""
    fields = [line.split() for line in lines]
    if wrong := [line for line, words in zip(lines, fields, strict=True) if len(words) < _MODULE_FIELDS]:
        raise UntrustedPath(f"the line {wrong[0][:60]!r} is not a kernel module")
    return {words[0]: words[4] for words in fields}


def _parse_modules(record: HostRecord) -> Mapping[str, str]:
    if not record.values:
        raise ValueError("no module at all")
    return record.values


def _record_driver(lines: Sequence[str]) -> dict[str, str]:
    """The NVRM line, without who built the module where."""
    found = [line for line in lines if line.startswith("NVRM version:")]
    return {"NVRM version": found[0].partition(":")[2].partition("(")[0].strip()} if found else {}


def _parse_driver(record: HostRecord) -> KernelDriver:
    version = record.values.get("NVRM version", "")
    if not (match := _NVRM.fullmatch(version)):
        raise ValueError(f"{version!r}, which names no NVIDIA kernel module")
    return KernelDriver("open" if match[1] else "proprietary", match[2])


MODULES: HostFile[Mapping[str, str]] = HostFile("/proc/modules", _record_modules, _parse_modules)
"""The loaded kernel modules, each with its state: `Live`, `Loading`, `Unloading`."""
DRIVER: HostFile[KernelDriver] = HostFile("/proc/driver/nvidia/version", _record_driver, _parse_driver)
"""The NVIDIA kernel module as it calls itself."""
