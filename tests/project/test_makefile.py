"""The two commands of the README report clearly what is missing, and CI runs what users run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=folder, env=alone, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("target", ["demo", "test"])
def test_an_old_python_is_named(tmp_path: Path, target: str) -> None:
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.1"\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    result = make(tmp_path, f"PYTHON={old}", target)
    assert result.returncode == 2
    assert "Python 3.11 or newer is needed, but Python 3.9.1 was found" in result.stderr


def test_no_python_at_all_is_reported(tmp_path: Path) -> None:
    result = make(tmp_path, "PYTHON=", "demo")
    assert result.returncode == 2
    assert "none was found on PATH" in result.stderr


def test_ci_runs_make_test_and_insists_on_the_lab() -> None:
    entry = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "BLUEPRINT_REQUIRE_LAB=1" in entry
    assert "\nexec make test " in entry


def test_the_demo_holds_its_commands_to_what_they_must_do(tmp_path: Path) -> None:
    """`make demo` with an example that no longer shows the point fails instead of showing nonsense."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT / "tools", checkout / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "examples", checkout / "examples")
    example = checkout / "examples" / "h100-training" / "blueprint.yaml"
    text = example.read_text(encoding="utf-8")
    for wrong in (text.replace("count: 8", "count: 80"), "# one more line\n" + text):
        example.write_text(wrong, encoding="utf-8")
        result = run_demo(checkout)
        assert result.returncode == 1
        assert "The demo stopped: " in result.stderr
    example.write_text(text, encoding="utf-8")
    assert run_demo(checkout).returncode == 0


def run_demo(checkout: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/demo.py"]
    return subprocess.run(command, cwd=checkout, capture_output=True, text=True, timeout=120, check=False)
