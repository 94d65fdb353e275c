"""Commands on pages work in bash and zsh, with the tools of Linux and of macOS.

They are checked as text and, if the shells are installed, parsed by them; none was run on macOS.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.consoles import ROOT

PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCKS = re.compile(r"^```(sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
GNU_ONLY = {
    r"\bsed -i(?!\.)": "sed -i without a suffix",
    r"\bdate\b[^|;]* -d\b": "date -d",
    r"\breadlink -f\b": "readlink -f",
    r"\bgrep -\w*P": "grep -P",
    r"\bxargs -r\b": "xargs -r",
    r"\bstat -c\b": "stat -c",
    r"\bhead -n -": "head with all but the last lines",
}
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
GLOB = re.compile(r"(?<=\s)[^\s'\"$#]*[*?\[][^\s'\"]*")


def commands() -> Iterator[tuple[str, str]]:
    """Page and command, with continued lines joined."""
    for page in PAGES:
        for kind, body in BLOCKS.findall(page.read_text("utf-8")):
            lines = body.splitlines()
            if kind == "console":
                lines = [line[2:] for line in lines if line.startswith(("$ ", "> "))]
            yield page.relative_to(ROOT).as_posix(), "\n".join(lines)


def test_there_are_commands_to_read() -> None:
    assert len(list(commands())) > 50


def test_no_command_needs_the_tools_of_gnu() -> None:
    found = [(page, why) for page, text in commands() for form, why in GNU_ONLY.items() if re.search(form, text)]
    assert found == []


def test_no_pattern_is_left_to_a_shell_that_knows_no_such_file() -> None:
    """Zsh rejects a pattern without a match: `spec.nodePools.*.gpu` has none, `clusters/*/blueprint.yaml`
    is intended.
    """
    patterns = [(page, glob) for page, text in commands() for glob in GLOB.findall(QUOTED.sub("''", text))]
    meant = re.compile(r"(\w[\w.-]*/)*\*(/[\w.-]+|\.\w+)?|dist/\*\.whl|\[\w+\]|\[|\[\[")
    assert [(page, glob) for page, glob in patterns if not meant.fullmatch(glob)] == []


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_shells_can_read_every_command(shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    wrong = []
    for page, text in commands():
        done = subprocess.run([program, "-n"], input=text, text=True, capture_output=True, check=False, timeout=60)
        if done.returncode:
            wrong.append((page, done.stderr, text))
    assert wrong == []
