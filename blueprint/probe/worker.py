"""The NVML worker process, as controlled by its parent: start it, make calls with a deadline, stop it in any state."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from blueprint.probe.nvml_calls import INIT
from blueprint.probe.reading import Call, CallOutcome

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from blueprint.probe.nvml import serve; "
    "serve(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] or None)"
)
_START_SECONDS = 20.0
_KILL_SECONDS = 1.0
_MAX_ANSWER = 1 << 16
_OTHER_OUTCOMES = {
    "hung": CallOutcome.HUNG,
    "crashed": CallOutcome.CRASHED,
    "undecodable": CallOutcome.UNDECODABLE,
    "failed": CallOutcome.FAILED,
}


class Worker:
    """A child process that makes NVML calls.

    It uses this interpreter and this process's import path, so it works from a checkout, a wheel and a zip application,
    and the library search path with which this process was started.
    """

    def __init__(self, number: int, library: str | None) -> None:
        self.number = number
        self.library, self.stub = "", False
        to_child, self._requests = os.pipe()
        self._results, from_child = os.pipe()
        path = json.dumps([entry or "." for entry in sys.path])
        self._child = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-I", "-c", _BOOT, path, str(to_child), str(from_child), library or ""],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(to_child, from_child),
            start_new_session=True,
        )
        os.close(to_child)
        os.close(from_child)
        self._buffer = b""
        self._ready = False

    def close(self) -> None:
        """Stop the child. One that cannot even be killed (stuck in the kernel) is abandoned, not awaited."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)  # including processes that the library started
        for end in (self._requests, self._results):
            os.close(end)
        try:
            self._child.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            # Popen would wait for it when garbage-collected; a process in uninterruptible sleep cannot be reaped yet.
            self._child.returncode = -signal.SIGKILL

    def call(self, name: str, device: int | None, fields: Sequence[str], seconds: float) -> Call:
        """Make one call, wait for up to `seconds`, and return how it ended. `hung` and `crashed` end the child."""
        began = time.perf_counter()
        try:
            if not self._ready:
                self._ready = bool(self._line(_START_SECONDS)["ready"])
                began = time.perf_counter()
            os.write(
                self._requests, json.dumps({"call": name, "device": device, "fields": list(fields)}).encode() + b"\n"
            )
            answer = self._line(seconds)
        except TimeoutError:
            answer = {"hung": True}
        except (OSError, EOFError, ValueError, LookupError):
            answer = {"crashed": self._death()}
        if name == INIT.name:
            self.library, self.stub = str(answer.get("library", "")), bool(answer.get("stub"))
        waited = round((time.perf_counter() - began) * 1000, 3)
        return _interpret(Call(name, device, self.number, ms=float(answer.get("ms", waited))), answer)

    def _line(self, seconds: float) -> dict[str, Any]:
        """The next line from the child. Raises TimeoutError, EOFError, or ValueError for an invalid line."""
        until = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._results, select.POLLIN)
        while b"\n" not in self._buffer:
            if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
                raise TimeoutError
            chunk = os.read(self._results, _MAX_ANSWER)
            if not chunk:
                raise EOFError
            self._buffer += chunk
            if len(self._buffer) > _MAX_ANSWER:
                raise ValueError("an answer that is too long")
        line, _, self._buffer = self._buffer.partition(b"\n")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise ValueError("not an answer")  # noqa: TRY004 - one kind of broken answer
        return answer

    def _death(self) -> str:
        """How the child ended, as far as known."""
        try:
            status = self._child.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            return "the process sent invalid data"
        if status >= 0:
            return f"the process exited with status {status}"
        return f"the process was killed by {signal.Signals(-status).name}"


def _interpret(call: Call, answer: dict[str, Any]) -> Call:
    for key, outcome in _OTHER_OUTCOMES.items():
        if key in answer:
            detail = "" if key == "hung" else "".join(c if c.isprintable() else "?" for c in str(answer[key]))
            return replace(call, outcome=outcome, detail=detail)
    if not isinstance(code := answer.get("code"), int):
        return replace(call, outcome=CallOutcome.FAILED, detail="an answer without a return code")
    return replace(call, code=code, value=answer.get("value"))
