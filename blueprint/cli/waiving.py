"""Waivers on the command line: the location of their file, the current day, and which of them each verb evaluates."""

from __future__ import annotations

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from blueprint.cli.configuration import find_configuration
from blueprint.diagnostics import Refused

if TYPE_CHECKING:
    from blueprint.report.model import Run
    from blueprint.waivers.engine import Waivers
    from blueprint.waivers.model import Waiver

FILE = "waivers.yaml"
_COMPILING = ("BP2", "BP3", "BP400", "BP5", "BP6")
_OBJECTS = ("BP800", "BP805", "BP807")
_NODES = ("BP802", "BP806", "BP9")
JUDGED: Mapping[str, tuple[str, ...]] = {
    "validate": _COMPILING,
    "compile": _COMPILING,
    "lint": ("BP5", "BP6"),
    "diff": ("BP45",),
    "plan": ("BP7",),
    "drift": _OBJECTS,
    "probe": (),
}
"""The verbs whose findings can be waived, and the prefixes of the codes that each of them searches completely.

The effects of a plan depend on the cluster, and a probe sees only one node, so no waiver counts as unused because of
them.
"""
_ENDS_EARLY = ("validate", "compile")
"""Verbs that stop before their last step if there are findings."""


def add_waivers(parser: ArgumentParser) -> None:
    """Add --waivers FILE."""
    parser.add_argument(
        "--waivers", metavar="FILE", help=f"file with accepted findings ({FILE} beside the blueprint or bundle)"
    )


def today() -> date:
    """The day on which waivers are evaluated, in UTC."""
    return datetime.now(UTC).date()


def waivers_for(options: Namespace, target: str) -> Waivers:
    """The waivers in the file from the command line, or in the one next to the target. Raises Refused."""
    from blueprint.waivers.engine import Waivers
    from blueprint.waivers.reading import read_waivers

    day = today()
    found = _file(getattr(options, "waivers", None), target)
    if found is None:
        return Waivers(today=day)
    name, text = found
    read = read_waivers(text, name, day)
    return Waivers(read.waivers, day, read.problems)


def with_waivers(run: Run, options: Namespace, *, refused: bool) -> Run:
    """The run with its waivers applied. Findings of verbs that write are never waived."""
    from blueprint.records import replace
    from blueprint.report import waiving

    if getattr(options, "waived", False) or not hasattr(options, "waivers"):
        return run
    if not (refused or options.verb in JUDGED):
        return run
    try:
        waivers = getattr(options, "compiled_waivers", None) or waivers_for(options, _target(options))
    except Refused as unusable:
        new = tuple(each for each in unusable.diagnostics if each not in run.diagnostics)
        exit_code = run.exit_code if refused else unusable.exit_code
        return replace(run, diagnostics=(*run.diagnostics, *new), exit_code=exit_code)
    if options.verb not in JUDGED:
        compiling = tuple(each for each in waivers.entries if each.code.id.startswith(_COMPILING))
        waivers = replace(waivers, entries=compiling, problems=())
    judged = () if refused else _judged(options)

    def is_judged(waiver: Waiver, assessed: Run) -> bool:
        """Whether the run got far enough to need this waiver."""
        complete = assessed.exit_code == 0 or (assessed.exit_code == 1 and options.verb not in _ENDS_EARLY)
        return complete and waiver.code.id.startswith(judged)

    return waiving.with_waivers(run, waivers.with_comments(run.texts), is_judged)


def _judged(options: Namespace) -> tuple[str, ...]:
    codes = JUDGED[options.verb]
    return codes + _NODES if options.verb == "drift" and options.readings else codes


def _target(options: Namespace) -> str:
    """The target whose folder may contain the waivers."""
    names = (getattr(options, name, None) for name in ("target", "after", "expect"))
    return next((str(name) for name in names if name), "")


def _file(given: str | None, target: str) -> tuple[str, str] | None:
    """The name and text of the file; None if none is given and none exists."""
    from blueprint.source.files import DiskFiles, read_text

    given = given if given is not None else _configured(target)
    if given is not None:
        return given, read_text(DiskFiles(), given)
    if ":" in target and not Path(target).exists():
        from blueprint.source.revision import open_revision

        files, path = open_revision(target, Path())
        name = files.beside(path, FILE)
        try:
            files.read(name)
        except OSError:
            return None
        return name, read_text(files, name)
    folder = Path(target) / ".." if Path(target).is_dir() else Path(target).parent
    name = Path(os.path.normpath(folder / FILE)).as_posix()
    return (name, read_text(DiskFiles(), name)) if os.path.lexists(name) else None


def _configured(target: str) -> str | None:
    """The file from `waivers = FILE` in the project's configuration, relative to the configuration."""
    found = find_configuration(target)
    named = found.values.get("waivers") if found else None
    if found is None or named is None:
        return None
    if not isinstance(named, str) or not named:
        raise Refused(
            found.problem("waivers must be the path of a file", "waivers", help_='waivers = "FILE"'), exit_code=2
        )
    return Path(os.path.relpath(Path(found.file).parent / named)).as_posix()
