"""Where a reading or the zip application goes: a regular file, whole or not at all, or stdout; never anything else."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.probe import codes

STDOUT = "-"

_STDOUTS = (STDOUT, "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_COULD_NOT_START = 2
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


def is_stdout(path: str) -> bool:
    """Whether a path is a name of this process's standard output."""
    return path in _STDOUTS


def check_target(path: Path) -> Path:
    """The file that is to be written: `path`, or the regular file to which it leads as a link.

    Raises Refused, exit code 2: there is something that is no regular file, which must neither be replaced nor
    written to, or a link to nothing.
    """
    try:
        if not path.is_symlink() and not path.exists():
            return path
        kind = stat.S_IFMT(path.stat().st_mode)
    except (OSError, ValueError) as error:
        said = (
            "a link to nothing" if isinstance(error, FileNotFoundError) else getattr(error, "strerror", None) or error
        )
        raise _refused(f"cannot write {path}: {said}") from None
    if kind != stat.S_IFREG:
        link = "a link to " if path.is_symlink() else ""
        raise _refused(f"cannot write {path}: it is {link}{_KINDS.get(kind, 'something else')}, no regular file")
    return path.resolve()


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that it is there completely or not at all; to stdout where that is meant. Raises Refused."""
    if is_stdout(str(path)):
        sys.stdout.buffer.write(content)
        return
    target = check_target(path)
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name[:100]}.", delete=False) as file:
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                os.fchmod(file.fileno(), mode)
                Path(file.name).replace(target)
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    Path(file.name).unlink()
                raise
    except OSError as error:
        raise _refused(f"cannot write {path}: {error.strerror or error}") from None


def _refused(message: str) -> Refused:
    return Refused(Diagnostic(codes.OUTPUT_UNWRITABLE, message), exit_code=_COULD_NOT_START)
