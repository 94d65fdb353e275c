"""Files of the node that several checks use: what is recorded of them, and how it is interpreted."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from blueprint.patterns import lazy_pattern
from blueprint.probe.file_access import UntrustedPath

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord

T = TypeVar("T")

_NVRM = lazy_pattern(
    r"NVIDIA UNIX (?:(Open) Kernel Module for \S+|\S+ Kernel Module) +([1-9]\d{2,3}(?:\.\d{1,4}){1,2})(?: .*)?",
    re.ASCII,
)
_MODULE_FIELDS = 5


@dataclass(frozen=True, slots=True)
class HostFile(Generic[T]):
    """A text file.

    Attributes:
        path: The path on the node.
        record: Returns what is recorded of its lines, by name: only what is needed, and nothing that identifies a
            machine. Raises Unbelievable for lines that the file cannot contain.
        parse: Interprets the record. Raises ValueError with the actual contents.
        of_this_process: Whether its contents depend on the reading process, so that it is read only if the root is its
            own.
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
    """The states of modules: `nvidia 62472192 60 nvidia_uvm, Live 0x0` is live. The address is omitted."""
    fields = [line.split() for line in lines]
    if wrong := [line for line, words in zip(lines, fields, strict=True) if len(words) < _MODULE_FIELDS]:
        raise UntrustedPath(f"the line {wrong[0][:60]!r} is not a kernel module")
    return {words[0]: words[4] for words in fields}


def _parse_modules(record: HostRecord) -> Mapping[str, str]:
    if not record.values:
        raise ValueError("no module at all")
    return record.values


def _record_driver(lines: Sequence[str]) -> dict[str, str]:
    """The NVRM line, without build information."""
    found = [line for line in lines if line.startswith("NVRM version:")]
    return {"NVRM version": found[0].partition(":")[2].partition("(")[0].strip()} if found else {}


def _parse_driver(record: HostRecord) -> KernelDriver:
    version = record.values.get("NVRM version", "")
    if not (match := _NVRM.fullmatch(version)):
        raise ValueError(f"{version!r}, which names no NVIDIA kernel module")
    return KernelDriver("open" if match[1] else "proprietary", match[2])


MODULES: HostFile[Mapping[str, str]] = HostFile("/proc/modules", _record_modules, _parse_modules)
"""The loaded kernel modules with their states: `Live`, `Loading`, `Unloading`."""
DRIVER: HostFile[KernelDriver] = HostFile("/proc/driver/nvidia/version", _record_driver, _parse_driver)
"""The NVIDIA kernel module, according to itself."""
