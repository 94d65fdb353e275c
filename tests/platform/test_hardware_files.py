"""GPU products that a blueprint adds: used like those of the catalogue, and rejected if they are wrong."""

from __future__ import annotations

from blueprint.pipeline import Compilation
from tests.support.edits import EVERYTHING
from tests.support.platforms import blueprint, compiled, pool

PRODUCT = (EVERYTHING / "hardware" / "trial.yaml").read_text("utf-8")
BLUEPRINT = blueprint(pool("trial", product="TRIAL-48GB", count=2), spec='  hardware: ["hw/*.yaml"]\n')


def beside(**products: str) -> Compilation:
    """The blueprint, compiled with the product files `hw/NAME.yaml`."""
    return compiled(BLUEPRINT, files={f"hw/{name}.yaml": text for name, text in products.items()})


def told(done: Compilation) -> list[tuple[str, str, int]]:
    """Code, file and line of every diagnostic."""
    return [(found.code.id, found.at.file, found.at.line) for found in done.diagnostics if found.at]


def test_a_product_of_ones_own_decides_what_a_probe_must_find() -> None:
    done = beside(trial=PRODUCT)
    assert done.diagnostics == ()
    assert done.bundle
    wants = {each.check: each for each in done.bundle.expectations}
    assert wants["gpu-product"].parameters["nvmlNames"] == ["NVIDIA TRIAL"]
    assert wants["gpu-memory"].parameters["mib"] == 49140
    places = {(source.file, source.path) for source in wants["gpu-memory"].sources}
    assert {("blueprint.yaml", "spec.hardware[0]"), ("hw/trial.yaml", "memoryMib")} <= places


def test_the_file_is_an_input_of_the_bundle() -> None:
    done = beside(trial=PRODUCT)
    assert done.files
    assert b'"hw/trial.yaml"' in done.files["blueprint.lock"]


def test_a_wrong_file_is_reported_and_not_the_pool_that_names_its_product() -> None:
    wrong = PRODUCT.replace("confidence: observed", "confidence: sure", 1)
    done = beside(trial=wrong)
    line = wrong.splitlines().index(next(line for line in wrong.splitlines() if "sure" in line)) + 1
    assert told(done) == [("BP3901", "hw/trial.yaml", line)]


def test_a_name_that_is_taken_is_refused() -> None:
    """By the catalogue and by another file; facts are never merged."""
    shipped = PRODUCT.replace("TRIAL-48GB", "L40S", 1)
    done = beside(again=PRODUCT, shipped=shipped, trial=PRODUCT)
    assert sorted(told(done)) == [("BP3905", "hw/shipped.yaml", 1), ("BP3905", "hw/trial.yaml", 1)]


def test_a_pattern_without_a_file_is_refused_at_its_line() -> None:
    assert told(beside()) == [
        ("BP3906", "blueprint.yaml", BLUEPRINT.splitlines().index('  hardware: ["hw/*.yaml"]') + 1)
    ]
