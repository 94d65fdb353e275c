"""Starts a lab's supervisor, waits for it, hands the lab over, and stops it."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import blueprint
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.folder import FolderInUse, Phase, read_record, remove_dead
from blueprint.lab.launch_spec import LaunchSpec
from blueprint.lab.processes import Identity

GRACE = 30.0
"""The time in seconds for a supervisor to terminate; it usually needs a fraction of a second."""


def launch(order: LaunchSpec) -> subprocess.Popen[bytes]:
    """Start a lab, and return its supervisor when the lab is ready.

    Until `hand_over`, the lab ends with `order.owner`. Raises Taken if another supervisor holds the folder, Refused (2)
    if the lab cannot be started; after an exception, nothing of the lab is left.
    """
    supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "blueprint.lab.supervisor", order.text()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": _python_path()},
        start_new_session=True,
    )
    try:
        _expect("ready", supervisor, order.seconds + GRACE)
    except BaseException:
        stop(supervisor)
        raise
    return supervisor


def hand_over(supervisor: subprocess.Popen[bytes]) -> None:
    """Keep the lab running after its owner ends. Raises Refused (2) if it has failed in the meantime."""
    supervisor.send_signal(signal.SIGUSR1)
    _expect("detached", supervisor, GRACE)
    let_go(supervisor)


def let_go(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop waiting for the supervisor as its parent: its lab no longer belongs to this process."""
    if supervisor.stdout:
        supervisor.stdout.close()
    supervisor.returncode = 0


def stop(supervisor: subprocess.Popen[bytes]) -> None:
    """Stop a lab that we launched; return when nothing of it is left."""
    supervisor.terminate()
    try:
        supervisor.wait(GRACE)
    except subprocess.TimeoutExpired:
        supervisor.kill()  # the kernel kills its children
        supervisor.wait()
    if supervisor.stdout:
        supervisor.stdout.close()


def take_down(folder: Path) -> bool:
    """Stop the lab in this folder, whichever process launched it, and remove the folder. Return False if there is none.

    Raises Refused (2) if the folder does not belong to a lab.
    """
    record = read_record(folder)
    if record is None:
        return False
    if record.phase is not Phase.DEAD:
        supervisor = Identity.parse(record.supervisor)
        supervisor.send(signal.SIGTERM)
        if not supervisor.wait(GRACE):
            supervisor.send(signal.SIGKILL)
            supervisor.wait(GRACE)
    with contextlib.suppress(FolderInUse):  # another process is already starting a new lab with that name
        remove_dead(folder)
    return True


def _expect(event: str, supervisor: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for an event. Raises Taken or Refused (2) for any other event."""
    output: list[str] = []
    for line in _lines(supervisor.stdout, seconds):
        what = _parse(line)
        if event in what:
            return
        if "taken" in what:
            raise FolderInUse
        if what:
            [(kind, text)] = what.items()
            raise _refused(kind, str(text))
        output.append(line)
    supervisor.kill()
    raise RuntimeError("the lab's supervisor failed: " + ("\n".join(output[-20:]) or "it printed nothing"))


def _refused(kind: str, text: str) -> Refused:
    headline, *log = text.splitlines() or [""]
    code = codes.BAD_FOLDER if kind == "unusable" else codes.START_FAILED
    message = f"the lab did not start: {headline}"
    return Refused(Diagnostic(code, message, evidence=codes.log_lines(log)), exit_code=2)


def _parse(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _lines(stream: IO[bytes] | None, seconds: float) -> Iterator[str]:
    """Lines as they arrive, until the end of the stream or the timeout."""
    if stream is None:
        return
    deadline = time.monotonic() + seconds
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while selector.select(max(0.0, deadline - time.monotonic())):
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            *lines, pending = (pending + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in lines)
    if pending:
        yield pending.decode("utf-8", "replace")


def _python_path() -> str:
    """The PYTHONPATH with which the supervisor finds this very package, wherever it was started."""
    here = str(Path(blueprint.__file__).parent.parent)
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
