"""Processes with an unambiguous identity, and children that cannot outlive their parent. Linux only."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)  # Loaded before any fork, so that a child does not have to.


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: its id, and its start time in clock ticks since boot, because an id alone may be reused."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that currently has this id; None if there is none, or only a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *fields = stat.rpartition(")")[2].split()  # the name before it may contain any characters
        return None if state in "ZX" else cls(pid, int(fields[18]))

    @classmethod
    def mine(cls) -> Identity:
        """This process."""
        me = cls.of(os.getpid())
        if me is None:
            raise LookupError(f"/proc/{os.getpid()}/stat cannot be read: is /proc mounted?")
        return me

    @classmethod
    def parse(cls, text: str) -> Identity:
        """The inverse of `str`. Raises ValueError."""
        pid, started = text.split(":")
        return cls(int(pid), int(started))

    def __str__(self) -> str:
        return f"{self.pid}:{self.started}"

    def alive(self) -> bool:
        """Whether it is still running."""
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; do nothing if it has ended. Checks the identity first, so that no other process is
        signalled.
        """
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        """Whether it ended within this time. Also works for processes that are not our children."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


def start_bound(
    command: Sequence[str], *, folder: Path, log: Path, environment: Mapping[str, str] = MappingProxyType({})
) -> subprocess.Popen[bytes]:
    """Start a child in `folder` that the kernel kills when this process ends, however it ends.

    Its output is appended to `log`. Its environment contains only PATH and what is given: etcd reads `ETCD_*`, Go
    programs read proxy variables, and neither should depend on who started the lab. Call it from the main thread,
    because the kernel watches the thread that forks.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the command is ours
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.defpath, **environment},
            preexec_fn=die_with_parent(os.getpid()),  # noqa: PLW1509 - the caller has one thread
        )


def die_with_parent(parent: int) -> DieWithParent:
    """A `preexec_fn` that binds the child to the process `parent`."""
    return DieWithParent(parent)


@dataclass(frozen=True, slots=True)
class DieWithParent:
    """Runs in the child between fork and exec."""

    parent: int

    def __call__(self) -> None:
        """Request the signal, and exit immediately if the parent ended before. Unblock the signals that it blocked."""
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
