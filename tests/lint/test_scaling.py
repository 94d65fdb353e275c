"""The cost of linting grows linearly with the input: calls are counted, not timed."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from blueprint.cli.main import main
from blueprint.lint.inputs import Inputs, read_inputs
from blueprint.lint.run import LintResult, lint
from tests.support.call_counts import counted_calls, is_linear
from tests.support.lint_inputs import write_manifests

FILES = 4


def test_work_grows_with_the_number_of_objects(tmp_path: Path) -> None:
    """Objects of five kinds that refer to each other: each further one costs as much as those before."""
    counts = []
    for count in (100, 200, 400, 800):  # the first run reads schemas and rules
        folder = tmp_path / str(count)
        write_manifests(folder, count, FILES)
        calls, result = counted_calls(lambda folder=folder: _lint(str(folder)))
        assert (result.objects, [each.code.id for each in result.diagnostics]) == (count, ["BP5104"])
        counts.append(calls)
    assert is_linear(*counts[1:])


def test_work_grows_with_the_number_of_kustomizations(tmp_path: Path) -> None:
    """GitOps repositories have one in every folder."""
    counts = []
    for count in (50, 100, 200, 400):
        folder = tmp_path / str(count)
        for number in range(count):
            base, overlay = folder / f"base{number}", folder / f"overlay{number}"
            base.mkdir(parents=True)
            overlay.mkdir()
            (base / "kustomization.yaml").write_text("resources: [space.yaml]\n")
            (base / "space.yaml").write_text(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: n{number}}}\n")
            (overlay / "kustomization.yaml").write_text(f"resources: [../base{number}]\ncommonLabels: {{a: b}}\n")
        calls, result = counted_calls(lambda folder=folder: _lint(str(folder)))
        assert result.objects == count
        counts.append(calls)
    assert is_linear(*counts[1:])


def _lint(folder: str) -> LintResult:
    return lint(read_inputs([folder]), kubernetes_minor="1.36")


def test_the_input_exists_until_the_process_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Freeing a million positions takes longer than reporting that there is no finding."""
    file = tmp_path / "a.yaml"
    file.write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    found = []

    def end(code: int) -> int:
        found.append(any(isinstance(each, Inputs) and str(file) in each.texts for each in gc.get_objects()))
        return code

    assert main(["lint", str(file)], then=end) == 0, capsys.readouterr().out
    assert found == [True]
