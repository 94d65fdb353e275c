"""Print the version of this tool."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from blueprint._version import __version__

HELP = "print the version"
GROUP = "tool"
STEP = 3
EXAMPLES = ("blueprint version",)


def configure(_parser: ArgumentParser) -> None:
    """Add nothing: there are no arguments."""


def run(_options: Namespace) -> int:
    """Print the version, like `--version`."""
    sys.stdout.write(f"blueprint {__version__}\n")
    return 0
