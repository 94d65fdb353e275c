"""A lab's state folder: its contents, its owner, and whether its lab is running.

The supervisor holds the lock on the folder itself; the kernel releases the lock however that process ends. No process
id is therefore needed to determine whether a lab is running, and two labs cannot share a folder.
"""

from __future__ import annotations

import enum
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.lab import codes
from blueprint.lab.pins import xdg
from blueprint.lab.processes import Identity
from blueprint.patterns import lazy_pattern

_NAME = lazy_pattern(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


class Phase(enum.StrEnum):
    """The state of a lab."""

    STARTING = "starting"
    OWNED = "owned"  # ready, and ends with its owner
    DETACHED = "detached"  # ready, and runs until `lab down`
    FAILED = "failed"
    DEAD = "dead"  # no process holds the folder any longer


@dataclass(frozen=True, slots=True)
class LabRecord:
    """The lab's own record, in `lab.json`."""

    name: str
    phase: Phase
    supervisor: str
    server: str = ""
    controllers: bool = False
    live: bool = False
    binaries: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


class FolderInUse(Exception):  # noqa: N818 - an outcome
    """The folder belongs to a running lab."""


def default_root() -> Path:
    """The folder of the labs of `lab up`. Raises Refused (2) if there is no home directory."""
    return xdg("XDG_STATE_HOME", ".local/state") / "labs"


def lab_folder(root: Path, name: str) -> Path:
    """The folder of one lab. Raises Refused (2) for an invalid name."""
    if _NAME.fullmatch(name):
        return root.absolute() / name
    message = f"{name!r} is not a valid name for a lab"
    help_ = "use at most 40 lower-case letters, digits and hyphens"
    raise Refused(Diagnostic(codes.BAD_NAME, message, help=help_), exit_code=2)


def labs_under(root: Path) -> list[Path]:
    """The folders of all labs that were started under `root`, by name."""
    return sorted(path.parent for path in root.glob("*/lab.json"))


def write_record(folder: Path, record: LabRecord) -> None:
    """Replace the record atomically."""
    temporary = folder / "lab.json.new"
    temporary.write_text(json.dumps(asdict(record), indent=2) + "\n", "utf-8")
    temporary.replace(folder / "lab.json")


def read_record(folder: Path) -> LabRecord | None:
    """The record, with phase DEAD if its supervisor has ended; None if there is no readable record."""
    try:
        data: dict[str, Any] = json.loads((folder / "lab.json").read_text("utf-8"))
        record = LabRecord(**(data | {"phase": Phase(data["phase"])}))
        Identity.parse(record.supervisor)
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return record if is_held(folder) else replace(record, phase=Phase.DEAD)


def is_held(folder: Path) -> bool:
    """Whether a supervisor is running in this folder."""
    try:
        with _locked(folder, fcntl.LOCK_SH):
            return False
    except FolderInUse:
        return True
    except FileNotFoundError:
        return False


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Create the folder, hold it, and finally remove it with all parents that had to be created for it.

    Remains of a dead lab are removed first. Raises Taken, OSError, or Refused (2) if the folder contains something that
    does not belong to a lab.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder, fcntl.LOCK_EX):
        _require_ours(folder)
        _empty(folder)
        try:
            yield
        finally:
            _empty(folder)
            folder.rmdir()
            with suppress(OSError):  # another process uses that parent by now
                for each in missing[1:]:
                    each.rmdir()


def remove_dead(folder: Path) -> None:
    """Remove a folder whose supervisor was killed. Raises Taken if it was not."""
    with suppress(FileNotFoundError), _locked(folder, fcntl.LOCK_EX):
        _require_ours(folder)
        _empty(folder)
        folder.rmdir()


def _require_ours(folder: Path) -> None:
    if not any(folder.iterdir()) or (folder / "lab.json").is_file():
        return
    message = f"{folder} is not empty, and is not the folder of a lab"
    help_ = "specify another --state or --name"
    raise Refused(Diagnostic(codes.BAD_FOLDER, message, help=help_), exit_code=2)


def _empty(folder: Path) -> None:
    """Remove the contents; the marker of a lab folder goes last, so that an interrupted removal can be repeated."""
    for entry in sorted(folder.iterdir(), key=lambda each: each.name == "lab.json"):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


@contextmanager
def _locked(folder: Path, mode: int) -> Iterator[None]:
    """Hold the lock on a folder. Raises Taken, or FileNotFoundError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(descriptor, mode, folder)
        if not os.path.samestat(folder.stat(), os.fstat(descriptor)):
            raise FolderInUse(folder)  # removed in the meantime, and recreated by another process
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, mode: int, folder: Path) -> None:
    """Acquire the lock, retrying briefly: processes that only read hold it for less than that."""
    for patience in (0.01, 0.05, 0.2, 0):
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if not patience:
                raise FolderInUse(folder) from error
            time.sleep(patience)
        else:
            return
