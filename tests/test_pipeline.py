"""The phases together: from texts in memory as from the disk, and as far as possible after errors."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blueprint.diagnostics import Severity
from blueprint.pipeline import compile_blueprint
from blueprint.source.files import DiskFiles, MemoryFiles

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted(path.parent.name for path in ROOT.glob("examples/*/blueprint.yaml"))
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: b, version: 1.0.0}
extends: [overlay.yaml]
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36.3", os: ubuntu-24.04}
  nodePools: {system: {nodes: 1, selector: {example.org/pool: system}}}
"""
OVERLAY = "apiVersion: gpublueprint.dev/v1alpha2\nkind: Overlay\nmetadata: {name: o}\nspec: {}\n"


def texts_below(folder: Path) -> dict[str, str]:
    """Every file of an example by its path from the repository's root."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix in (".yaml", ".yml"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_compiles_from_memory_as_it_does_from_the_disk(example: str) -> None:
    target = f"examples/{example}/blueprint.yaml"
    disk = compile_blueprint(target, files=DiskFiles(ROOT))
    memory = compile_blueprint(target, files=MemoryFiles(texts_below(ROOT / "examples")))
    assert disk.files is not None
    assert memory.files == disk.files
    assert memory.diagnostics == disk.diagnostics


def test_a_compilation_does_not_depend_on_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples" / EXAMPLES[0], tmp_path / "example")
    target = "example/blueprint.yaml"
    elsewhere = compile_blueprint(target, files=DiskFiles(tmp_path))
    monkeypatch.chdir(tmp_path)
    here = compile_blueprint(target)
    assert elsewhere.files == here.files
    assert elsewhere.diagnostics == here.diagnostics


def test_unsaved_text_is_compiled_instead_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "blueprint.yaml").write_text(BLUEPRINT)
    (tmp_path / "overlay.yaml").write_text(OVERLAY)
    edited = BLUEPRINT.replace("release:", "relaese:")
    compilation = compile_blueprint(
        "blueprint.yaml", files=MemoryFiles({"blueprint.yaml": edited}, DiskFiles(tmp_path))
    )
    [found] = [each for each in compilation.diagnostics if each.severity is Severity.ERROR]
    assert (found.code.id, str(found.at)) == ("BP2001", "blueprint.yaml:6:3")


def test_a_refused_overlay_does_not_hide_what_is_wrong_elsewhere() -> None:
    """And a key that the overlay may contain is not reported as missing."""
    texts = {
        "blueprint.yaml": BLUEPRINT.replace('  release: "2026.11"\n', "").replace("kubernetes:", "kubrenetes:"),
        "overlay.yaml": OVERLAY + "a: [",
    }
    compilation = compile_blueprint("blueprint.yaml", files=MemoryFiles(texts))
    places = [(found.code.id, str(found.at)) for found in compilation.diagnostics]
    assert places == [("BP2001", "blueprint.yaml:6:13"), ("BP1002", "overlay.yaml:6:1")]
    assert compilation.bundle is None
    assert compilation.exit_code == 1


def test_a_refused_manifest_does_not_hide_what_is_wrong_in_the_next_one() -> None:
    texts = {
        "blueprint.yaml": BLUEPRINT + '  extraManifests: ["m/*.yaml"]\n',
        "overlay.yaml": OVERLAY,
        "m/a.yaml": "a: [",
        "m/b.yaml": "kind: ConfigMap\n",
        "m/c.yaml": "a: {",
    }
    compilation = compile_blueprint("blueprint.yaml", files=MemoryFiles(texts))
    files = [found.at.file for found in compilation.diagnostics if found.at and found.at.file.startswith("m/")]
    assert files == ["m/a.yaml", "m/b.yaml", "m/c.yaml"]
