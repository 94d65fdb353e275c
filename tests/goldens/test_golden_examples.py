"""Every example compiles to exactly the files kept here, on every machine.

UPDATE_GOLDENS=1 rewrites them, to be read in the review like any other change; refused where CI=true.
The definitions of custom resources are the same for all examples and kept once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GOLDENS = Path(__file__).parent
ROOT = GOLDENS.parent.parent
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/blueprint.yaml"))
UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"
KEPT = ("images.txt", "prerequisites.md", "resource-slices.yaml")
FOLDERS = ("manifests/", "workloads/")
CRD = "customresourcedefinition."


def compiled(example: str, out: Path, *, cwd: Path = ROOT, **environment: str) -> dict[str, bytes]:
    """Every file of the example's bundle, by its path."""
    target = os.path.relpath(ROOT / "examples" / example / "blueprint.yaml", cwd)
    command = [sys.executable, "-m", "blueprint", "compile", target, "-o", str(out)]
    result = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def read_goldens(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hold(files: dict[str, bytes], folder: Path) -> None:
    """Compare with the goldens, or become them."""
    if UPDATE:
        if os.environ.get("CI") == "true":
            pytest.fail("goldens are not updated in CI")
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    goldens = read_goldens(folder)
    assert sorted(files) == sorted(goldens)
    for name, content in files.items():
        assert content.decode() == goldens[name].decode(), f"{name}: UPDATE_GOLDENS=1 accepts the change"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles_to_its_goldens(example: str, tmp_path: Path) -> None:
    files = compiled(example, tmp_path / "out")
    kept = {name: content for name, content in files.items() if name in KEPT or name.startswith(FOLDERS)}
    hold({name: content for name, content in kept.items() if CRD not in name}, GOLDENS / "examples" / example)


def test_the_custom_resource_definitions_are_the_same_for_every_example(tmp_path: Path) -> None:
    """Versions and mirrors do not reach into them; only the platform's name does, in one label."""
    seen = {}
    for example in EXAMPLES:
        files = compiled(example, tmp_path / example)
        name = f"app.kubernetes.io/instance: {example}".encode()
        seen[example] = {
            path: content.replace(name, b"app.kubernetes.io/instance: EXAMPLE")
            for path, content in files.items()
            if CRD in path
        }
    every = {path: content for files in seen.values() for path, content in files.items()}
    for example, files in seen.items():
        assert files == {path: every[path] for path in files}, example
    hold(every, GOLDENS / "crds")


@pytest.mark.parametrize("example", EXAMPLES)
def test_two_runs_give_the_same_bytes(example: str, tmp_path: Path) -> None:
    """Hash seed, time zone, language, user and working directory have no part in a bundle."""
    elsewhere = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C", "HOME": str(tmp_path)}
    here = compiled(example, tmp_path / "a", PYTHONHASHSEED="1", TZ="UTC", LANG="C.UTF-8")
    there = compiled(example, tmp_path / "b", cwd=ROOT / "examples" / example, **elsewhere)
    assert here == there
