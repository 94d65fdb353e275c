"""Shows long text page by page on a terminal; elsewhere it is written unchanged."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys


def show(text: str, *, pager: bool = True) -> None:
    """Write text to stdout, through $PAGER (or less) if it is longer than the terminal.

    As usual, `PAGER=cat` or an empty PAGER disables it. If the pager cannot be run, the text is written directly.
    """
    command = _command() if pager and _is_long(text) else []
    if not command:
        sys.stdout.write(text)
        return
    environment = {"LESS": "FRX", **os.environ}
    try:
        subprocess.run(command, input=text.encode(), env=environment, check=False)  # noqa: S603 - the user's own choice
    except OSError:
        sys.stdout.write(text)


def _is_long(text: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return text.count("\n") >= shutil.get_terminal_size().lines


def _command() -> list[str]:
    try:
        return shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # an unclosed quote
        return []
