"""Results of work on shipped files, kept where Python keeps byte code.

Parsing the catalogue and compiling the expressions of templates would take a third of a small compile, and neither
changes between two runs. An entry is used only where both are the same: the text that it was made from, and the code
that made it. A cache is written only where byte code is written: never where PYTHONDONTWRITEBYTECODE is set or the
installation is read-only, and below PYTHONPYCACHEPREFIX where that is set.
"""

from __future__ import annotations

import contextlib
import hashlib
import marshal
import os
import sys
from functools import cached_property
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any

MOST = 5_000
"""Entries of one file. More only gather while the shipped files are being edited: then it starts again."""


_caches: list[DiskCache] = []


def save_caches() -> None:
    """Write down what is new in every cache, for the next process."""
    for each in _caches:
        each.save()


class DiskCache:
    """A file of results by key, each made from a text: plain data, or code.

    Args:
        name: What the file is called.
        makers: The source files of the code that makes the results.
        extra: What else decides what they are, such as the version of a library.
    """

    def __init__(self, name: str, *makers: str, extra: str = "") -> None:
        self._name = name
        self._makers = makers
        self._extra = extra
        self._fresh = False
        _caches.append(self)

    def get(self, key: str, text: bytes) -> Any:
        """What was made from that text under that key; None where that is not cached."""
        found = self._entries.get(key)
        if found is None or found[0] != _digest(text):
            return None
        return marshal.loads(found[1])  # noqa: S302 - as trusted as the byte code that it lies beside

    def put(self, key: str, text: bytes, made: Any) -> None:
        """Remember what was made from that text."""
        self._entries[key] = (_digest(text), marshal.dumps(made))
        self._fresh = True

    def save(self) -> None:
        """Write down what is new, for the next process. That it cannot be written loses nothing but time."""
        if not self._fresh or sys.dont_write_bytecode or self._stamp is None:
            return
        content = marshal.dumps((self._stamp, self._entries))
        file = self._file()
        new = file.with_name(f"{file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                new.touch(0o644)  # it holds code: whatever the umask is, others may not write it
                new.write_bytes(content)
                new.replace(file)
            finally:
                new.unlink(missing_ok=True)
        self._fresh = False

    @cached_property
    def _entries(self) -> dict[str, tuple[bytes, bytes]]:
        try:
            stamp, entries = marshal.loads(self._file().read_bytes())  # noqa: S302 - see above
        except (OSError, EOFError, ValueError, TypeError):
            return {}
        return entries if stamp == self._stamp and len(entries) < MOST else {}

    def _file(self) -> Path:
        return Path(cache_from_source(str(Path(__file__).with_name(f"{self._name}.py")))).with_suffix(".cache")

    @cached_property
    def _stamp(self) -> bytes | None:
        """The digest of the code that makes the results; None, and nothing is cached, where its sources are missing."""
        try:
            return _digest(b"".join(Path(file).read_bytes() for file in self._makers) + self._extra.encode())
        except OSError:
            return None


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
