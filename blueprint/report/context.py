"""The context of a format: the sources' text, and the capabilities of the output."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from blueprint._version import __version__
from blueprint.records import Record, field

SourceText = Callable[[str], str | None]
"""Returns the text of a file in a span; None if it is not available. Never raises."""

MIN_WIDTH = 60
_SHOWN_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_SHOWN_NAMES = frozenset({".blueprint.toml", "pyproject.toml"})
_MAX_BYTES = 8 * 1024 * 1024


def nothing(_file: str) -> str | None:
    """Returns no text: for reports without excerpts."""
    return None


class Context(Record):
    """How to present a run.

    Attributes:
        source: Returns the text of files in spans.
        base: The folder to which files in spans are relative.
        width: The width of the screen in columns; used only by text.
        color: Whether text may be coloured.
        ascii_only: Whether only ASCII can be shown.
        terminal: Whether the output is a terminal: then headlines are wrapped too.
        verbose: Whether text shows all findings in full.
        version: The tool's version, for machine-readable formats.
    """

    source: SourceText = nothing
    base: Path = field(default_factory=Path)
    width: int = 100
    color: bool = False
    ascii_only: bool = False
    terminal: bool = False
    verbose: bool = False
    version: str = __version__
    _lines: dict[str, list[str] | None] = field(default_factory=dict)

    def lines(self, file: str) -> list[str] | None:
        """The lines of a source file, or None. Cached: a run may refer to one file ten thousand times."""
        if file not in self._lines:
            text = self.source(file)
            self._lines[file] = None if text is None else re.split(r"\r\n|\r|\n", text)
        return self._lines[file]


def read_sources(base: Path, given: Mapping[str, str] | None = None) -> SourceText:
    """A function that returns files of spans: those in `given` by name, otherwise YAML and JSON in the project that
    contains `base`.

    The project is the nearest folder with a `.git` at or above `base`, or `base` itself. The provenance of a foreign
    bundle can contain any file name, so files outside of the project are not opened.
    """
    root = project_root(base)

    def source(file: str) -> str | None:
        """The text of a file; None if it may not be read or does not exist."""
        if given and file in given:
            return given[file]
        return _read_inside(root, base / file) or _shipped(file)

    return source


def project_root(base: Path) -> Path:
    """The nearest folder at or above `base` that contains a `.git`, otherwise `base`; absolute."""
    here = base.absolute().resolve()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)


def _read_inside(root: Path, path: Path) -> str | None:
    if path.suffix not in _SHOWN_SUFFIXES and path.name not in _SHOWN_NAMES:
        return None
    try:
        real = path.resolve()
        if not real.is_relative_to(root) or not real.is_file() or real.stat().st_size > _MAX_BYTES:
            return None
        return real.read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError, RuntimeError):
        return None  # Excerpts are optional: the finding itself contains file, line and column.


def _shipped(file: str) -> str | None:
    """The text of one of the tool's own data files, by its `blueprint.data.shown` name."""
    from blueprint import data

    top, _, rest = file.partition("/")
    if top == "catalog":
        package = Path(data.__file__).resolve().parent
        return _read_inside(package / top, package / file)
    return _read_inside(data.data_folder(top), data.data_folder(top) / rest) if top in data.FOLDERS else None


def may_color(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to colour output to `stream`: NO_COLOR takes precedence, then FORCE_COLOR, then a capable terminal."""
    if environment.get("NO_COLOR"):
        return False
    if forced := environment.get("FORCE_COLOR"):
        return forced not in {"0", "false"}
    return stream.isatty() and environment.get("TERM") != "dumb"


def speaks_unicode(stream: TextIO) -> bool:
    """Whether the stream can encode all characters."""
    return (getattr(stream, "encoding", None) or "ascii").lower().replace("_", "-").startswith(("utf", "u8"))


def width_of(stream: TextIO, environment: Mapping[str, str]) -> int:
    """COLUMNS, otherwise the terminal's width, otherwise 100; at least 60."""
    columns = environment.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return max(int(columns), MIN_WIDTH)
    if not stream.isatty():
        return 100
    import os

    try:
        return max(os.get_terminal_size(stream.fileno()).columns, MIN_WIDTH)
    except OSError:
        return 100
