"""Run the commands that a documentation page shows, and rewrite the page with their real output.

Two kinds of fenced blocks are executed, in the order of the page, in one shell and one folder:

    ```yaml title=NAME      the file is written
    ```console              each `$ command` (continued by `> `) is run; the lines below it are its output

A command that fails must be followed by one that shows its exit code (`$ echo $?`). Other blocks are plain text.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(?P<kind>\w+)?(?: title=(?P<title>\S+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT = ("LD_LIBRARY_PATH", "KUBEBUILDER_ASSETS", "XDG_CACHE_HOME")
_START, _END = "\x1e", "\x1f"


class PageError(Exception):
    """A command of the page fails without the page showing its exit code."""


@dataclass(frozen=True)
class Command:
    """One command of a console block, with its continuation lines."""

    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text that is passed to the shell."""
        return "\n".join(self.lines)

    @property
    def shown(self) -> str:
        """The text that the page shows."""
        first, *others = self.lines
        return "\n".join([f"$ {first}", *(f"> {line}" for line in others)])


def has_console(page: str) -> bool:
    """Whether the page contains commands to run."""
    return any(match["kind"] == "console" for match in _FENCE.finditer(page))


def played(page: str, folder: Path, **environment: str) -> str:
    """The page with the real output of its commands. Raises PageError if a command fails unexpectedly."""
    steps = list(_steps(page))
    outputs = iter(_run(steps, folder, environment))

    def again(match: re.Match[str]) -> str:
        if match["kind"] != "console":
            return match[0]
        parts = [f"{command.shown}\n{next(outputs)}" for command in _commands(match["body"])]
        return "```console\n" + "".join(parts) + "```"

    return _FENCE.sub(again, page)


def _steps(page: str) -> Iterator[Command | tuple[str, str]]:
    """The commands, and the files to write as (name, text)."""
    for match in _FENCE.finditer(page):
        if match["kind"] == "console":
            yield from _commands(match["body"])
        elif match["title"]:
            yield match["title"], match["body"]


def _commands(body: str) -> list[Command]:
    found: list[list[str]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append([line[2:]])
        elif line.startswith("> ") and found:
            found[-1].append(line[2:])
    return [Command(tuple(lines)) for lines in found]


def _run(steps: list[Command | tuple[str, str]], folder: Path, environment: dict[str, str]) -> list[str]:
    script = "".join(_written(step, folder) if isinstance(step, tuple) else _asked(step) for step in steps)
    result = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=_environment(folder, environment), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, check=False,
    )  # fmt: skip
    commands = [step for step in steps if isinstance(step, Command)]
    answers = result.stdout.split(_START)[1:]
    if len(answers) != len(commands):
        raise PageError(f"{len(commands)} commands, {len(answers)} answers:\n{result.stdout}")
    outputs = []
    for index, (command, answer) in enumerate(zip(commands, answers, strict=True)):
        output, _, code = answer.rpartition(_END)
        following = commands[index + 1].text if index + 1 < len(commands) else ""
        if code.strip() != "0" and "$?" not in following:
            raise PageError(
                f"`{command.text}` ended with exit code {code.strip()}, and the page does not say so:\n{output}"
            )
        outputs.append("\n".join(line.rstrip() for line in output.splitlines()) + "\n" if output else "")
    return outputs


def _asked(command: Command) -> str:
    return f"printf '{_START}'; (exit ${{code:-0}})\n{command.text}\ncode=$?; printf '{_END}%s' $code\n"


def _written(file: tuple[str, str], folder: Path) -> str:
    name, text = file
    return f"mkdir -p \"$(dirname '{name}')\"; cat > '{name}' <<'END-OF-FILE'\n{text}END-OF-FILE\n"


def _environment(folder: Path, more: dict[str, str]) -> dict[str, str]:
    """The environment of a new installation, without variables that would change the output."""
    kept = {
        name: os.environ[name]
        for name in ("LD_LIBRARY_PATH", "KUBEBUILDER_ASSETS", "XDG_CACHE_HOME")
        if name in os.environ
    }
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**kept, "PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1", **more}


def with_examples(folder: Path) -> Path:
    """A folder that contains the examples, like a checkout."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    (folder / ".git").mkdir()
    return folder
