"""One lab for several users who request it concurrently or in succession."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.access import Lab
from blueprint.lab.folder import FolderInUse, Phase, read_record
from blueprint.lab.launch import GRACE, launch, let_go, take_down
from blueprint.lab.launch_spec import LaunchSpec
from blueprint.lab.processes import Identity


def bring_up(order: LaunchSpec, accept: Phase) -> Lab:
    """The lab in the order's folder: the existing one if its phase is `accept`, otherwise a new one.

    A lab that others are just starting is awaited; one that has failed or died is replaced. The lab's `supervisor` is
    set if the lab is new and ours: the caller must then hand it over, or it ends with this process. Raises Refused (2).
    """
    folder = Path(order.folder)
    started = _there_or_launched(order, folder, accept)
    if started and order.owner != str(Identity.mine()):
        let_go(started)
        started = None
    lab = Lab(folder, started)
    if (order.controllers and not lab.record.controllers) or (order.live and not lab.record.live):
        message = f"the lab {order.name} is up without controllers"
        help_ = f"run `blueprint lab down --name {order.name}`, then `lab up` again"
        raise Refused(Diagnostic(codes.START_FAILED, message, help=help_), exit_code=2)
    return lab


def running_lab(folder: Path, name: str) -> Lab:
    """The lab with that name, with simulated pods. Raises Refused (2) if it is not running, or does not simulate
    pods.
    """
    record = read_record(folder)
    up = record is not None and record.phase is Phase.DETACHED
    if up and record and record.live:
        return Lab(folder)
    how = "is up, but runs no pods" if up else "is not up"
    down = f"blueprint lab down --name {name}, then " if up else ""
    help_ = f"{down}blueprint lab up --controllers --name {name}"
    raise Refused(Diagnostic(codes.START_FAILED, f"the lab {name} {how}", help=help_), exit_code=2)


def _there_or_launched(order: LaunchSpec, folder: Path, accept: Phase) -> subprocess.Popen[bytes] | None:
    deadline = time.monotonic() + order.seconds + GRACE
    while time.monotonic() < deadline:
        record = read_record(folder)
        phase = record.phase if record else Phase.DEAD
        if phase is accept:
            return None
        if phase is Phase.FAILED:
            take_down(folder)
        if phase in {Phase.FAILED, Phase.DEAD}:
            with suppress(FolderInUse):
                return launch(order)
        time.sleep(0.1)
    message = f"another process has been starting the lab {order.name} for too long"
    help_ = f"blueprint lab down --name {order.name}"
    raise Refused(Diagnostic(codes.START_FAILED, message, help=help_), exit_code=2)
