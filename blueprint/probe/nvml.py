"""The child process: makes NVML calls one by one, as requested by the parent, and returns the results.

The only module that imports pynvml, and only when it runs. It exchanges one JSON object per line over two dedicated
pipes, which a library that prints cannot disturb. A call that hangs or crashes takes this process with it; the parent
handles this.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

SONAME = "libnvidia-ml.so.1"
STUB_MARK = "blueprint_nvml_stub"
"""A symbol that our stub library exports, so that its results are never mistaken for hardware."""

_EMPTY_SLOT = (2, 6)
"""INVALID_ARGUMENT and NOT_FOUND: drivers return either of them for an index without a device (go-nvlib,
VisitMigDevices).
"""
_LIBRARY_NOT_FOUND = 12
_MAX_MIG_DEVICES = 64
_PR_SET_PDEATHSIG = 1
_MAX_RAW_BYTES = 256


def serve(read_end: int, write_end: int, library: str | None) -> None:
    """Report readiness, then respond to requests until the pipe closes.

    A request is `{"call": NAME, "device": INDEX or null, "fields": [NAME, ...]}`, with the required fields of a
    structure. The response is `{"code": N, "value": V}`, or `{"undecodable": HEX}`, or `{"failed": TEXT}`, each with
    the duration of the call `ms`. The response to `nvmlInit` also contains the library.
    `nvmlDeviceGetMigDeviceHandleByIndex` is called for every possible index, and returns the name of each MIG device by
    index.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # the only system with NVML on which a process can request to end with its parent
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    session = _Session(library)
    with os.fdopen(read_end, encoding="utf-8") as requests, os.fdopen(write_end, "w", encoding="utf-8") as results:
        _send(results, {"ready": True})
        for line in requests:
            request = json.loads(line)
            began = time.perf_counter()
            answer = session.answer(request["call"], request["device"], request["fields"])
            _send(results, answer | {"ms": round((time.perf_counter() - began) * 1000, 3)})


def _send(results: TextIO, answer: dict[str, Any]) -> None:
    results.write(json.dumps(answer) + "\n")
    results.flush()


class _Session:
    """A session of the bindings: the loaded library and its handles."""

    def __init__(self, library: str | None) -> None:
        self._library = library
        self._handles: dict[int, Any] = {}
        self._bindings = _bindings()

    def answer(self, call: str, device: int | None, fields: Sequence[str]) -> dict[str, Any]:
        """Make the requested call. Exceptions become results."""
        if self._bindings is None:
            return {"failed": "the NVML bindings (nvidia-ml-py) are not installed"}
        try:
            return self._made(self._bindings, call, device, fields)
        except self._bindings.NVMLError as error:
            return {"code": error.value}
        except UnicodeDecodeError as error:
            return {"undecodable": error.object[:_MAX_RAW_BYTES].hex()}
        except Exception as error:  # noqa: BLE001 - sent to the parent, which records it as a failed call
            return {"failed": f"{type(error).__name__}: {error}"}

    def _made(self, pynvml: Any, call: str, device: int | None, fields: Sequence[str]) -> dict[str, Any]:
        if call == "nvmlInit":
            return self._initialised(pynvml)
        if call == "nvmlDeviceGetHandleByIndex":
            self._handles[int(device or 0)] = pynvml.nvmlDeviceGetHandleByIndex(device)
            return {"code": 0}
        if call == "nvmlDeviceGetMigDeviceHandleByIndex":
            return {"code": 0, "value": self._mig_devices(pynvml, self._handles[int(device or 0)])}
        if call == "nvmlDeviceGetGpuFabricInfoV":
            return {"code": 0, "value": _fabric(pynvml, self._handles[int(device or 0)])}
        function = getattr(pynvml, call)
        value = function() if device is None else function(self._handles[device])
        return {"code": 0, "value": _plain(value, fields)}

    def _mig_devices(self, pynvml: Any, handle: Any) -> dict[str, str]:
        """The names of the GPU's MIG devices by index. Indices have a maximum and may be unused."""
        found: dict[str, str] = {}
        for index in range(min(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle), _MAX_MIG_DEVICES)):
            try:
                instance = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
            except pynvml.NVMLError as error:
                if error.value not in _EMPTY_SLOT:
                    raise
                continue
            found[str(index)] = _plain(pynvml.nvmlDeviceGetName(instance), ())
        return found

    def _initialised(self, pynvml: Any) -> dict[str, Any]:
        if self._library:
            try:
                pynvml.nvmlLib = ctypes.CDLL(self._library)
            except OSError:
                return {"code": _LIBRARY_NOT_FOUND}
        pynvml.nvmlInit()
        stub = hasattr(pynvml.nvmlLib, STUB_MARK)
        return {"code": 0, "library": _loaded_from(self._library), "stub": stub}


def _fabric(pynvml: Any, handle: Any) -> dict[str, int | str]:
    """The NVLink fabric as reported by the GPU: numeric `state` and `status`, cluster UUID in hexadecimal, clique."""
    info = pynvml.c_nvmlGpuFabricInfo_v2_t()
    pynvml.nvmlDeviceGetGpuFabricInfoV(handle, ctypes.byref(info))
    cluster = bytes(info.clusterUuid).hex()
    return {"state": info.state, "status": info.status, "cluster": cluster, "clique": info.cliqueId}


def _bindings() -> Any:
    """The module, or None if it is not installed."""
    try:
        import pynvml
    except ImportError:
        return None
    return pynvml


def _plain(value: Any, fields: Sequence[str]) -> Any:
    """The result in JSON form: the fields of a structure by name, bytes as text."""
    if isinstance(value, bytes):
        return value.decode()
    if fields:
        return {field: _plain(getattr(value, field), ()) for field in fields}
    return value


def _loaded_from(requested: str | None) -> str:
    """The actual file of the library, according to the kernel's memory map."""
    name = Path(requested).resolve().name if requested else "libnvidia-ml.so"
    for line in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines():
        path = line.partition("/")
        if path[1] and name in path[2].rsplit("/", 1)[-1]:
            return "/" + path[2]
    return requested or SONAME
