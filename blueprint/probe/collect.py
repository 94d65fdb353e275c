"""Take a reading: ask NVML everything worth knowing, and survive whatever it does.

The calls run in one child process with a deadline each. A call that hangs or crashes costs that child and
that answer; a new child goes on with the rest. The parent never loads the driver's library.
"""

from __future__ import annotations

import datetime as dt
import os
import time
from collections import Counter
from pathlib import Path

from blueprint._version import __version__
from blueprint.probe import host_scan, libraries, nvml_codes, pci
from blueprint.probe.file_access import FileReader
from blueprint.probe.nvml import SONAME
from blueprint.probe.parse import MAX_GPUS
from blueprint.probe.reading import Call, Origin, Outcome, Reading
from blueprint.probe.worker import Worker

CALL_SECONDS = 5.0

_BOOT = "/proc/sys/kernel/random/boot_id"

_COUNT, _HANDLE = "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"
_NODE_CALLS = ("nvmlSystemGetDriverVersion", "nvmlSystemGetNVMLVersion", "nvmlSystemGetCudaDriverVersion")
_IDENTITY_CALLS = ("nvmlDeviceGetUUID", "nvmlDeviceGetPciInfo")
_DEVICE_CALLS = (
    *_IDENTITY_CALLS,
    "nvmlDeviceGetName",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetMigDeviceHandleByIndex",
    "nvmlDeviceGetEccMode",
    "nvmlDeviceGetPersistenceMode",
    "nvmlDeviceGetSerial",
    "nvmlDeviceGetBoardPartNumber",
    "nvmlDeviceGetVbiosVersion",
    "nvmlDeviceGetGpuFabricInfoV",
)
_MAX_CRASHED_INITS = 3
_MAX_LOST_PER_GPU = 2
_MAX_LOST = 10
_MAX_SWEEP = 36
"""The whole sweep may take as long as this many calls that only just return: three minutes by default."""
_PATIENCE = {"nvmlInit": 12, _HANDLE: 4}
"""These may take so many times as long as others: without persistence mode the first to ask wakes the driver, which
takes seconds for each GPU, and killing it meanwhile does harm."""


def collect(
    node: str,
    now: dt.datetime,
    *,
    library: Path | None = None,
    call_seconds: float = CALL_SECONDS,
    sysfs: Path | None = None,
    root: Path = Path("/"),
) -> Reading:
    """One reading of this machine.

    Never raises for anything that the driver does: what could not be read is recorded as such.

    Args:
        node: The name the machine has as a Kubernetes node.
        now: The time to write down, with a time zone.
        library: The NVML library to load; by default the loader's, or one where drivers are put under the root.
        call_seconds: How long one call may take; starting NVML up may take twelve times, a handle four times as long.
        sysfs: Where sysfs is mounted, if not at `sys` of the root.
        root: Where the node's own files are; in a pod, where they are mounted.
    """
    host = host_scan.scan(root, sysfs)
    scan = pci.scan(host, f"{sysfs or root / 'sys'}/bus/pci/devices")
    survey = _Survey(library, call_seconds, root)
    try:
        survey.run()
    finally:
        survey.end()
    return Reading(
        node=node,
        boot_id=_boot_id(),
        kernel=os.uname().release,
        time=now.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=__version__,
        origin=Origin.SYNTHETIC if survey.stub else Origin.RECORDED,
        library=survey.library or str(library or SONAME),
        pci=scan,
        calls=tuple(survey.calls),
        host=host,
    )


def _boot_id() -> str:
    answer = FileReader(Path("/")).file(_BOOT, lambda lines: {"id": lines[0]})
    return answer.values.get("id", "")


class _Survey:
    """The sweep over all calls, from child to child; `calls` grows by every call made or given up."""

    def __init__(self, library: Path | None, call_seconds: float, root: Path) -> None:
        self.calls: list[Call] = []
        self.library, self.stub = "", False
        self._library = str(library.absolute()) if library else None
        self._others = iter(()) if library else libraries.found(root)
        self._call_seconds = call_seconds
        self._session: Worker | None = None
        self._children = 0
        self._handles: set[int] = set()
        self._known: set[tuple[str, int]] = set()
        self._visited: set[int] = set()
        self._refused: set[int] = set()
        self._lost: Counter[int | None] = Counter()
        self._given_up = ""
        self._until = time.monotonic() + _MAX_SWEEP * call_seconds

    def run(self) -> None:
        """Ask everything, node first, then GPU by GPU; at the end again what must not have changed meanwhile."""
        for name in _NODE_CALLS:
            self._ask(name)
        visits, stop_early = _to_visit(self._ask(_COUNT))
        for index in range(visits):
            if stop_early and {index - 1, index - 2} <= self._refused:
                break
            self._visit(index)
        for index in sorted(self._visited - self._refused):
            if self._lost[index] < _MAX_LOST_PER_GPU and self._reach(index):
                self._ask(_IDENTITY_CALLS[0], index)
        self._ask(_COUNT)

    def end(self) -> None:
        """End the child, if one lives."""
        if self._session:
            self._session.close()
        self._session = None
        self._handles.clear()

    def _visit(self, index: int) -> None:
        """All calls about one GPU, for as long as it does not cost too many children."""
        self._visited.add(index)
        for name in _DEVICE_CALLS:
            if self._lost[index] >= _MAX_LOST_PER_GPU:
                self._leave_out(name, index, f"{self._lost[index]} calls to this GPU hung or crashed before")
            elif self._reach(index):
                self._ask(name, index)
            elif index in self._refused:
                return
            else:
                self._leave_out(name, index, "a new process could not tell whether this is the same GPU")

    def _reach(self, index: int) -> bool:
        """Whether this child has a handle for the GPU. A new child must find the same GPU under the index."""
        if index in self._refused:
            return False
        if not self._ready() or index in self._handles:
            return True
        call = self._ask(_HANDLE, index)
        if not call.answered:
            self._refused.add(index)
            return False
        self._handles.add(index)
        again = [name for name in _IDENTITY_CALLS if (name, index) in self._known]
        return all(self._ask(name, index).outcome is Outcome.RETURNED for name in again)

    def _ready(self) -> bool:
        """Whether a child lives in which NVML is initialised; starts one if it can."""
        if time.monotonic() > self._until:
            self._given_up = self._given_up or "the driver answered so slowly that the sweep was ended"
        while not self._session and not self._given_up:
            self._children += 1
            self._session = Worker(self._children, self._library)
            self._opened(self._make("nvmlInit", None))
        return not self._given_up

    def _opened(self, init: Call) -> None:
        """Take note of how a child's initialisation went. After a crash a second and a third may be tried; after a hang
        none; where there is no library, wherever else one lies."""
        if init.answered and self._session:
            self.library, self.stub = self._session.library, self._session.stub
        elif init.code == nvml_codes.LIBRARY_NOT_FOUND and (other := next(self._others, None)):
            self.end()
            self._library = str(other)
        elif init.outcome is not Outcome.CRASHED or self._crashed_inits() >= _MAX_CRASHED_INITS:
            self._given_up = self._given_up or str(init)

    def _crashed_inits(self) -> int:
        return sum(each.call == "nvmlInit" and each.outcome is Outcome.CRASHED for each in self.calls)

    def _ask(self, name: str, device: int | None = None) -> Call:
        if not self._ready():
            return self._leave_out(name, device, self._given_up)
        return self._make(name, device)

    def _make(self, name: str, device: int | None) -> Call:
        assert self._session  # noqa: S101 - _ready said so
        call = self._session.ask(name, device, self._call_seconds * _PATIENCE.get(name, 1))
        self.calls.append(call)
        if _lost(call):
            self.end()
            self._lost[device] += 1
            if self._lost.total() >= _MAX_LOST:
                self._given_up = f"{_MAX_LOST} calls hung or crashed before"
        elif device is not None and call.answered:
            self._known.add((name, device))
        return call

    def _leave_out(self, name: str, device: int | None, why: str) -> Call:
        call = Call(name, device, 0, Outcome.NOT_MADE, detail=why)
        self.calls.append(call)
        return call


def _lost(call: Call) -> bool:
    return call.outcome in {Outcome.HUNG, Outcome.CRASHED}


def _to_visit(counted: Call) -> tuple[int, bool]:
    """How many indexes to visit, and whether to stop where handles end because the count is no plausible one."""
    count = counted.value if counted.answered else 0
    if not isinstance(count, int) or count < 0:
        return 0, False
    return min(count, MAX_GPUS), count > MAX_GPUS
