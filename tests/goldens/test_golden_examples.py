"""Every example compiles to exactly the files stored here, on every machine.

UPDATE_GOLDENS=1 rewrites them, to be read in the review like any other change; refused where CI=true.
The definitions of custom resources are the same for all examples and kept once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

from blueprint.pipeline import compile_blueprint

GOLDENS = Path(__file__).parent
ROOT = GOLDENS.parent.parent
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/blueprint.yaml"))
UPDATE = os.environ.get("UPDATE_GOLDENS") == "1"
KEPT = ("images.txt", "prerequisites.md", "resource-slices.yaml")
FOLDERS = ("manifests/", "workloads/")
CRD = "customresourcedefinition."


@cache
def compiled(example: str) -> Mapping[str, bytes]:
    """Every file of the example's bundle, by its path, as this process makes them."""
    files = compile_blueprint(str(ROOT / "examples" / example / "blueprint.yaml")).files
    assert files
    return files


def read_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hold(files: dict[str, bytes], folder: Path) -> None:
    """Compare with the goldens, or write them."""
    if UPDATE:
        if os.environ.get("CI") == "true":
            pytest.fail("goldens are not updated in CI")
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    goldens = read_files(folder)
    assert sorted(files) == sorted(goldens)
    for name, content in files.items():
        assert content.decode() == goldens[name].decode(), f"{name}: UPDATE_GOLDENS=1 accepts the change"


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles_to_its_goldens(example: str) -> None:
    kept = {name: content for name, content in compiled(example).items() if name in KEPT or name.startswith(FOLDERS)}
    hold({name: content for name, content in kept.items() if CRD not in name}, GOLDENS / "examples" / example)


def test_the_custom_resource_definitions_are_the_same_for_every_example() -> None:
    """Versions and mirrors do not affect them; only the platform's name does, in one label."""
    seen = {}
    for example in EXAMPLES:
        name = f"app.kubernetes.io/instance: {example}".encode()
        seen[example] = {
            path: content.replace(name, b"app.kubernetes.io/instance: EXAMPLE")
            for path, content in compiled(example).items()
            if CRD in path
        }
    every = {path: content for files in seen.values() for path, content in files.items()}
    for example, files in seen.items():
        assert files == {path: every[path] for path in files}, example
    hold(every, GOLDENS / "crds")


@pytest.mark.parametrize("example", EXAMPLES)
def test_two_runs_give_the_same_bytes(example: str, tmp_path: Path) -> None:
    """Path, hash seed, time zone, language, user and working directory have no effect on a bundle."""
    elsewhere = {"PYTHONHASHSEED": "77", "TZ": "Asia/Tokyo", "LANG": "C", "LC_ALL": "C", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "blueprint", "compile", "blueprint.yaml", "-o", str(tmp_path / "out")]
    folder, environment = ROOT / "examples" / example, {**os.environ, **elsewhere}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert read_files(tmp_path / "out") == compiled(example)
