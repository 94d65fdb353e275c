"""The processes in a lab's folder, read from /proc instead of the lab's own state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PYTHON = [sys.executable, "-m", "blueprint"]


def inhabitants(folder: Path) -> dict[int, str]:
    """The processes that have this working directory or name it on their command line, without zombies."""
    return {pid: program for pid in _pids() if (program := _program(pid, str(folder)))}


def supervisor_of(folder: Path) -> int:
    return int(json.loads((folder / "lab.json").read_text())["supervisor"].partition(":")[0])


def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
    """Start the command line in its own process group, as a terminal does."""
    return subprocess.Popen(
        [*PYTHON, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        **options,
    )


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit() and int(each.name) != os.getpid()]


def _program(pid: int, folder: str) -> str:
    try:
        works_in = str(Path(f"/proc/{pid}/cwd").readlink()).removesuffix(" (deleted)")
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""  # ended in the meantime, or a zombie
    supervises = "blueprint.lab.supervisor" in words and folder in words
    return words.replace("\0", " ")[:200] if supervises or works_in == folder else ""
