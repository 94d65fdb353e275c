"""Write one file whole or not at all, and never put a file in the place of something that is none.

The content goes into a new file beside the target and is moved over it, so a reader sees the old content or the new
one. Such a new file is locked while its process lives; what a killed process left behind is removed by the next one
that writes the same target. A symbolic link is followed. A device, a pipe, a socket or a folder is refused.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

SUFFIX = ".blueprint-new"
"""Ends the name of every file that is still being written."""

STDOUT = "-"
_STREAMS = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_OPEN_FILES = ("/dev/fd/", "/dev/stderr", "/proc/")
_KINDS = (
    (stat.S_ISDIR, "it is a folder"),
    (stat.S_ISFIFO, "it is a pipe"),
    (stat.S_ISSOCK, "it is a socket"),
    (stat.S_ISBLK, "it is a device"),
    (stat.S_ISCHR, "it is a device"),
)
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


def is_stdout(target: str | Path) -> bool:
    """Whether a target means the process's own stdout: `-`, or one of its names below /dev and /proc."""
    return str(target) in (STDOUT, *_STREAMS)


def write_stdout(content: bytes) -> None:
    """Write a product to stdout, after whatever was printed before."""
    sys.stdout.flush()
    if not hasattr(sys.stdout, "buffer"):  # a stand-in, as tests have
        sys.stdout.write(content.decode())
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def why_not_a_file(path: Path) -> str:
    """What stands at `path`, links followed, where a file cannot be put; empty where it is a file or nothing."""
    if str(path).startswith(_OPEN_FILES):
        return "it is an open file of a process"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    return next((words for is_such, words in _KINDS if is_such(mode)), "")


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Put `content` at `path`, in place of the file that may be there.

    Args:
        path: The file, or a link to it; stdout where it names that.
        content: All of it.
        mode: Its permissions; by default those of the file that was there, or what the umask gives a new one.

    Raises:
        OSError: it cannot be written; whatever was there is as before.
    """
    if is_stdout(path):
        write_stdout(content)
        return
    real = _regular(path)
    with _beside(real, content, mode) as temporary:
        temporary.replace(real)


def write_new(path: Path, content: bytes) -> None:
    """Put `content` at `path`, where nothing is yet.

    Raises:
        FileExistsError: something is there, a dangling link included.
        OSError: it cannot be written; no part of it is there.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with _beside(path.absolute(), content, None) as temporary:
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            temporary.rename(path)  # a file system without links: nothing was there a moment ago


def _regular(path: Path) -> Path:
    """The file that `path` leads to. Raises OSError where it leads to something else."""
    if words := why_not_a_file(path):
        raise OSError(errno.EINVAL, words, str(path))
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def _beside(target: Path, content: bytes, mode: int | None) -> Iterator[Path]:
    """A complete file beside `target`; it is gone afterwards, moved or removed."""
    _remove_left_behind(target)
    name = _new_name(target)
    try:  # before the file exists: an interruption may come at any moment
        while (handle := _locked(name)) is None:
            name = _new_name(target)  # not the same again: the process that removed that file may still be running
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fchmod(stream.fileno(), _mode(target) if mode is None else mode)
            yield Path(name)
    finally:
        try:  # noqa: SIM105 - a call of suppress() could be interrupted
            os.unlink(name)  # noqa: PTH108 - one call, before which no interruption can come
        except FileNotFoundError:
            pass


def _new_name(target: Path) -> str:
    return str(target.with_name(f".{target.name}.{os.urandom(8).hex()}{SUFFIX}"))


def _locked(name: str) -> int | None:
    """The handle of a new file, locked; None where somebody took it for left behind before it was."""
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks: then nobody takes it for left behind either
        fcntl.flock(handle, fcntl.LOCK_EX)
    if os.path.lexists(name):
        return handle
    os.close(handle)
    return None


def _mode(target: Path) -> int:
    with contextlib.suppress(FileNotFoundError):
        return stat.S_IMODE(target.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _remove_left_behind(target: Path) -> None:
    """Remove what killed processes left of writing `target`: files of that form that nobody holds locked."""
    start = f".{target.name}."
    with contextlib.suppress(OSError):
        for name in os.listdir(target.parent):  # noqa: PTH208 - names alone: there may be many
            if name.startswith(start) and name.endswith(SUFFIX):
                _remove_unlocked(target.parent / name)


def _remove_unlocked(file: Path) -> None:
    with contextlib.suppress(OSError):
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink()
        finally:
            os.close(handle)
