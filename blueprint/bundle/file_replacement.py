"""Replace files of a folder together: all of them, or as if nothing had been tried.

New contents are first written below `.blueprint-new/` in the folder itself, so that neither its parent nor its mount
matters, and a full disk is noticed before anything is touched. Then each old file is moved there and each new one out,
the lock last: from that moment the new bundle holds. Whatever stops that in between, moving back undoes it; after
`kill -9` the next writer does, and until then readers see that the bundle is half-written.
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
    """Put `files` in place and take the removed ones away; `last`, which is one of `files`, is moved last.

    `added` are those of `files` that the folder does not have. Raises OSError; then the folder is as it was.
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
    """Whether a writer was stopped in the midst of it, or is still at it."""
    return (folder / STAGE / _ADDED).is_file() and (folder / STAGE / _NEW / last).is_file()


def undo(folder: Path, last: str) -> None:
    """Undo what a writer that was stopped did, and remove what it left; nothing where there is nothing."""
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
    """Nobody else replaces files of this folder meanwhile; who comes later waits. A killed process holds up nobody."""
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
        return []  # it was being written: nothing had been moved yet


def _clear(stage: Path) -> None:
    """Remove what was being written; a second time where something came between, as Ctrl-C does."""
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
    """The folders of files that are gone, as far as nothing else is in them."""
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
