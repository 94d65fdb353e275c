"""The probe on its own: `python -m blueprint.probe`, and what the zip application runs. Standard library only."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from blueprint._version import __version__
from blueprint.diagnostics import Diagnostic, Refused, in_order
from blueprint.probe import command, diagnostics_of, exit_code_of, judge, read_expectations
from blueprint.probe.model import Expectation
from blueprint.probe.summary import summary


def main(arguments: Sequence[str]) -> int:
    """Take or read a reading, judge it if asked, and say so in plain lines. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="blueprint-probe", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"blueprint-probe {__version__}")
    command.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        return _run(options)
    except Refused as refused:
        _tell(refused.diagnostics)
        return refused.exit_code


def _run(options: argparse.Namespace) -> int:
    command.check_options(options)
    expectations = _expected(options)
    reading = command.take_reading(options, dt.datetime.now(dt.UTC))
    verdicts = judge(reading, expectations)
    if options.out == command.STDOUT:
        sys.stdout.write(command.document(reading))
    else:
        _tell(diagnostics_of(verdicts, reading))
        sys.stdout.write(summary(verdicts, reading, options.pool) + "\n")
    return exit_code_of(verdicts)


def _expected(options: argparse.Namespace) -> list[Expectation]:
    if not options.expect:
        return []
    path = Path(options.expect)
    found = read_expectations(path / "expectations.json" if path.is_dir() else path)
    command.check_pool(options.pool, (each.pool for each in found), str(path))
    return [each for each in found if each.pool == options.pool]


def _tell(diagnostics: Sequence[Diagnostic]) -> None:
    for each in in_order(diagnostics):
        place = f"{each.at}: " if each.at else ""
        sys.stdout.write(f"{place}{each.severity}[{each.code.id}] {each.code.slug}: {each.message}\n")
        for name, value in each.evidence:
            sys.stdout.write(f"    {name}: {value}\n")
        if each.help:
            sys.stdout.write(f"    help: {each.help}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
