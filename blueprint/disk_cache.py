"""A cache for results derived from shipped files, stored where Python stores byte code.

Parsing the catalogue and compiling the expressions of templates would take a third of a small compile, and neither
changes between two runs. An entry is used only if both the text from which it was made and the code that made it are
unchanged. A cache is written only where byte code is written: never if PYTHONDONTWRITEBYTECODE is set or the
installation is read-only, and below PYTHONPYCACHEPREFIX if that is set.
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
"""The maximum number of entries of one file. More accumulate only while the shipped files are edited: then it is
cleared.
"""


_caches: list[DiskCache] = []


def save_caches() -> None:
    """Save new entries of all caches for the next process."""
    for each in _caches:
        each.save()


class DiskCache:
    """A file with results by key, each derived from a text: plain data, or code.

    Args:
        name: The name of the file.
        makers: The source files of the code that computes the results.
        extra: Anything else that they depend on, such as the version of a library.
    """

    def __init__(self, name: str, *makers: str, extra: str = "") -> None:
        self._name = name
        self._makers = makers
        self._extra = extra
        self._fresh = False
        _caches.append(self)

    def get(self, key: str, text: bytes) -> Any:
        """The result for that text and key; None if it is not cached."""
        found = self._entries.get(key)
        if found is None or found[0] != _digest(text):
            return None
        return marshal.loads(found[1])  # noqa: S302 - as trusted as the byte code that it lies beside

    def put(self, key: str, text: bytes, made: Any) -> None:
        """Cache the result for that text."""
        self._entries[key] = (_digest(text), marshal.dumps(made))
        self._fresh = True

    def save(self) -> None:
        """Save new entries for the next process. A failure to write costs only time."""
        if not self._fresh or sys.dont_write_bytecode or self._stamp is None:
            return
        content = marshal.dumps((self._stamp, self._entries))
        file = self._file()
        new = file.with_name(f"{file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            try:
                new.touch(0o644)  # It contains code: others must not be able to write it, whatever the umask.
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
        """The digest of the code that computes the results; None, which disables the cache, if its sources are
        missing.
        """
        try:
            return _digest(b"".join(Path(file).read_bytes() for file in self._makers) + self._extra.encode())
        except OSError:
            return None


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()
