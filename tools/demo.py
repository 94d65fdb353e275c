#!/usr/bin/env python3
"""A demonstration of the tool with a real example: `make demo`.

It needs no cluster and no network, and writes to a temporary folder only. Every command is printed before its output.
The demo fails if an exit code or an output is not the expected one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples/h100-training/blueprint.yaml"
FIELD = "spec.driver.version"


class Unexpected(Exception):  # noqa: N818 - what happened, not a kind of error
    """A step did not behave as the demo expects."""


def main() -> int:
    """Run the demo and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="blueprint-demo-") as folder:
        try:
            _demo(Path(folder))
        except Unexpected as problem:
            print(f"\nThe demo stopped: {problem}", file=sys.stderr)
            return 1
    return 0


def _demo(folder: Path) -> None:
    shutil.copy(EXAMPLE, folder / "blueprint.yaml")

    _say("One document declares the GPU platform:")
    print(_numbered(folder / "blueprint.yaml"))

    _say("The document and all rendered manifests are checked against the schemas of the Kubernetes version:")
    _blueprint(folder, "validate blueprint.yaml", wants="No findings.")

    _say("It compiles to complete manifests, and to the data for later checks of the cluster:")
    _blueprint(folder, "compile blueprint.yaml -o bundle", wants="Wrote bundle")
    print("\n".join(["bundle/", *_tree(folder / "bundle")]))

    _say("Every rendered field can be traced to lines of the blueprint, the release and the template:")
    _blueprint(folder, f"trace blueprint.yaml ClusterPolicy/cluster-policy {FIELD}", wants="blueprint.yaml:21:24")

    _say("The effect of a new driver branch (exit code 1: there are differences):")
    _change(folder, "blueprint.yaml", "newer.yaml", 'branch: "580", kernel', 'branch: "595", kernel')
    _blueprint(folder, "diff blueprint.yaml newer.yaml", exits=1, wants=FIELD)

    _say("Now one line contains a typo. Nothing is written, and the message gives the place and the fix:")
    _change(folder, "blueprint.yaml", "broken.yaml", "H100-SXM5-80GB", "H100-SMX5-80GB")
    _blueprint(folder, "compile broken.yaml -o broken", exits=1, wants="broken.yaml:20:22")
    if (folder / "broken").exists():
        raise Unexpected("a broken blueprint was compiled into a folder")
    _say("Next: make test, make demo-live, docs/tutorials/first-blueprint.md")


def _say(line: str) -> None:
    print(f"\n\033[1m# {line}\033[0m" if sys.stdout.isatty() else f"\n# {line}", flush=True)


def _change(folder: Path, source: str, copy: str, old: str, new: str) -> None:
    """Write a copy in which `old` is replaced by `new`, and show the command for it."""
    text = (folder / source).read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise Unexpected(f"{source} holds {old!r} {text.count(old)} times")
    print(f"$ sed 's/{old}/{new}/' {source} > {copy}")
    (folder / copy).write_text(text.replace(old, new), encoding="utf-8")


def _blueprint(folder: Path, arguments: str, *, exits: int = 0, wants: str) -> None:
    """Run one command of the tool, print it with its output, and check its exit code and a part of its output."""
    print(f"$ blueprint {arguments}", flush=True)
    command = [sys.executable, "-m", "blueprint", *arguments.split()]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    print(result.stdout + result.stderr, end="", flush=True)
    if result.returncode != exits:
        raise Unexpected(f"`blueprint {arguments}` ended with exit code {result.returncode} instead of {exits}")
    if wants not in result.stdout:
        raise Unexpected(f"`blueprint {arguments}` does not say {wants!r}")


def _numbered(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(f"{number:4} | {line}" for number, line in enumerate(lines, start=1))


def _tree(folder: Path, indent: str = "") -> Iterator[str]:
    entries = sorted(folder.iterdir(), key=lambda entry: (entry.is_file(), entry.name))
    for entry in entries:
        last = entry is entries[-1]
        yield f"{indent}{'└── ' if last else '├── '}{entry.name}{'/' if entry.is_dir() else ''}"
        if entry.is_dir():
            yield from _tree(entry, indent + ("    " if last else "│   "))


if __name__ == "__main__":
    sys.exit(main())
