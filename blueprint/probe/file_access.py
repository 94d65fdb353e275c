"""The probe's only access to files: bounded in size, never blocking, and confined to the examined tree."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from blueprint.patterns import lazy_pattern
from blueprint.probe.host import Access, HostRecord

_MAX_BYTES = 1 << 18
_MAX_ATTRIBUTE = 256
_NAME = lazy_pattern(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}", re.ASCII)


class UntrustedPath(Exception):  # noqa: N818 - what the path is, not a kind of error
    """A path whose content is not trusted."""


class TooLarge(UntrustedPath):
    """A regular file that exceeds the size limit."""


def read_regular(path: str | Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Never blocks: a pipe, a socket or a device is not even opened. Raises OSError, and Unbelievable for anything that is
    not a regular file or is too large.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - a path as text costs less in /sys
        raise UntrustedPath("no regular file")
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):  # replaced in the meantime
            raise UntrustedPath("no regular file")
        content = opened.read(most + 1)
    if len(content) > most:
        size = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise TooLarge(f"larger than {size}")
    return content


class FileReader:
    """Reads paths under a root, and nothing outside of it that a link refers to."""

    def __init__(self, root: Path, sysfs: Path | None = None) -> None:
        self._root = os.path.realpath(root)
        self._tops = {"sys": os.path.realpath(sysfs)} if sysfs else {}

    def file(self, path: str, parse: Callable[[Sequence[str]], Mapping[str, str]]) -> HostRecord:
        """A text file, as interpreted by `parse`."""

        def read() -> Mapping[str, str]:
            """The parsed lines; empty for an empty file."""
            lines = self._text(path).splitlines()
            return parse(lines) if lines else {}

        return _answer(path, read)

    def folder(self, path: str, most: int) -> tuple[HostRecord, list[str]]:
        """A folder, and the names in it, sorted. More than `most` names, or unusual ones, are not trusted."""
        names: list[str] = []

        def read() -> Mapping[str, str]:
            """The number of entries. Their names are added to `names`."""
            with os.scandir(self._real(path)) as entries:
                found = [entry.name for entry in itertools.islice(entries, most + 1)]
            if len(found) > most:
                raise UntrustedPath(f"more than {most} entries")
            if strange := [name for name in found if not _NAME.fullmatch(name)]:
                raise UntrustedPath(f"an entry called {strange[0][:60]!a}")
            names.extend(sorted(found))
            return {"entries": str(len(found))}

        return _answer(path, read), names

    def attributes(self, path: str, files: Sequence[str], links: Sequence[str] = ()) -> HostRecord:
        """The small files of a folder, and the targets of its links, by name; `detail` contains why some could not be
        read.
        """
        looked = [_answer(name, partial(self._attribute, path, name)) for name in files]
        looked += [_answer(name, partial(self._link, path, name)) for name in links]
        values = {name: value for each in looked for name, value in each.values.items()}
        lost = [str(each) for each in looked if each.access not in (Access.READ, Access.ABSENT)]
        return HostRecord(path, Access.READ, values, "; ".join(lost))

    def regular(self, path: str) -> Path | None:
        """The real path of a regular file under the root; None for anything else."""
        try:
            real = self._real(path)
            return Path(real) if stat.S_ISREG(os.stat(real).st_mode) else None  # noqa: PTH116
        except (OSError, ValueError, UntrustedPath):
            return None

    def _text(self, path: str) -> str:
        """The text of a regular file."""
        content = read_regular(self._real(path), _MAX_BYTES)
        try:
            text = content.decode("utf-8").replace("\t", " ")
        except UnicodeDecodeError:
            raise UntrustedPath("not text") from None
        if not text.replace("\n", "").isprintable():
            raise UntrustedPath("not printable text")
        return text

    def _attribute(self, folder: str, name: str) -> dict[str, str]:
        text = self._text(f"{folder}/{name}").strip().replace("\n", " ")
        if len(text) > _MAX_ATTRIBUTE:
            raise UntrustedPath(f"longer than {_MAX_ATTRIBUTE} characters")
        return {name: text}

    def _link(self, folder: str, name: str) -> dict[str, str]:
        """The name of a link's target; for a driver, it must be a driver of the device's bus."""
        target = Path(self._real(f"{folder}/{name}"))
        if not os.path.islink(os.path.join(self._real(folder), name)):  # noqa: PTH114, PTH118
            raise UntrustedPath("no link")
        if not _NAME.fullmatch(target.name) or (name == "driver" and target.parent.name != "drivers"):
            raise UntrustedPath(f"a link to {target.name[:60]!a}")
        return {name: target.name}

    def _real(self, path: str) -> str:
        """The path without links. Raises Unbelievable if it is outside of /proc, of /sys, or of the root."""
        top, _, rest = path.lstrip("/").partition("/")
        base = self._tops.get(top) or os.path.join(self._root, top)  # noqa: PTH118
        within = base if top in ("proc", "sys") else self._root
        real = os.path.realpath(os.path.join(base, rest), strict=True)  # noqa: PTH118
        if os.path.commonpath([real, within]) != within:
            raise UntrustedPath("a link that leads away")
        return real


def _answer(path: str, read: Callable[[], Mapping[str, str]]) -> HostRecord:
    try:
        return HostRecord(path, Access.READ, read())
    except FileNotFoundError:
        return HostRecord(path, Access.ABSENT, {})
    except NotADirectoryError:
        return HostRecord(path, Access.UNBELIEVABLE, {}, "no folder")
    except PermissionError as error:
        return HostRecord(path, Access.REFUSED, {}, error.strerror or "")
    except UntrustedPath as error:
        return HostRecord(path, Access.UNBELIEVABLE, {}, str(error))
    except (OSError, ValueError) as error:
        return HostRecord(path, Access.FAILED, {}, getattr(error, "strerror", None) or type(error).__name__)
