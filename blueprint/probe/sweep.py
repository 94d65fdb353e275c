"""Makes all NVML calls that checks declare: node first, then GPU by GPU, across worker processes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from blueprint.probe import libraries, nvml_codes, parse
from blueprint.probe.checks import declared
from blueprint.probe.nvml_calls import COUNT, HANDLE, IDENTITY, INIT, NAME, SERIAL, DeviceCall, SystemCall
from blueprint.probe.parse import MAX_GPUS
from blueprint.probe.reading import Call, CallOutcome
from blueprint.probe.worker import Worker

NvmlCall: TypeAlias = SystemCall[Any] | DeviceCall[Any]

_RECORDED_ONLY: tuple[NvmlCall, ...] = (
    SystemCall("nvmlSystemGetNVMLVersion", parse.word),
    SystemCall("nvmlSystemGetCudaDriverVersion", parse.positive),
    DeviceCall("nvmlDeviceGetBoardPartNumber", parse.text),
    DeviceCall("nvmlDeviceGetVbiosVersion", parse.word),
    SERIAL,
    NAME,
)
"""Calls that are recorded for the inventory, whether or not a check needs them. The part number is needed to order a
replacement, and the versions of VBIOS, CUDA and NVML to compare nodes; later checks can evaluate them in today's
readings.
"""
_ORDER = (
    "nvmlSystemGetDriverVersion",
    "nvmlSystemGetNVMLVersion",
    "nvmlSystemGetCudaDriverVersion",
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetPciInfo",
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
"""These calls come first, so that readings of different versions can be compared line by line."""
_MAX_CRASHED_INITS = 3
_MAX_LOST_PER_GPU = 2
_MAX_LOST = 10
_MAX_SWEEP = 36
"""The whole sweep may take as long as this number of calls with the maximum duration: three minutes by default."""
_PATIENCE = {INIT.name: 12, HANDLE.name: 4}
"""The factors by which these calls may take longer: without persistence mode, the first call wakes the driver, which
takes seconds per GPU, and killing it meanwhile does harm.
"""


class Sweep:
    """The sweep over all calls; `calls` contains every call that was made or given up."""

    def __init__(self, library: Path | None, call_seconds: float, root: Path) -> None:
        self.calls: list[Call] = []
        self.library, self.stub = "", False
        self._library = str(library.absolute()) if library else None
        self._others: Iterator[Path] = iter(()) if library else libraries.find(root)
        declared_calls = (*declared(SystemCall), *declared(DeviceCall), *_RECORDED_ONLY, *IDENTITY)
        self._system_calls = _in_order(each for each in declared_calls if isinstance(each, SystemCall))
        self._device_calls = _in_order(each for each in declared_calls if isinstance(each, DeviceCall))
        self._call_seconds = call_seconds
        self._worker: Worker | None = None
        self._workers = 0
        self._handles: set[int] = set()
        self._known: set[tuple[str, int]] = set()
        self._visited: set[int] = set()
        self._refused: set[int] = set()
        self._lost: Counter[int | None] = Counter()
        self._given_up = ""
        self._until = time.monotonic() + _MAX_SWEEP * call_seconds

    def run(self) -> None:
        """Make all calls, node first, then GPU by GPU; at the end repeat those whose results must not have changed."""
        for call in self._system_calls:
            self._call(call)
        visits, stop_early = _to_visit(self._call(COUNT))
        for index in range(visits):
            if stop_early and {index - 1, index - 2} <= self._refused:
                break
            self._visit(index)
        for index in sorted(self._visited - self._refused):
            if self._lost[index] < _MAX_LOST_PER_GPU and self._reach(index):
                self._call(IDENTITY[0], index)
        self._call(COUNT)

    def close(self) -> None:
        """Stop the worker, if there is one."""
        if self._worker:
            self._worker.close()
        self._worker = None
        self._handles.clear()

    def _visit(self, index: int) -> None:
        """All calls about one GPU, until it has cost too many workers."""
        self._visited.add(index)
        for call in self._device_calls:
            if self._lost[index] >= _MAX_LOST_PER_GPU:
                self._leave_out(call, index, f"{self._lost[index]} calls to this GPU hung or crashed before")
            elif self._reach(index):
                self._call(call, index)
            elif index in self._refused:
                return
            else:
                self._leave_out(call, index, "a new process could not determine whether this is the same GPU")

    def _reach(self, index: int) -> bool:
        """Whether this worker has a handle for the GPU. A new worker must find the same GPU under the index."""
        if index in self._refused:
            return False
        if not self._ready() or index in self._handles:
            return True
        call = self._call(HANDLE, index)
        if not call.answered:
            self._refused.add(index)
            return False
        self._handles.add(index)
        again = [each for each in IDENTITY if (each.name, index) in self._known]
        return all(self._call(each, index).outcome is CallOutcome.RETURNED for each in again)

    def _ready(self) -> bool:
        """Whether there is a worker with an initialised NVML; starts one if possible."""
        if time.monotonic() > self._until:
            self._given_up = self._given_up or "the driver responded so slowly that the sweep was stopped"
        while not self._worker and not self._given_up:
            self._workers += 1
            self._worker = Worker(self._workers, self._library)
            self._note_init(self._make(INIT, None))
        return not self._given_up

    def _note_init(self, init: Call) -> None:
        """Record the result of a worker's initialisation.

        After a crash, a second and a third attempt are made, after a hang none; without a library, other known
        locations are tried.
        """
        if init.answered and self._worker:
            self.library, self.stub = self._worker.library, self._worker.stub
        elif init.code == nvml_codes.LIBRARY_NOT_FOUND and (other := next(self._others, None)):
            self.close()
            self._library = str(other)
        elif init.outcome is not CallOutcome.CRASHED or self._crashed_inits() >= _MAX_CRASHED_INITS:
            self._given_up = self._given_up or str(init)

    def _crashed_inits(self) -> int:
        return sum(each.call == INIT.name and each.outcome is CallOutcome.CRASHED for each in self.calls)

    def _call(self, planned: NvmlCall, device: int | None = None) -> Call:
        if not self._ready():
            return self._leave_out(planned, device, self._given_up)
        return self._make(planned, device)

    def _make(self, planned: NvmlCall, device: int | None) -> Call:
        assert self._worker  # noqa: S101 - _ready made sure of it
        fields = planned.fields if isinstance(planned, DeviceCall) else ()
        seconds = self._call_seconds * _PATIENCE.get(planned.name, 1)
        call = self._worker.call(planned.name, device, fields, seconds)
        self.calls.append(call)
        if _lost(call):
            self.close()
            self._lost[device] += 1
            if self._lost.total() >= _MAX_LOST:
                self._given_up = f"{_MAX_LOST} calls hung or crashed before"
        elif device is not None and call.answered:
            self._known.add((planned.name, device))
        return call

    def _leave_out(self, planned: NvmlCall, device: int | None, why: str) -> Call:
        call = Call(planned.name, device, 0, CallOutcome.NOT_MADE, detail=why)
        self.calls.append(call)
        return call


Kind = TypeVar("Kind", SystemCall[Any], DeviceCall[Any])


def _in_order(calls: Iterable[Kind]) -> list[Kind]:
    """All calls without duplicates: first those in `_ORDER`, then by name."""
    by_name = {each.name: each for each in calls}
    known = {name: at for at, name in enumerate(_ORDER)}
    return sorted(by_name.values(), key=lambda call: (known.get(call.name, len(known)), call.name))


def _lost(call: Call) -> bool:
    return call.outcome in {CallOutcome.HUNG, CallOutcome.CRASHED}


def _to_visit(counted: Call) -> tuple[int, bool]:
    """The number of indices to visit, and whether to stop at the first missing handle because the count is
    implausible.
    """
    count = counted.value if counted.answered else 0
    if not isinstance(count, int) or count < 0:
        return 0, False
    return min(count, MAX_GPUS), count > MAX_GPUS
