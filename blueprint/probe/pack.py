"""Packs the probe into one file that a node's own Python runs: `python3 blueprint-probe.pyz -o reading.json`."""

from __future__ import annotations

import importlib.util
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import blueprint

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = """\
# Read by every Python: an old one must say what it lacks, and nothing that goes wrong may end like a finding.
import os
import sys


def end(text, code):
    try:
        os.write(2, ("blueprint-probe " + text + "\\n").encode("ascii", "replace"))
    finally:
        os._exit(code)


if sys.version_info < (3, 11):
    end("needs Python 3.11 or newer, and this is Python %d.%d" % sys.version_info[:2], 2)
try:
    from blueprint.probe.__main__ import run
except BaseException:
    end("could not be loaded: %s" % (sys.exc_info()[1],), 70)
run(sys.argv[1:])
"""
_EPOCH = (1980, 1, 1, 0, 0, 0)
_PACKAGES = ("diagnostics", "probe")


def zipapp() -> bytes:
    """The application: modules without dependencies, and the NVML bindings if they are installed. Equal inputs result
    in equal bytes.
    """
    content = io.BytesIO(_SHEBANG)
    content.seek(0, io.SEEK_END)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sorted(_members()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def has_bindings() -> bool:
    """Whether the NVML bindings are installed here, so that they are included."""
    return importlib.util.find_spec("pynvml") is not None


def _members() -> Iterator[tuple[str, bytes]]:
    root = Path(blueprint.__file__).parent
    files = [root / "__init__.py", root / "_version.py", root / "files.py", root / "patterns.py", root / "versions.py"]
    files += [file for package in _PACKAGES for file in (root / package).rglob("*.py")]
    yield from ((file.relative_to(root.parent).as_posix(), file.read_bytes()) for file in files)
    yield "__main__.py", _MAIN.encode()
    found = importlib.util.find_spec("pynvml")
    if found and found.origin:
        yield "pynvml.py", Path(found.origin).read_bytes()
