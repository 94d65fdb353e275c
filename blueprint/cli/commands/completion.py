"""Print a script that completes verbs and flags in a shell.

The script is static: completing runs nothing of this tool. Write it to where your shell looks for completions, again
after each update.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

HELP = "print a script for completion in bash, zsh or fish"
GROUP = "tool"
STEP = 2
EXAMPLES = (
    "blueprint completion bash > ~/.local/share/bash-completion/completions/blueprint",
    'blueprint completion zsh > "${fpath[1]}/_blueprint"',
    "blueprint completion fish > ~/.config/fish/completions/blueprint.fish",
)


def configure(parser: ArgumentParser) -> None:
    """The shell."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"], help="whose script")


def run(options: Namespace) -> int:
    """Print the script."""
    import shtab

    from blueprint.cli.main import build_parser

    sys.stdout.write(shtab.complete(build_parser(), options.shell))
    return 0
