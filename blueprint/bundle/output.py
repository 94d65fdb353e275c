"""Writes a bundle to its folder atomically, or reports how the folder differs from it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from blueprint.bundle import codes
from blueprint.bundle.file_replacement import alone_in, is_half_written, replace_files, undo
from blueprint.bundle.layout import LOCK
from blueprint.bundle.owned_files import Replacement, is_free, replacement
from blueprint.diagnostics import Code, Diagnostic, Refused, Span
from blueprint.files import why_not_a_file
from blueprint.records import Record, replace
from blueprint.wording import counted, first_few

Files = Mapping[str, bytes]
_MOST_NAMED = 8
_FOR_PEOPLE = (".yaml", ".md", ".txt")
"""Files whose changed lines are readable. The others are JSON with numbers and digests."""


def check_output(files: Files, folder: Path) -> list[Diagnostic]:
    """How `folder` differs from what would be written; empty if it does not.

    For a readable file, the first differing line is shown with its replacement.
    """
    found = replacement(files, folder)
    differences = [f"{folder / name} would be added" for name in found.added]
    differences += [f"{folder / name} would be removed" for name in found.removed]
    differences += [f"{folder / name} is not part of the bundle; `compile` keeps it" for name in found.strays]
    differences += found.in_the_way
    if is_half_written(folder, LOCK):
        differences.append(f"{folder} is incomplete: a `compile` was interrupted")
    diagnostics = [Diagnostic(codes.OUTPUT_DIFFERS, message) for message in {*differences}]
    diagnostics += [_changed(folder / name, files[name]) for name in found.changed]
    return sorted(diagnostics, key=lambda each: each.message)


def _changed(file: Path, data: bytes) -> Diagnostic:
    found = Diagnostic(codes.OUTPUT_DIFFERS, f"{file} would change")
    if file.suffix not in _FOR_PEOPLE or b"kind: Secret\n" in data:
        return found
    there, made = (text.decode("utf-8", "replace").splitlines() for text in (file.read_bytes(), data))
    number, here, instead = next(
        (number, here, instead)
        for number, (here, instead) in enumerate(zip_longest(there, made, fillvalue=""), 1)
        if here != instead or number == max(len(there), len(made))
    )
    number = min(number, max(len(there), 1))
    at = Span(file.as_posix(), number, 1, number, max(len(here), 1) + 1)
    return replace(
        found, at=at, label=f"compiled: {instead.strip()}" if instead.strip() else "not among the compiled files"
    )


class BundleWriteResult(Record):
    """Whether writing changed anything, and diagnostics about foreign and edited files.

    `in_words` counts the files by what happened to them, ` (3 changed, 1 removed)`; it is empty for a new bundle.
    """

    changed: bool
    diagnostics: tuple[Diagnostic, ...] = ()
    in_words: str = ""


def write_bundle(files: Files, folder: Path) -> BundleWriteResult:
    """Write the bundle to `folder`, and remove files of an older bundle; all other files stay.

    Raises Refused, exit code 2, and then leaves the folder unchanged.
    """
    real = Path(os.path.realpath(folder))
    new = not real.exists()
    try:
        if not new and not real.is_dir():
            raise _refused(codes.OUTPUT_NOT_A_BUNDLE, f"{folder} is {_instead(real)}", "specify an empty or new folder")
        real.mkdir(parents=True, exist_ok=True)
        with alone_in(real):
            return _written(files, real, folder)
    except OSError as error:
        message = f"cannot write {folder}: {(error.strerror or str(error)).lower()}"
        raise Refused(Diagnostic(codes.OUTPUT_UNWRITABLE, message), exit_code=2) from error
    finally:
        if new:
            with contextlib.suppress(OSError):  # Stays if it is not empty.
                real.rmdir()


def _written(files: Files, real: Path, folder: Path) -> BundleWriteResult:
    undo(real, LOCK)
    if not is_free(real):
        message = f"{folder} is not empty and is not a bundle"
        raise _refused(codes.OUTPUT_NOT_A_BUNDLE, message, "specify an empty or new folder")
    found = replacement(files, real)
    is_new = not (real / LOCK).is_file()
    if found.in_the_way:
        raise Refused(*(_in_the_way(each) for each in found.in_the_way), exit_code=2)
    if found.changes_anything:
        written = {name: files[name] for name in (*found.written, LOCK)}
        replace_files(real, written, found.removed, found.added, LOCK)
    return BundleWriteResult(
        found.changes_anything,
        tuple(_notices(found, folder)),
        "" if is_new or not found.changes_anything else _counts(found),
    )


def _counts(found: Replacement) -> str:
    counts = {"changed": found.changed, "added": found.added, "removed": found.removed}
    return f" ({', '.join(f'{len(names)} {what}' for what, names in counts.items() if names)})"


def _notices(found: Replacement, folder: Path) -> Iterator[Diagnostic]:
    """Diagnostics about files that do not belong to the bundle, or were edited."""
    if found.edited:
        message = f"{counted(len(found.edited), 'file')} edited by hand: {first_few(found.edited, _MOST_NAMED)}"
        help_ = "to keep the changes, make them in the blueprint, as a setting or as a patch with a reason"
        yield Diagnostic(codes.EDITS_REPLACED, f"replaced {message}", help=help_)
    if found.strays:
        strays = counted(len(found.strays), "file")
        message = f"{folder} contains {strays} below manifests/ that the blueprint does not render: "
        help_ = "remove what is not needed; add what must be applied to `extraManifests`"
        yield Diagnostic(codes.STRAY_MANIFESTS, message + first_few(found.strays, _MOST_NAMED), help=help_)
    if found.foreign:
        message = f"{folder} contains files that are not part of the bundle: {first_few(found.foreign, _MOST_NAMED)}"
        yield Diagnostic(codes.FOREIGN_FILES, message)


def _refused(code: Code, message: str, help_: str) -> Refused:
    return Refused(Diagnostic(code, f"{message}; nothing was written", help=help_), exit_code=2)


def _in_the_way(message: str) -> Diagnostic:
    return Diagnostic(
        codes.IN_THE_WAY, f"{message}; nothing was written", help="move it away, or specify another folder"
    )


def _instead(path: Path) -> str:
    words = why_not_a_file(path)
    return f"{words.removeprefix('it is ')}, but a bundle is a folder" if words else "a file, but a bundle is a folder"
