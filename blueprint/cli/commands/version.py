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
    """There is nothing to choose."""


def run(_options: Namespace) -> int:
    """Print it as `--version` does."""
    sys.stdout.write(f"blueprint {__version__}\n")
    return 0
