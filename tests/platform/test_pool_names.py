"""Pools whose names differ only by a typing error."""

from __future__ import annotations

import pytest

from blueprint.diagnostics.spelling import is_slip_of
from blueprint.pipeline import compile_blueprint
from blueprint.source.files import MemoryFiles

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: good}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  nodePools:
    train: {nodes: 4, selector: {pool: train}}
"""
OVERLAY = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Overlay
spec: {nodePools: {POOL: {nodes: 4, selector: {pool: other}}}}
"""


@pytest.mark.parametrize(("pool", "is_found"), [("trian", True), ("train-b", False), ("infer", False)])
def test_an_overlay_that_creates_a_second_pool_by_a_typing_error_causes_a_warning(pool: str, is_found: bool) -> None:
    files = MemoryFiles({"blueprint.yaml": BLUEPRINT, "more.yaml": OVERLAY.replace("POOL", pool)})
    compilation = compile_blueprint("blueprint.yaml", files=files, overlays=["more.yaml"])
    assert compilation.bundle is not None
    found = [each for each in compilation.diagnostics if each.code.id == "BP3166"]
    assert bool(found) is is_found
    for each in found:
        expected = f"pool {pool} is new in more.yaml, and its name is nearly identical to that of pool train"
        assert each.message == expected
        assert each.at
        assert (each.at.file, each.at.line) == ("more.yaml", 3)
        assert [(note.at.file, note.at.line) for note in each.notes if note.at] == [("blueprint.yaml", 8)]


def test_two_pools_of_one_document_may_be_alike() -> None:
    text = BLUEPRINT + "    trian: {nodes: 4, selector: {pool: other}}\n"
    compilation = compile_blueprint("blueprint.yaml", files=MemoryFiles({"blueprint.yaml": text}))
    assert compilation.bundle is not None
    assert "BP3166" not in {each.code.id for each in compilation.diagnostics}


@pytest.mark.parametrize("name", ["trian", "tran", "traain", "tain", "rtain", "trainn"])
def test_slips(name: str) -> None:
    assert is_slip_of(name, "train")
    assert is_slip_of("train", name)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("train", "train"), ("train", "trains"), ("gpu1", "gpu2"), ("a1b", "a11b"), ("ab", "a"), ("h100", "h200"),
        ("a12", "a21"), ("train", "drain"),
    ],
)  # fmt: skip
def test_numbered_series_are_not_misspellings(one: str, two: str) -> None:
    assert not is_slip_of(one, two)
    assert not is_slip_of(two, one)
