"""Every instance type of the catalogue is consistent, and every value has its evidence and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.catalog.catalog import Catalog, load_catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.machines import Machine
from blueprint.diagnostics import Refused

CLOUDS = load_catalog().clouds
TYPES = [(cloud, name) for cloud in CLOUDS for name in cloud.types]
FILE = """
cloud: lunar
title: Lunar
distributions: []
evidence:
  cpu: {source: the data sheet of the machine, confidence: read}
types:
  m1: {cpu: 4}
"""


def machine(name: str) -> Machine:
    found = load_catalog().machine(name)
    assert found is not None
    return found


def lunar(folder: Path, old: str = "", new: str = "") -> Catalog:
    """A catalogue of one cloud, with one piece of its text replaced."""
    assert old in FILE
    folder.joinpath("lunar.yaml").write_text(FILE.replace(old, new) if old else FILE, "utf-8")
    return Catalog(folder / "none", folder / "none", folder / "none", folder)


def test_no_two_clouds_use_one_name() -> None:
    """An instance type is found only by its name."""
    assert len({name for _, name in TYPES}) == len(TYPES) >= 150
    assert {cloud.cloud for cloud in CLOUDS} == {"aws", "azure", "coreweave", "gcp", "ibm", "oci"}


@pytest.mark.parametrize("name", [name for _, name in TYPES])
def test_every_value_has_evidence_and_is_on_the_line_of_its_type(name: str) -> None:
    found = machine(name)
    facts = [value for name in found.__struct_fields__ if isinstance(value := getattr(found, name), Fact)]
    assert len(facts) >= 2
    for fact in facts:
        line = found.cloud.document.lines[fact.span.line - 1]
        assert line.startswith(f"  {name}: ")
        assert line[fact.span.column - 1 : fact.span.end_column - 1] == str(fact.value)
        assert len(fact.source) > 10


@pytest.mark.parametrize("name", [name for _, name in TYPES])
def test_its_gpu_is_in_the_catalogue_and_fits_the_processor(name: str) -> None:
    found = machine(name)
    assert found.product
    gpu = load_catalog().gpu(found.product.value)
    assert gpu is not None
    if found.arch and gpu.host_arch:
        assert found.arch.value == gpu.host_arch.value
    assert found.gpus or found.note or "unverified" in found.product.confidence


def test_a_value_that_its_line_doubts_is_unverified_and_the_others_are_not() -> None:
    found = machine("Standard_NC40ads_H100_v5")
    assert found.product
    assert found.cpu
    assert (found.product.certain, found.cpu.certain) == (False, True)


def test_a_name_is_compared_whole() -> None:
    assert load_catalog().machine("p5.48xlarg") is None
    assert load_catalog().machine("p5") is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("{cpu: 4}", "{cpu: 4, gpus: 1}", "the column gpus has no evidence"),
        ("{cpu: 4}", "{cpu: 0}", "must be at least 1"),
        ("{cpu: 4}", "{cpus: 4}", "did you mean cpu?"),
        ("{cpu: 4}", "{cpu: 4, unverified: [cpus]}", "there is no column cpus"),
        ("confidence: read", "confidence: rumour", "must be one of read"),
        ("cloud: lunar", "cloud: solar", "this is solar, but it is stored as lunar"),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(old: str, new: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        lunar(tmp_path, old, new).machine("m1")
    assert any(says in found.message for found in refused.value.diagnostics)


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    found = lunar(tmp_path).machine("m1")
    assert found
    assert found.cpu
    assert (found.cpu.value, found.gpus) == (4, None)
