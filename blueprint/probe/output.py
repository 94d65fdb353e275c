"""Writes a reading or the zip application atomically to a regular file, or to stdout; never to anything else."""

from __future__ import annotations

from pathlib import Path

from blueprint.diagnostics import Diagnostic, Refused
from blueprint.files import STDOUT, is_stdout, why_not_a_file, write_whole
from blueprint.probe import codes

__all__ = ["STDOUT", "check_target", "is_stdout", "write_file"]

_COULD_NOT_START = 2


def check_target(path: Path) -> None:
    """Reject, with exit code 2, anything that is not a regular file: it must neither be replaced nor written to."""
    try:
        fault = why_not_a_file(path)
    except (OSError, ValueError) as error:
        fault = getattr(error, "strerror", None) or str(error)
    if fault:
        raise _refused(path, fault)


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file atomically; or to stdout, if specified. Raises Refused."""
    try:
        write_whole(path, content, mode=mode)
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None


def _refused(path: Path, fault: str) -> Refused:
    return Refused(Diagnostic(codes.OUTPUT_UNWRITABLE, f"cannot write {path}: {fault}"), exit_code=_COULD_NOT_START)
