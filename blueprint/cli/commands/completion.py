"""Print a script for shell completion of verbs and flags.

The script is static: completion does not run this tool. Save it where your shell looks for completions, and again after
each update.
"""

from __future__ import annotations

import sys
from argparse import Action, ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator

HELP = "print a script for completion in bash, zsh or fish"
GROUP = "tool"
STEP = 2
EXAMPLES = (
    "blueprint completion bash > ~/.local/share/bash-completion/completions/blueprint",
    'blueprint completion zsh > "${fpath[1]}/_blueprint"',
    "blueprint completion fish > ~/.config/fish/completions/blueprint.fish",
)

_PATHS = ("FILE", "PATH", "DIR", "FOLDER", "TARGET", "BLUEPRINT", "BUNDLE", "READING")
_SIDES = ("A", "B")
"""Parts of the names of arguments that are files, and the sides of `diff`."""


def configure(parser: ArgumentParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="the shell")


def run(options: Namespace) -> int:
    """Print the script."""
    import shtab

    from blueprint.cli.main import build_parser

    parser = build_parser()
    for action in _arguments(parser):
        name = str(action.metavar)
        if (
            action.metavar
            and not action.choices
            and "=" not in name
            and (name in _SIDES or any(word in name for word in _PATHS))
        ):
            vars(action)["complete"] = shtab.FILE
    sys.stdout.write(shtab.complete(parser, options.shell))
    return 0


def _arguments(parser: ArgumentParser) -> Iterator[Action]:
    """All arguments of a parser and its subparsers."""
    for action in parser._actions:  # noqa: SLF001 - no public way
        if isinstance(action, _SubParsersAction):
            for below in action.choices.values():
                yield from _arguments(below)
        else:
            yield action
