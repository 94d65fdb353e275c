"""The sources of a blueprint's files: the disk, given texts, or (`revision`) a commit; and files as text.

A blueprint may not refer to files beyond a border, so that compiling an untrusted repository reads nothing else.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from blueprint.diagnostics import Diagnostic, Refused, Span, nearest
from blueprint.records import Record
from blueprint.source import codes

MAX_BYTES = 32 * 2**20
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"\x00\x00\xfe\xff": "UTF-32"}


class Files(Protocol):
    """A source of files. Paths are as shown to users, separated by `/`."""

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises OSError."""

    def glob(self, folder: str, pattern: str) -> list[str]:
        """The files below `folder` that match a relative glob pattern, sorted."""

    def beside(self, path: str, reference: str) -> str:
        """The file to which `reference`, written in the file `path`, refers."""

    def inside(self, path: str, target: str) -> bool:
        """Whether the blueprint `target` may refer to this file: with links resolved, it is within the border."""

    def relative(self, path: str, target: str) -> str:
        """The path relative to the folder of `target`, so that no local paths are visible."""


class DiskFiles(Record):
    """Files on disk; relative paths are relative to `root`, by default the working directory.

    The border is the repository of the target, or the parent of its folder if there is no repository.
    """

    root: Path = Path()

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        file = self.root / path
        about = file.stat()
        if stat.S_ISDIR(about.st_mode):
            raise OSError(errno.EISDIR, "it is a folder")
        if not stat.S_ISREG(about.st_mode):  # A pipe would block, and a device may never end.
            raise OSError(errno.EINVAL, "it is not a regular file")
        limit(about.st_size)
        return file.read_bytes()

    def glob(self, folder: str, pattern: str) -> list[str]:
        """Matching files, sorted."""
        above = self.root / folder
        found = (file.relative_to(above) for file in above.glob(pattern) if file.is_file())
        return sorted(os.path.normpath(Path(folder, file)).replace(os.sep, "/") for file in found)

    def beside(self, path: str, reference: str) -> str:
        """The file to which a reference refers, relative to the file that contains it."""
        return _beside(path, reference)

    def inside(self, path: str, target: str) -> bool:
        """Whether the file is within the border."""
        return Path(os.path.realpath(self.root / path)).is_relative_to(self._border(target))

    def relative(self, path: str, target: str) -> str:
        """The path relative to the folder of `target`."""
        return Path(os.path.relpath(self.root / path, (self.root / target).parent)).as_posix()

    def _border(self, target: str) -> Path:
        folder = Path(os.path.realpath(self.root / target)).parent
        for above in (folder, *folder.parents):
            if (above / ".git").exists():
                return above
        return folder.parent if folder.parent != Path(folder.anchor) else folder


class MemoryFiles:
    """Given texts, overlaid on the files of `base` if there is one: a draft, or the unsaved buffers of an editor.

    Without a base, the border is the folder to which the paths are relative.
    """

    def __init__(self, texts: Mapping[str, str], base: Files | None = None) -> None:
        self._texts = {posixpath.normpath(path): text for path, text in texts.items()}
        self._base = base

    def read(self, path: str) -> bytes:
        """The text as bytes, or the base's file."""
        if self._has(path):
            data = self._texts[posixpath.normpath(path)].encode()
            limit(len(data))
            return data
        if self._base is None:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return self._base.read(path)

    def glob(self, folder: str, pattern: str) -> list[str]:
        """Matching files of both, sorted."""
        wanted = posixpath.normpath(posixpath.join(folder, pattern)).split("/")
        given = (path for path in self._texts if matches_glob(path.split("/"), wanted))
        return sorted({*given, *(self._base.glob(folder, pattern) if self._base else ())})

    def beside(self, path: str, reference: str) -> str:
        """The file to which a reference refers, relative to the file that contains it."""
        return _beside(path, reference)

    def inside(self, path: str, target: str) -> bool:
        """Whether the file is within the border of the base, or in the folder if there is no base."""
        if self._base is not None:
            return self._base.inside(path, target)
        return not posixpath.isabs(path) and posixpath.normpath(path).split("/")[0] != ".."

    def relative(self, path: str, target: str) -> str:
        """The path relative to the folder of `target`."""
        if self._base is not None:
            return self._base.relative(path, target)
        return posixpath.relpath(posixpath.join("/", path), posixpath.join("/", posixpath.dirname(target)))

    def _has(self, path: str) -> bool:
        return posixpath.normpath(path) in self._texts


def matches_glob(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches a glob pattern, part by part; `**` matches any number of folders."""
    if not pattern or not path:
        return not pattern and not path
    if pattern[0] == "**":
        return matches_glob(path, pattern[1:]) or matches_glob(path[1:], pattern)
    return fnmatchcase(path[0], pattern[0]) and matches_glob(path[1:], pattern[1:])


def _beside(path: str, reference: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), reference))


def limit(size: int) -> None:
    """Raise OSError for a file that is implausibly large."""
    if size > MAX_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_BYTES // 2**20} MiB")


def read_text(files: Files, path: str, named_at: Span | None = None) -> str:
    """The text of a file. Raises Refused: exit 2 for the file on the command line, 1 for one that another file refers
    to.
    """
    try:
        data = files.read(path)
    except OSError as error:
        reason = error.strerror or str(error)
        message = f"cannot read {path}: {reason[:1].lower()}{reason[1:]}"
        help_ = _way_to_file(files, path) if error.errno == errno.ENOENT else None
        if named_at and help_ is None:
            help_ = "check the path, which is relative to the file that contains it"
        if error.errno == errno.EISDIR and not named_at:
            help_ = "specify the file of the blueprint: the folder contains no blueprint.yaml"
        code = codes.TOO_LARGE if error.errno == errno.EFBIG else codes.FILE_UNREADABLE
        found = Diagnostic(code, message, at=named_at, help=help_)
        raise Refused(found, exit_code=1 if named_at else 2) from error
    return decode(data, path)


def _way_to_file(files: Files, path: str) -> str | None:
    """The path that was probably meant by one that does not exist."""
    if "\\" in path:
        return "separate folders with /"
    folder, name = posixpath.split(path)
    beside = [posixpath.basename(each) for each in files.glob(folder or ".", "*")]
    stem = posixpath.splitext(name)[0]
    same = [each for each in beside if posixpath.splitext(each) in ((stem, ".yaml"), (stem, ".yml"))]
    likely = same[0] if same else nearest(name, (each for each in beside if each.endswith((".yaml", ".yml"))))
    return f"did you mean {posixpath.join(folder, likely)}?" if likely else None


def decode(data: bytes, path: str) -> str:
    """UTF-8 bytes as text, without a byte order mark. Raises Refused with the location of the first invalid byte."""
    for mark, name in _BOMS.items():
        if data.startswith(mark):
            at = Span(path, 1, 1, 1, 2)
            raise Refused(Diagnostic(codes.ENCODING, f"{path} is {name}, not UTF-8", at=at, help="save it as UTF-8"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        at = Span(path, line, column, line, column + 1)
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise Refused(Diagnostic(codes.ENCODING, message, at=at, help="save the file as UTF-8")) from error


def check_border(files: Files, target: str, path: str, reference: str, at: Span) -> None:
    """Reject a reference that is absolute or outside of the border."""
    if "\\" in reference:
        message = f"{reference} contains a backslash, which is not a separator here"
        raise Refused(Diagnostic(codes.OUTSIDE, message, at=at, help=f"write {reference.replace(chr(92), '/')}"))
    if posixpath.isabs(reference) or not files.inside(path, target):
        message = f"{reference} leads outside of the repository"
        raise Refused(Diagnostic(codes.OUTSIDE, message, at=at, help="use a file of the same repository"))
