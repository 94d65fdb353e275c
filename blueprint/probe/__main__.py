"""The standalone probe: `python -m blueprint.probe`, and the zip application. Imports only the standard library."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from blueprint._version import __version__
from blueprint.diagnostics import Diagnostic, Refused, in_order
from blueprint.probe import command
from blueprint.probe.diagnostics import diagnostics_of
from blueprint.probe.engine import exit_code_of, judge
from blueprint.probe.expectations import Expectation
from blueprint.probe.output import STDOUT
from blueprint.probe.reading_file import read_expectations
from blueprint.probe.summary import summary

EXIT_USAGE, EXIT_BUG, EXIT_INTERRUPTED = 2, 70, 130


def main(arguments: Sequence[str]) -> int:
    """Take or read a reading, check it if requested, and report the result in plain lines. Return the exit code."""
    parser = argparse.ArgumentParser(prog="blueprint-probe", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"blueprint-probe {__version__}")
    command.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except Refused as refused:
        _print(refused.diagnostics)
        return refused.exit_code


def _run(options: argparse.Namespace) -> int:
    command.check_options(options)
    expectations = _expected(options)
    now = dt.datetime.now(dt.UTC)
    reading = command.take_reading(options, now)
    if options.reading:
        command.remark_on_age(reading, now)
    verdicts = judge(reading, expectations)
    if options.out == STDOUT:
        sys.stdout.write(command.document(reading))
    else:
        _print(diagnostics_of(verdicts, reading))
        sys.stdout.write(summary(verdicts, reading, options.pool) + "\n")
    return exit_code_of(verdicts)


def _expected(options: argparse.Namespace) -> list[Expectation]:
    if not options.expect:
        return []
    path = Path(options.expect)
    found = read_expectations(path / "expectations.json" if path.is_dir() else path)
    command.check_pool(options.pool, (each.pool for each in found), str(path))
    return [each for each in found if each.pool == options.pool]


def _print(diagnostics: Sequence[Diagnostic]) -> None:
    for each in in_order(diagnostics):
        place = f"{each.at}: " if each.at else ""
        sys.stdout.write(f"{place}{each.severity}[{each.code.id}] {each.code.slug}: {each.message}\n")
        for name, value in each.evidence:
            sys.stdout.write(f"    {name}: {value}\n")
        if each.help:
            sys.stdout.write(f"    help: {each.help}\n")


def run(arguments: Sequence[str]) -> NoReturn:
    """Run `main` and end the process with its exit code. Internal errors exit with 70 and one line, never with 1.

    Output is flushed here, because a full disk is detected only then, and Python would otherwise exit with its own
    code.
    """
    try:
        code = _code_of(arguments)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BaseException as error:  # noqa: BLE001 - every accident has this exit code
        code = EXIT_BUG
        _last_words(f"blueprint-probe failed and proved nothing: {type(error).__name__}: {error}")
    os._exit(code)


def _code_of(arguments: Sequence[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as end:  # argparse: help, or a usage error
        return end.code if isinstance(end.code, int) else EXIT_USAGE


def _last_words(text: str) -> None:
    """Write one line to stderr, if possible."""
    line = "".join(each if each.isprintable() else "?" for each in text)
    with contextlib.suppress(Exception):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    run(sys.argv[1:])
