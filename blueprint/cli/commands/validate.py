"""Check a blueprint: its form, its sense, and every object it renders. Nothing is written.

Exit code 0: valid; 1: findings; 2: it could not be read.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from blueprint.cli.options import add_report, add_target, compile_target, compiled_run
from blueprint.cli.rules import add_rules
from blueprint.report.model import Run

HELP = "check a blueprint and everything it renders"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser, "a blueprint, or REVISION:PATH")
    add_rules(parser)
    add_report(parser)


def run(options: Namespace) -> Run:
    """Compile in memory and tell what was found."""
    return compiled_run("validate", compile_target(options))
