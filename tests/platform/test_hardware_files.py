"""GPU products that a blueprint brings along: used like those of the catalogue, and refused where they are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.pipeline import Compilation, compile_blueprint
from tests.support.edits import EVERYTHING

PRODUCT = (EVERYTHING / "hardware" / "trial.yaml").read_text("utf-8")
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: own}
spec:
  release: "2026.11"
  hardware: ["hw/*.yaml"]
  cluster: {kubernetes: "1.36"}
  nodePools:
    trial: {nodes: 1, selector: {pool: trial}, gpu: {product: TRIAL-48GB, count: 2}}
"""


def compiled(folder: Path, monkeypatch: pytest.MonkeyPatch, **products: str) -> Compilation:
    """The blueprint, compiled beside the product files `hw/NAME.yaml`."""
    (folder / "hw").mkdir()
    (folder / "blueprint.yaml").write_text(BLUEPRINT, "utf-8")
    for name, text in products.items():
        (folder / "hw" / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(folder)
    return compile_blueprint("blueprint.yaml")


def told(done: Compilation) -> list[tuple[str, str, int]]:
    """Code, file and line of every diagnostic."""
    return [(found.code.id, found.at.file, found.at.line) for found in done.diagnostics if found.at]


def test_a_product_of_ones_own_decides_what_a_probe_must_find(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = compiled(tmp_path, monkeypatch, trial=PRODUCT)
    assert done.diagnostics == ()
    assert done.bundle
    wants = {each.check: each for each in done.bundle.expectations}
    assert wants["gpu-product"].parameters["nvmlNames"] == ["NVIDIA TRIAL"]
    assert wants["gpu-memory"].parameters["mib"] == 49140
    places = {(source.file, source.path) for source in wants["gpu-memory"].sources}
    assert {("blueprint.yaml", "spec.hardware[0]"), ("hw/trial.yaml", "memoryMib")} <= places


def test_the_file_is_an_input_of_the_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = compiled(tmp_path, monkeypatch, trial=PRODUCT)
    assert done.files
    assert b'"hw/trial.yaml"' in done.files["blueprint.lock"]


def test_a_wrong_file_is_blamed_and_not_the_pool_that_names_its_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = PRODUCT.replace("confidence: observed", "confidence: sure", 1)
    done = compiled(tmp_path, monkeypatch, trial=wrong)
    line = wrong.splitlines().index(next(line for line in wrong.splitlines() if "sure" in line)) + 1
    assert told(done) == [("BP3901", "hw/trial.yaml", line)]


def test_a_name_that_is_taken_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both by the catalogue and by another file; facts are never overlaid on each other."""
    shipped = PRODUCT.replace("TRIAL-48GB", "L40S", 1)
    done = compiled(tmp_path, monkeypatch, again=PRODUCT, shipped=shipped, trial=PRODUCT)
    assert sorted(told(done)) == [("BP3905", "hw/shipped.yaml", 1), ("BP3905", "hw/trial.yaml", 1)]


def test_a_pattern_without_a_file_is_refused_at_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(compiled(tmp_path, monkeypatch)) == [("BP3906", "blueprint.yaml", 6)]
