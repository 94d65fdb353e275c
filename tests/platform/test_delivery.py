"""`spec.delivery`: the files for each tool, and mistakes, reported at their lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blueprint.cli.main import main
from blueprint.pipeline import Compilation, compile_blueprint
from blueprint.source.files import MemoryFiles

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "examples" / "eks-inference" / "blueprint.yaml").read_text("utf-8")
ARGOCD = "argocd: {repository: 'https://git.example/platform.git'}"


def compiled(delivery: str) -> Compilation:
    text = TEXT.replace("spec:\n", f"spec:\n  delivery: {{{delivery}}}\n", 1)
    return compile_blueprint("blueprint.yaml", files=MemoryFiles({"blueprint.yaml": text}))


def folders(compilation: Compilation) -> set[str]:
    return {"/".join(name.split("/")[:2]) for name in compilation.files or {} if name.startswith("delivery/")}


@pytest.mark.parametrize(
    ("delivery", "made"),
    [
        (f"path: ., {ARGOCD}", {"delivery/argocd"}),
        ("path: clusters/prod, flux: {source: platform}", {"delivery/flux"}),
        (f"path: clusters/prod, {ARGOCD}, flux: {{source: platform}}", {"delivery/argocd", "delivery/flux"}),
    ],
)
def test_files_are_created_for_each_declared_tool(delivery: str, made: set[str]) -> None:
    compilation = compiled(delivery)
    assert compilation.bundle is not None, compilation.diagnostics
    assert folders(compilation) == made
    lock = json.loads((compilation.files or {})["blueprint.lock"])
    assert {name for name in (compilation.files or {}) if name.startswith("delivery/")} <= set(lock["files"])
    assert set(lock["delivery"]) - {"path"} == {name.split("/")[1] for name in made}


def test_without_it_nothing_is_made() -> None:
    compilation = compile_blueprint("b.yaml", files=MemoryFiles({"b.yaml": TEXT}))
    assert compilation.bundle is not None
    assert folders(compilation) == set()
    assert "delivery" not in json.loads((compilation.files or {})["blueprint.lock"])


@pytest.mark.parametrize(
    ("delivery", "code"),
    [
        ("path: clusters/prod", "BP3380"),
        (f"path: /clusters/prod, {ARGOCD}", "BP2006"),
        (f"path: clusters/../prod, {ARGOCD}", "BP2006"),
        ("path: a, argocd: {repository: git.example/platform}", "BP2006"),
        ("path: a, flux: {source: x, interval: soon}", "BP2006"),
        ("path: a, flux: {source: x, sourceKind: HelmRepository}", "BP2005"),
        (f"{ARGOCD}", "BP2002"),
        (f"path: a, helm: {{}}, {ARGOCD}", "BP2001"),
    ],
)
def test_what_is_wrong_is_refused_at_its_line(delivery: str, code: str) -> None:
    compilation = compiled(delivery)
    assert compilation.bundle is None
    [found] = compilation.diagnostics
    assert found.code.id == code
    assert found.at is not None
    assert "delivery" in TEXT.replace("spec:\n", "spec:\n  delivery\n", 1).splitlines()[found.at.line - 1]


def test_nodes_that_nothing_would_label_cause_a_warning() -> None:
    head = f"spec:\n  nodeLabels: apply\n  delivery: {{path: a, {ARGOCD}}}\n"
    text = TEXT.replace("  nodeLabels: provisioner\n", "").replace("spec:\n", head, 1)
    compilation = compile_blueprint("b.yaml", files=MemoryFiles({"b.yaml": text}))
    assert "BP3381" in {each.code.id for each in compilation.diagnostics}
    assert "BP3381" not in {each.code.id for each in compiled(f"path: a, {ARGOCD}").diagnostics}


def test_a_bundle_with_it_is_read_checked_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(TEXT)
    (tmp_path / "b.yaml").write_text(TEXT.replace("spec:\n", f"spec:\n  delivery: {{path: a, {ARGOCD}}}\n", 1))
    assert main(["compile", "b.yaml", "-o", "bundle"]) == 0
    assert main(["compile", "b.yaml", "-o", "bundle", "--check"]) == 0
    assert main(["images", "bundle"]) == 0
    capsys.readouterr()
    assert main(["diff", "a.yaml", "bundle"]) == 1
    assert "delivery" in capsys.readouterr().out
    file = tmp_path / "bundle" / "delivery" / "argocd" / "application.yaml"
    file.write_text(file.read_text().replace("prune: false", "prune: true"))
    assert main(["compile", "b.yaml", "-o", "bundle", "--check"]) == 1
    assert main(["compile", "a.yaml", "-o", "bundle"]) == 0
    assert not (tmp_path / "bundle" / "delivery").exists()
