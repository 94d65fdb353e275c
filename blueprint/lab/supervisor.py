"""The process that owns a lab: starts it, watches it, and finally removes all traces of it.

It runs in its own session, so that Ctrl-C reaches only the process that started it. It ends on SIGTERM, or when its
owner ends; SIGUSR1 is the handover, after which the lab has no owner and keeps running. The kernel kills its children
when it ends. It has one thread, and reads signals at defined points instead of handling them asynchronously.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Refused
from blueprint.lab import components
from blueprint.lab.credentials import make_secrets
from blueprint.lab.folder import FolderInUse, LabRecord, Phase, claimed, write_record
from blueprint.lab.launch_spec import LaunchSpec
from blueprint.lab.processes import Identity, start_bound
from blueprint.lab.readiness import controllers_ready, server_ready

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGUSR1}
LAST_WORDS = 5


class Ended(Exception):  # noqa: N818 - an outcome
    """The owner has ended, or a stop was requested."""


class Failed(Exception):  # noqa: N818 - an outcome
    """A process ended unexpectedly, or was not ready in time."""


@dataclass(slots=True)
class Supervisor:
    """The lifetime of one lab, from creating its folder to removing it."""

    order: LaunchSpec
    record: LabRecord
    owner: Identity | None
    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    reserved: socket.socket = field(default_factory=socket.socket)
    """Bound but never listening: reserves the API server's port without accepting connections."""

    @property
    def folder(self) -> Path:
        """The lab's folder."""
        return Path(self.order.folder)

    def run(self) -> None:
        """Hold the folder, and run the lab in it."""
        with claimed(self.folder):
            try:
                self.set(Phase.STARTING)
                self.start()
                self.set(Phase.OWNED)
                send_event(ready=True)
                self.watch()
            finally:
                self.kill()

    def start(self) -> None:
        """Start everything: secrets, etcd, API server, and what else was ordered. Raises Failed, Ended."""
        deadline = time.monotonic() + self.order.seconds
        self.reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.reserved.bind(("127.0.0.1", 0))
        port = self.reserved.getsockname()[1]
        make_secrets(self.folder, self.order.name, f"https://127.0.0.1:{port}", self.order.stood_in)
        self.record = replace(self.record, server=f"https://127.0.0.1:{port}")
        self.spawn("etcd", components.etcd())
        self.spawn("kube-apiserver", components.kube_apiserver(port, controllers=self.order.controllers))
        self.until(lambda: server_ready(self.folder, port), "the API server was not ready", deadline)
        if self.order.controllers:
            for name, arguments in components.controllers(every=self.order.every).items():
                self.spawn(name, arguments)
            more = components.live(every=self.order.every) if self.order.live else {}
            for name, arguments in more.items():
                self.spawn(name, arguments)
            self.until(lambda: controllers_ready(self.folder, port), "no controller worked", deadline)

    def spawn(self, name: str, arguments: list[str]) -> None:
        """Start one process of the control plane."""
        log = self.folder / f"{name}.log"
        try:
            self.children[name] = start_bound(
                [self.order.binaries[name], *arguments], folder=self.folder, log=log, environment=components.GARBAGE
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(f"{name} cannot be started: {error}") from error

    def until(self, ready: Callable[[], bool], otherwise: str, deadline: float) -> None:
        """Wait until `ready`. Raises Failed, Ended."""
        while not ready():
            self.look(0.03)
            if time.monotonic() > deadline:
                words = self.last_words("kube-apiserver")
                raise Failed(f"{otherwise} within {self.order.seconds:g} s\n{words}")

    def watch(self) -> None:
        """Run until the end. A failed lab stays, because its record and its logs explain the failure."""
        while True:
            try:
                self.look(0.2)
            except Failed as failed:
                self.kill()
                self.record = replace(self.record, message=str(failed))
                self.set(Phase.FAILED)

    def look(self, seconds: float) -> None:
        """Wait briefly, or for a signal; then check that all processes are running. Raises Failed, Ended."""
        got = signal.sigtimedwait(SIGNALS, seconds if self.owner else 60)
        if got and got.si_signo in {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}:
            raise Ended
        if got and got.si_signo == signal.SIGUSR1:
            self.detach()
        if self.owner and not self.owner.alive():
            raise Ended
        for name, child in self.children.items():
            if child.poll() is not None:
                raise Failed(f"{name} ended ({_how(child.returncode)})\n{self.last_words(name)}")

    def detach(self) -> None:
        """Carry out the handover: from now on the lab has no owner. A failed lab is not handed over."""
        if self.record.phase is not Phase.OWNED:
            send_event(failed=self.record.message)
            raise Ended
        self.owner = None
        self.set(Phase.DETACHED)
        send_event(detached=True)
        log = os.open(self.folder / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir("/")  # detach from the folder in which it was started

    def set(self, phase: Phase) -> None:
        """Record the state of the lab."""
        self.record = replace(self.record, phase=phase)
        write_record(self.folder, self.record)

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        try:
            lines = (self.folder / f"{name}.log").read_text("utf-8", "replace").split("\n")
        except OSError as error:
            return f"its log cannot be read: {error}"
        return "\n".join([line for line in lines if line.strip()][-LAST_WORDS:])

    def kill(self) -> None:
        """Kill all children immediately: none of them needs a graceful stop."""
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
        self.children.clear()


def send_event(**event: Any) -> None:
    """Write one line of JSON to the process that started us, if it is still listening."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(event).encode() + b"\n")


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def main() -> None:
    """The entry point of `python -m blueprint.lab.supervisor ORDER`."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    os.umask(0o077)
    order = LaunchSpec.parse(sys.argv[1])
    record = LabRecord(
        order.name, Phase.STARTING, str(Identity.mine()), "", order.controllers, order.live, order.binaries
    )
    try:
        Supervisor(order, record, Identity.parse(order.owner)).run()
    except Ended:
        return
    except FolderInUse:
        send_event(taken=True)
    except (Refused, OSError) as refused:
        send_event(unusable=str(refused))
    except Failed as failed:
        send_event(failed=str(failed))


if __name__ == "__main__":
    main()
