"""Interprets TARGET: a file, a folder with a blueprint or a bundle, a revision, standard input, or nothing."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.diagnostics.codes import USAGE

if TYPE_CHECKING:
    from blueprint.source.files import Files

DEFAULT = "blueprint.yaml"
NOT_GIVEN = "\0"
"""The default of an argument. Users cannot write it: an empty argument, such as that of an unset variable, is
rejected.
"""
STDIN = "-"
STDIN_NAME = "<stdin>"
PIPE_NAME = "<pipe>"
_HELD = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def is_bundle(target: str) -> bool:
    """Whether TARGET is the folder of a bundle."""
    return (Path(target) / "blueprint.lock").is_file()


def blueprint_target(given: str) -> str:
    """The blueprint that an argument refers to; without an argument, the one in the current folder. Raises Refused."""
    return _resolved(given, bundles=False)


def any_target(given: str) -> str:
    """The blueprint or bundle that an argument refers to; without one, the blueprint in the current folder. Raises
    Refused.
    """
    return _resolved(given, bundles=True)


def _resolved(given: str, *, bundles: bool) -> str:
    if given == NOT_GIVEN:
        return _default(bundles=bundles)
    if not given or not Path(given).is_dir() or (bundles and is_bundle(given)):
        return given
    inside = Path(given) / DEFAULT
    if inside.is_file():
        return inside.as_posix()
    if bundles or not is_bundle(given):
        return given  # the reader reports what is missing
    raise _refused(f"{given} is a bundle", "specify the blueprint from which it was compiled")


def _default(*, bundles: bool) -> str:
    if Path(DEFAULT).is_file():
        return DEFAULT
    if bundles and is_bundle("."):
        return "."
    raise _refused(
        f"no TARGET is specified, and this folder contains no {DEFAULT}",
        "specify a blueprint or its folder; `blueprint init` writes a first one",
    )


def open_target(target: str) -> tuple[Files | None, str]:
    """The source from which a blueprint is read, and its name there; None for the disk or a revision.

    Standard input and other pipes are read once; paths in them are relative to the working directory.
    """
    if target != STDIN and not _is_stream(target):
        return None, target
    from blueprint.source.files import MAX_BYTES, DiskFiles, MemoryFiles, decode

    name = STDIN_NAME if target in (STDIN, "/dev/stdin") else PIPE_NAME
    if target == STDIN:
        content = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(target).open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    return MemoryFiles({name: decode(content, name)}, DiskFiles()), name


def _is_stream(target: str) -> bool:
    """Whether it is an open pipe of this process: `/dev/stdin`, or the result of the shell's `<(...)`.

    A named pipe does not count, because it may have no writer.
    """
    if not target.startswith(_HELD):
        return False
    try:
        return stat.S_ISFIFO(Path(target).stat().st_mode)
    except (OSError, ValueError):
        return False


def _refused(message: str, help_: str) -> Refused:
    return Refused(Diagnostic(USAGE, message, help=help_), exit_code=2)
