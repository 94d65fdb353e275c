"""Show all verbs, or the arguments and examples of one."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

HELP = "show the verbs, or the options and examples of one"
GROUP = "tool"
STEP = 1
EXAMPLES = (
    "blueprint help",
    "blueprint help validate",
    "blueprint help lab up",
)


def configure(parser: ArgumentParser) -> None:
    """Add VERB."""
    parser.add_argument("words", metavar="VERB", nargs="*", help="a verb, or a verb and its action")


def run(options: Namespace) -> int:
    """Print what `--help` prints."""
    from blueprint.cli.main import build_parser, no_such_verb, overview, verbs

    if not options.words:
        sys.stdout.write(overview())
        return 0
    verb = options.words[0]
    if verb not in verbs():
        raise no_such_verb(verb)
    try:
        build_parser(verb).parse_args([*options.words, "--help"])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
