"""Processes that cannot be mistaken for others, and children that cannot outlive their parent. Linux."""

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
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: a child must not have to


@dataclass(frozen=True, slots=True)
class Identity:
    """A process: its id, and when it was started, in clock ticks since boot. An id alone may be reused."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The process that has this id now; None if there is none, or only a zombie."""
        try:
            stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
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
        """Whether it still runs."""
        return Identity.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; nothing if it is gone. Looks first, so that nobody else's process is hit."""
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def wait(self, seconds: float) -> bool:
        """Whether it ended within this time. Works for processes that are not our children."""
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

    Its output goes to the end of `log`. It sees no environment but PATH and what is given: etcd reads `ETCD_*`, Go
    programs read proxies, and neither should follow from who started the lab. Call it from the main thread: the
    kernel watches the thread that forks.
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
    """For `preexec_fn`: bind the child to the process `parent`."""
    return DieWithParent(parent)


@dataclass(frozen=True, slots=True)
class DieWithParent:
    """Runs in the child between fork and exec."""

    parent: int

    def __call__(self) -> None:
        """Request the signal; end at once if the parent went before we could ask. Unblock what it blocked."""
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != self.parent:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
