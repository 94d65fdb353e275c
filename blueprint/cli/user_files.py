"""Writes user files atomically, and never overwrites without being asked to."""

from __future__ import annotations

import os
from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.diagnostics.codes import FILE_EXISTS, FILE_UNWRITABLE
from blueprint.files import write_new, write_whole


def refuse_existing(file: Path) -> None:
    """Raise Refused if the file exists, even as a dangling link."""
    if os.path.lexists(file):
        raise Refused(Diagnostic(FILE_EXISTS, f"{file} exists", help="specify another name with -o"), exit_code=2)


def keep_new(file: Path, content: bytes) -> None:
    """Write a file that does not exist yet. Raises Refused, and then leaves no partial file."""
    try:
        write_new(file, content)
    except FileExistsError:
        refuse_existing(file)
    except OSError as error:
        raise unwritable(file, error) from error


def replace_whole(file: Path, content: bytes) -> None:
    """Replace a file's content atomically, and keep its permissions. Raises Refused."""
    try:
        write_whole(file, content)
    except OSError as error:
        raise unwritable(file, error) from error


def unwritable(file: Path, error: OSError) -> Refused:
    """The error for a file that could not be written."""
    reason = error.strerror or str(error)
    return Refused(Diagnostic(FILE_UNWRITABLE, f"{file} cannot be written: {reason.lower()}"), exit_code=2)
