"""Replaces files in a folder atomically: all of them, or none.

New contents are first written to `.blueprint-new/` inside the folder. Neither the parent folder nor the mount point
matters then, and a full disk is detected before anything is changed. Then each old file is moved there and each new one
is moved out, the lock last: from that moment on, the new bundle is valid. If anything interrupts this, the moves are
reversed. After `kill -9`, the next writer reverses them, and until then readers can tell that the bundle is incomplete.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import orjson

STAGE = ".blueprint-new"
_NEW, _OLD, _ADDED = "new", "old", "added.json"


def replace_files(
    folder: Path, files: Mapping[str, bytes], removed: Iterable[str], added: Iterable[str], last: str
) -> None:
    """Move `files` into place and delete the removed ones. `last`, which is one of `files`, is moved last.

    `added` are those of `files` that the folder does not contain. Raises OSError, and then leaves the folder unchanged.
    """
    stage = folder / STAGE
    fresh, gone = {*added}, {*removed}
    stage.mkdir()
    try:
        for name, data in files.items():
            _write(stage / _NEW / name, data)
        _write(stage / _ADDED, orjson.dumps(sorted(fresh)))
        try:
            for name in sorted({*files, *gone} - {last}):
                if name not in fresh:
                    _move(folder / name, stage / _OLD / name)
                if name in files:
                    _move(stage / _NEW / name, folder / name)
            _move(stage / _NEW / last, folder / last)
        except BaseException:
            undo(folder, last)
            raise
    finally:
        _clear(stage)
    _remove_empty_folders(folder, gone)


def is_half_written(folder: Path, last: str) -> bool:
    """Whether a writer was interrupted, or is still running."""
    return (folder / STAGE / _ADDED).is_file() and (folder / STAGE / _NEW / last).is_file()


def undo(folder: Path, last: str) -> None:
    """Undo the changes of an interrupted writer and remove its temporary files, if there are any."""
    stage = folder / STAGE
    if is_half_written(folder, last):
        added = _added(stage)
        old = stage / _OLD
        for file in [*old.rglob("*")]:
            if file.is_file():
                _move(file, folder / file.relative_to(old))
        for name in added:
            if not (stage / _NEW / name).exists():
                (folder / name).unlink(missing_ok=True)
        _remove_empty_folders(folder, added)
    _clear(stage)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on the folder. Other writers wait; the lock of a killed process does not block them."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _added(stage: Path) -> list[str]:
    try:
        return [str(name) for name in orjson.loads((stage / _ADDED).read_bytes())]
    except ValueError:
        return []  # It was still being written: nothing had been moved yet.


def _clear(stage: Path) -> None:
    """Remove the temporary files; retry once if interrupted, for example by Ctrl-C."""
    try:
        shutil.rmtree(stage)
    except FileNotFoundError:
        return
    except BaseException as error:
        shutil.rmtree(stage, ignore_errors=True)
        if not isinstance(error, OSError):
            raise


def _write(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def _move(file: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    file.replace(to)


def _remove_empty_folders(folder: Path, names: Iterable[str]) -> None:
    """Remove the folders of deleted files, if they are empty."""
    for name in names:
        for parent in (folder / name).parents:
            if parent == folder:
                break
            try:
                parent.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                break
