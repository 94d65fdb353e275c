"""The configuration of a project: `.blueprint.toml`, or `[tool.blueprint]` in a `pyproject.toml`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.diagnostics.codes import CONFIGURATION_INVALID
from blueprint.records import Record

_FILES: tuple[tuple[str, tuple[str, ...]], ...] = ((".blueprint.toml", ()), ("pyproject.toml", ("tool", "blueprint")))
_KEYS = ("rules", "waivers")


class Configuration(Record):
    """A configuration file.

    Attributes:
        file: Its name, relative to the working directory.
        text: Its contents.
        table: The path of the table with its keys.
        values: The contents of that table.
    """

    file: str
    text: str
    table: tuple[str, ...]
    values: dict[str, Any]

    def problem(self, message: str, *keys: str, help_: str | None = None) -> Diagnostic:
        """A diagnostic about a key."""
        from blueprint.source.toml import place_of

        at = place_of(self.text, self.file, (*self.table, *keys))
        return Diagnostic(CONFIGURATION_INVALID, message, at=at, help=help_)


def find_configuration(target: str) -> Configuration | None:
    """The nearest configuration in the target's folder or above, within the repository. Raises Refused."""
    path = Path(target)
    start = path if path.is_dir() else path.parent
    here = start.absolute() if start.exists() else Path.cwd()
    for folder in (here, *here.parents):
        for name, table in _FILES:
            if (folder / name).is_file() and (found := _read(folder / name, table)):
                return found
        if (folder / ".git").exists():
            break
    return None


def _read(file: Path, table: tuple[str, ...]) -> Configuration | None:
    """The configuration; None if a `pyproject.toml` does not contain one."""
    from blueprint.source.files import DiskFiles, read_text

    shown = os.path.relpath(file)
    text = read_text(DiskFiles(), shown)
    if table and table[-1] not in text:
        return None
    from blueprint.source.toml import parse_toml, table_of

    values = table_of(parse_toml(text, shown), table)
    if values is None:
        return None
    if not isinstance(values, dict):
        problem = Configuration(shown, text, table, {}).problem(f"{'.'.join(table)} must be a table")
        raise Refused(problem, exit_code=2)
    found = Configuration(shown, text, table, values)
    if unknown := sorted(values.keys() - set(_KEYS)):
        problems = (found.problem(f"unknown key {key}", key, help_=_instead(key)) for key in unknown)
        raise Refused(*problems, exit_code=2)
    return found


def _instead(key: str) -> str:
    near = nearest(key, _KEYS)
    return f"did you mean {near}?" if near else f"keys: {', '.join(_KEYS)}"
