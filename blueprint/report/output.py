"""Writes reports of one run in one or more formats, each to stdout or to a file."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TextIO, cast

from blueprint.diagnostics import Diagnostic, Refused, nearest
from blueprint.diagnostics.codes import USAGE
from blueprint.files import is_stdout, write_whole
from blueprint.records import Record, replace
from blueprint.redaction.source_lines import redacted_source
from blueprint.report import formats
from blueprint.report.codes import REPORT_UNWRITABLE
from blueprint.report.context import (
    Context,
    SourceText,
    may_color,
    read_sources,
    speaks_unicode,
    width_of,
)
from blueprint.report.escaping import encodable, visible
from blueprint.report.model import Run

STDOUT = "-"


class Format(Protocol):
    """A module of `report/formats/`; its file name is the format's name."""

    def render(self, run: Run, context: Context) -> str:
        """The whole report as text."""


class Destination(Record):
    """One `--report`: the format, and its destination. `path` is None for stdout."""

    format: str
    path: Path | None = None


def format_names() -> list[str]:
    """All formats: the modules of `report/formats/`."""
    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


def destinations(specs: Iterable[str], verb: str | None = None) -> list[Destination]:
    """Parse `FORMAT[=PATH]` specifications. Raises Refused for an unknown format, one that does not support `verb`, or
    two reports with the same destination.

    Commands call this before they start, so that a misspelling does not waste a run.
    """
    found = [_destination(spec) for spec in specs]
    problems = [problem for each in found if (problem := _unknown_format(each.format) or _of_other_verbs(each, verb))]
    places = [STDOUT if each.path is None else str(each.path.absolute()) for each in found]
    twice = sorted({place for place in places if places.count(place) > 1})
    for place in twice:
        where = "stdout" if place == STDOUT else visible(place)
        problems.append(
            Diagnostic(
                USAGE, f"two reports would be written to {where}", help="specify a different =PATH for each --report"
            )
        )
    if problems:
        raise Refused(*problems, exit_code=2)
    return found


def write_reports(  # noqa: PLR0913 - what a terminal is and shows, each with a default
    run: Run,
    specs: Sequence[str] = ("text",),
    *,
    stdout: TextIO | None = None,
    width: int | None = None,
    color: bool | None = None,
    source: SourceText | None = None,
    base: Path,
    environment: Mapping[str, str] = os.environ,
    verbose: bool = False,
) -> None:
    """Write a report of `run` for each spec. A file that cannot be written does not stop the others.

    Args:
        run: The results.
        specs: `FORMAT[=PATH]`; no path or `-` is stdout.
        stdout: The stream for stdout; the process's own by default.
        width: Columns for text; by default COLUMNS or the terminal's.
        color: Whether text on stdout is coloured; by default according to NO_COLOR, FORCE_COLOR and the terminal.
        source: Returns the source text for excerpts; by default `run.texts`, then the project that contains `base`.
        base: The folder to which spans are relative.
        environment: The environment with NO_COLOR, FORCE_COLOR, TERM and COLUMNS.
        verbose: Whether text shows all findings in full.

    Raises:
        Refused: an unknown format or two reports with the same destination (BP0002), an unwritable file (BP0010).
    """
    stream = stdout or sys.stdout
    found = [*run.diagnostics, *(each.diagnostic for each in run.waived)]
    screen = Context(
        source=redacted_source(source or read_sources(base, run.texts), found),
        base=base,
        width=width or width_of(stream, environment),
        color=may_color(stream, environment) if color is None else color,
        ascii_only=not speaks_unicode(stream),
        terminal=stream.isatty(),
        verbose=verbose,
    )
    plain = replace(screen, color=False, ascii_only=False, terminal=False)
    problems: list[Diagnostic] = []
    for destination in destinations(specs):
        report = _format(destination.format)
        if destination.path is None:
            _show(report.render(run, screen), stream)
        else:
            problems += _write(report.render(run, plain), destination.path)
    if problems:
        raise Refused(*problems, exit_code=2)


def _destination(spec: str) -> Destination:
    name, _, path = spec.partition("=")
    return Destination(name, None if not path or is_stdout(path) else Path(path))


def _unknown_format(name: str) -> Diagnostic | None:
    known = format_names()
    if name in known:
        return None
    near = nearest(name, known)
    suggestion = f"did you mean {near}? " if near else ""
    return Diagnostic(
        USAGE,
        f"there is no report format {name or '(nothing)'}",
        help=f"{suggestion}formats: {', '.join(known)}",
    )


def _of_other_verbs(destination: Destination, verb: str | None) -> Diagnostic | None:
    """Why a verb does not support a format: its module lists others in `VERBS`."""
    verbs = getattr(_format(destination.format), "VERBS", ()) if verb else ()
    if not verbs or verb in verbs:
        return None
    known = ", ".join(f"`{each}`" for each in verbs)
    return Diagnostic(
        USAGE, f"the format {destination.format} is only for {known}, not for {verb}", help="choose another format"
    )


def _format(name: str) -> Format:
    return cast("Format", importlib.import_module(f"{formats.__name__}.{name}"))


def _show(text: str, stream: TextIO) -> None:
    """Write to a stream; text that it cannot encode is written as UTF-8, as in all machine-readable formats."""
    if text.isascii() or speaks_unicode(stream) or not hasattr(stream, "buffer"):
        stream.write(encodable(text))
    else:
        stream.flush()
        stream.buffer.write(encodable(text).encode())
    stream.flush()


def _write(text: str, path: Path) -> list[Diagnostic]:
    """Write a file atomically; return diagnostics about errors."""
    content = encodable(text).encode()
    try:
        if path.is_char_device() or path.is_fifo():
            path.write_bytes(content)  # The reader at the other end receives it; nothing is replaced.
        else:
            write_whole(path, content)
    except OSError as error:
        problem = error.strerror or str(error)
        return [Diagnostic(REPORT_UNWRITABLE, f"the report {visible(str(path))} cannot be written: {problem}")]
    return []
