"""Writes files atomically, and never replaces anything other than a regular file.

The content goes into a new file next to the target, which is then moved over it, so readers see either the old or the
new content. The new file is locked while its process lives; files left by a killed process are removed by the next one
that writes the same target. Symbolic links are followed. Devices, pipes, sockets and folders are rejected.
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
"""The suffix of files that are still being written."""

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
    """Whether a target is the process's own stdout: `-`, or one of its names below /dev and /proc."""
    return str(target) in (STDOUT, *_STREAMS)


def write_stdout(content: bytes) -> None:
    """Write output to stdout, after everything printed before."""
    sys.stdout.flush()
    if not hasattr(sys.stdout, "buffer"):  # a substitute, as in tests
        sys.stdout.write(content.decode())
        return
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def why_not_a_file(path: Path) -> str:
    """A description of what is at `path`, with links followed, if no file can be written there; empty otherwise."""
    if str(path).startswith(_OPEN_FILES):
        return "it is an open file of a process"
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return ""
    return next((words for is_such, words in _KINDS if is_such(mode)), "")


def write_whole(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write `content` to `path`, replacing an existing file.

    Args:
        path: The file, or a link to it; stdout if it refers to that.
        content: The complete content.
        mode: Its permissions; by default those of the existing file, or those given by the umask.

    Raises:
        OSError: it cannot be written; an existing file is unchanged.
    """
    if is_stdout(path):
        write_stdout(content)
        return
    real = _regular(path)
    with _beside(real, content, mode) as temporary:
        temporary.replace(real)


def write_new(path: Path, content: bytes) -> None:
    """Write `content` to `path`, which must not exist.

    Raises:
        FileExistsError: it exists, even as a dangling link.
        OSError: it cannot be written; no partial file is left.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with _beside(path.absolute(), content, None) as temporary:
        try:
            os.link(temporary, path)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            temporary.rename(path)  # a file system without links: nothing existed a moment ago


def _regular(path: Path) -> Path:
    """The file that `path` refers to. Raises OSError if it is not a regular file."""
    if words := why_not_a_file(path):
        raise OSError(errno.EINVAL, words, str(path))
    return Path(os.path.realpath(path))


@contextlib.contextmanager
def _beside(target: Path, content: bytes, mode: int | None) -> Iterator[Path]:
    """A complete temporary file next to `target`; afterwards it has been moved or removed."""
    _remove_left_behind(target)
    name = _new_name(target)
    try:  # before the file exists: an interruption can happen at any moment
        while (handle := _locked(name)) is None:
            name = _new_name(target)  # Not the same name: the process that removed that file may still be running.
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
    """The handle of a new, locked file; None if another process treated it as left over before it was locked."""
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # Without locks, no process treats it as left over either.
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
    """Remove unlocked temporary files of `target`, left by killed processes."""
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
