"""`--fix` applies the suggestions of findings, changes nothing else, and reports what it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blueprint.cli.main import main

TEXT = (Path(__file__).resolve().parents[2] / "examples" / "h100-training" / "blueprint.yaml").read_text("utf-8")
BROKEN = TEXT.replace("  release:", "  realease:").replace("H100-SXM5-80GB", "H100-SMX5-80GB")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_only_what_was_wrong_is_changed(ending: str, mark: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """First a key; then the product, which is checked only after the keys are right."""
    file = here / "blueprint.yaml"
    file.write_bytes((mark + BROKEN).replace("\n", ending).encode())
    assert main(["validate", "--fix", "--report", "json"]) == 0
    assert file.read_bytes().decode() == (mark + TEXT).replace("\n", ending)
    report = json.loads(capsys.readouterr().out)
    assert [each["message"] for each in report["diagnostics"]] == [
        "fixed unknown-key: realease was replaced by release",
        "fixed unknown-product: H100-SMX5-80GB was replaced by H100-SXM5-80GB",
    ]
    assert report["verdict"].endswith("2 findings fixed in blueprint.yaml.")


def test_what_has_no_fix_stays_and_is_reported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BROKEN.replace("nodes: 4", "nodes: four")
    (here / "blueprint.yaml").write_text(text)
    assert main(["validate", "--fix"]) == 1
    shown = capsys.readouterr().out
    assert "four" in (here / "blueprint.yaml").read_text()
    assert "realease was replaced by release" in shown
    assert "error[" in shown


def test_without_the_flag_nothing_is_written(here: Path) -> None:
    (here / "blueprint.yaml").write_text(BROKEN)
    assert main(["validate", "-q"]) == 1
    assert (here / "blueprint.yaml").read_text() == BROKEN


def test_files_outside_of_the_repository_are_not_edited(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "blueprint.yaml").write_text(BROKEN)
    (here / "inside" / ".git").mkdir(parents=True)
    monkeypatch.chdir(here / "inside")
    assert main(["validate", "--fix", "../blueprint.yaml", "-q"]) == 1
    assert (here / "blueprint.yaml").read_text() == BROKEN


def test_a_value_of_the_command_line_is_not_a_file(here: Path) -> None:
    (here / "blueprint.yaml").write_text(TEXT)
    assert main(["validate", "--fix", "--set", "spec.cluster.distribution=vanila", "-q"]) == 1
    assert sorted(file.name for file in here.iterdir()) == [".git", "blueprint.yaml"]


def test_a_file_that_cannot_be_written_is_as_before(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "blueprint.yaml").write_text(BROKEN)

    def full(path: Path, content: bytes, **_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("blueprint.cli.user_files.write_whole", full)
    assert main(["validate", "--fix"]) == 2
    assert "no space left" in capsys.readouterr().out
    assert (here / "blueprint.yaml").read_text() == BROKEN


def test_standard_input_cannot_be_corrected(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "-", "--fix"]) == 2
    assert main(["lint", "-", "--fix"]) == 2
    assert "--fix needs files" in capsys.readouterr().out


def test_manifests_are_corrected_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = "apiVersion: v1\nkind: Pod # a pod\nmetadata: {name: a}\nspec:\n  containers: [{name: a, imag: x:1}]\n"
    (here / "pod.yaml").write_text(manifest)
    assert main(["lint", "pod.yaml", "--fix", "--report", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert "BP0067" in [each["code"] for each in report["diagnostics"]]
    assert (here / "pod.yaml").read_text() == manifest.replace("imag:", "image:")
