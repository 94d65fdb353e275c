"""List every container image that the platform pulls, those that operators pull later included."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from blueprint.cli.options import add_target, compile_target, is_bundle, load_bundle
from blueprint.diagnostics import Refused

HELP = "list every image the platform pulls"


def configure(parser: ArgumentParser) -> None:
    """Add the arguments."""
    add_target(parser)


def run(options: Namespace) -> int:
    """One reference per line, with the digest where its vendor pins one."""
    if is_bundle(options.target):
        load_bundle(options)
        sys.stdout.write((Path(options.target) / "images.txt").read_text("utf-8"))
        return 0
    compilation = compile_target(options)
    if compilation.files is None:
        raise Refused(*compilation.diagnostics)
    sys.stdout.write(compilation.files["images.txt"].decode())
    return 0
