"""The version of a Go program, as its linker has written it into the file."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

from blueprint.patterns import lazy_pattern

_MAGIC = b"\xff Go buildinf:"
_HEADER = 32
_SENTINEL = 16
"""The bytes before and after the module information."""
_UNKNOWN = "(devel)"
_MAIN = lazy_pattern(r"^mod\t\S+\t(\S+)", re.MULTILINE)


def main_version(program: Path) -> str:
    """The version of the program's main module; empty if the file does not contain it.

    Programs built from a checkout of a release have one, those built from an archive of its files do not. Raises
    OSError.
    """
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        start = content.find(_MAGIC)
        if start < 0:
            return ""
        _, after = _text(content, start + _HEADER)
        modules, _ = _text(content, after)
    found = _MAIN.search(modules[_SENTINEL:-_SENTINEL].decode("utf-8", "replace"))
    return found[1] if found and found[1] != _UNKNOWN else ""


def _text(content: mmap.mmap, start: int) -> tuple[bytes, int]:
    """A string after its length in groups of seven bits, the lowest first; and the position after it."""
    length = shift = 0
    while True:
        byte = content[start]
        start += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return content[start : start + length], start + length
