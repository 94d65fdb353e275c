"""The catalogue is read lazily by name, validates its files strictly, and knows the line of every fact."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from blueprint.catalog.catalog import Catalog, load_catalog, waves
from blueprint.catalog.components import Component
from blueprint.catalog.releases import Release
from blueprint.data import data_folder
from blueprint.diagnostics import Refused, known_names, nearest
from blueprint.records import replace

HARDWARE = Path(__file__).parents[2] / "blueprint" / "catalog" / "hardware"
RELEASES = HARDWARE.parent / "releases"


def release(name: str = "2026.11") -> Release:
    found = load_catalog().release(name)
    assert found is not None
    return found


def component(name: str) -> Component:
    found = load_catalog().component(name)
    assert found is not None
    return found


def catalogue_of(folder: Path) -> Catalog:
    """A catalogue of three folders under `folder`, any of which may be missing."""
    return Catalog(folder / "hardware", folder / "releases", folder / "components")


def with_gpu(folder: Path, old: str, new: str, name: str = "T4") -> Catalog:
    """A catalogue whose only product is T4, with one piece of its text replaced."""
    text = (HARDWARE / "T4.yaml").read_text("utf-8")
    assert old in text
    (folder / "hardware").mkdir()
    (folder / "hardware" / f"{name}.yaml").write_text(text.replace(old, new, 1), "utf-8")
    return catalogue_of(folder)


def test_only_the_product_that_is_requested_is_read(tmp_path: Path) -> None:
    with_gpu(tmp_path, "product", "product")
    (tmp_path / "hardware" / "BROKEN.yaml").write_text("{{{", "utf-8")
    catalog = catalogue_of(tmp_path)
    assert catalog.products == ("BROKEN", "T4")

    gpu = catalog.gpu("T4")

    assert gpu is catalog.gpu("T4")
    assert gpu is not None
    assert gpu.product == "T4"


def test_an_unknown_name_answers_none_and_the_likely_spelling_is_found() -> None:
    assert load_catalog().gpu("H100-SXM-80GB") is None
    assert nearest("H100-SXM-80GB", load_catalog().products) == "H100-SXM5-80GB"


@pytest.mark.parametrize("name", ["../releases/2026.11", "/etc/passwd", "", "t4"])
def test_a_name_is_not_a_path(name: str) -> None:
    assert load_catalog().gpu(name) is None


def test_a_fact_knows_its_line() -> None:
    gpu = load_catalog().gpu("H100-SXM5-80GB")
    assert gpu is not None
    assert gpu.memory_mib is not None

    span = gpu.memory_mib.span

    assert span.file == "catalog/hardware/H100-SXM5-80GB.yaml"
    line = gpu.document.lines[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == str(gpu.memory_mib.value) == "81559"
    assert gpu.memory_mib.path == "memoryMib"
    assert gpu.span("memoryMib", "value") == span


@pytest.mark.parametrize(
    ("old", "new", "about"),
    [
        ("tdpW:", "tdpKw:", "tdpKw"),
        ("confidence: read", "confidence: S", "nvmlNames.confidence"),
        ("value: 15360", 'value: "15360"', "memoryMib.value"),
        ("10de:1eb8", "10DE:1EB8", "pciDeviceIds.value[0]"),
        ("value: Turing", "value: Touring", "architecture.value"),
        ("source: pub", "sauce: pub", "architecture.sauce"),
        ("kernelModules:", "kernelmodules:", "kernelModules"),
    ],
)
def test_a_wrong_fact_is_refused_at_its_line(tmp_path: Path, old: str, new: str, about: str) -> None:
    with pytest.raises(Refused) as refused:
        with_gpu(tmp_path, old, new).gpu("T4")

    [found] = [d for d in refused.value.diagnostics if d.path == about]
    assert found.code.id == "BP3901"
    assert found.at
    line = (tmp_path / "hardware" / "T4.yaml").read_text("utf-8").splitlines()[found.at.line - 1]
    assert new in line or about == "kernelModules", line


def test_a_file_under_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        with_gpu(tmp_path, "product", "product", name="T4G").gpu("T4G")
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.code.id == "BP3902"
    assert (diagnostic.at and diagnostic.at.line) == 2


def test_an_empty_file_is_refused_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "hardware").mkdir()
    (tmp_path / "hardware" / "X1.yaml").write_text("# nothing\n", "utf-8")
    with pytest.raises(Refused, match="not a map"):
        catalogue_of(tmp_path).gpu("X1")


def test_the_release_names_components_that_exist_in_exactly_the_stored_version() -> None:
    assert release().components == {
        "dra-driver-nvidia-gpu": "v0.4.1",
        "nfd": "v0.19.0",
        "gpu-operator": "v26.7.0",
        "k8s-device-plugin": "v0.20.0",
        "dcgm-exporter": "4.5.3-4.8.2",
        "gpu-observability": "v1.0.0",
        "network-operator": "v26.4.1",
        "efa-device-plugin": "v0.5.20",
        "tenancy": "v1.0.0",
        "kueue": "v0.19.2",
        "kata-deploy": "4.1.0",
        "kata-admission": "v1.0.0",
        "kai-scheduler": "v0.17.0",
        "karpenter": "v1.14.1",
        "karpenter-pools": "v1.14.1",
    }
    assert {name: component(name).version for name in release().components} == release().components


def test_driver_branches_belong_to_their_versions_and_the_default_is_one_of_them() -> None:
    drivers = release().driver
    assert drivers.default_branch.value in drivers.branches
    for branch, facts in drivers.branches.items():
        assert facts.version.startswith(f"{branch}.")
    assert drivers.branches["580"].version == "580.173.02"


def test_the_default_driver_is_maintained_when_the_release_is_made() -> None:
    drivers = release().driver
    assert drivers.branches[drivers.default_branch.value].supported_until.replace("-", ".") >= release().release


def test_components_are_ordered_by_their_needs() -> None:
    [first, second] = waves([component("gpu-operator"), component("nfd")])
    assert ([one.name for one in first], [one.name for one in second]) == (["nfd"], ["gpu-operator"])


def test_a_need_that_an_external_component_fulfils_does_not_delay_a_component() -> None:
    assert waves([component("gpu-operator")]) == ((component("gpu-operator"),),)


def test_a_cycle_of_needs_is_refused() -> None:
    nfd = replace(component("nfd"), needs=("gpu-operator",))
    with pytest.raises(Refused) as refused:
        waves([nfd, component("gpu-operator")])
    assert refused.value.diagnostics[0].code.id == "BP3903"


def test_a_settings_value_is_judged_by_type_bounds_and_choice() -> None:
    settings = component("gpu-operator").settings
    assert settings["maxParallelUpgrades"].problem(4) is None
    assert settings["maxParallelUpgrades"].problem(-1) == "must be at least 0"
    assert settings["maxParallelUpgrades"].problem(True) == "must be a whole number"
    assert settings["maxParallelUpgrades"].problem("4") == "must be a whole number"
    assert settings["logLevel"].problem("loud") == "must be one of debug, info, error"
    assert settings["maxUnavailable"].problem("a quarter") == "must match [1-9][0-9]*|([1-9][0-9]?|100)%"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("default: 1\n", "default: 9\n", "masterReplicas is wrong: the default must be at most 5"),
        ("requires: [podMonitor]", "requires: [monitor]", "setting podMonitorInterval requires monitor, which is not"),
        ("- master.yaml", "- ../../gpu-operator/templates/role.yaml", "must be the name of a YAML file in this folder"),
        ("- nfd.k8s-sigs.io/nodefeatures.yaml", "- ../secret.yaml", "must be GROUP/.VERSION/.PLURAL.yaml"),
        ("ownership: [managed,", "ownership: [owned,", "must be one of managed, external, absent"),
    ],
)
def test_a_component_cannot_contradict_itself_or_reach_out_of_its_folder(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    folder = tmp_path / "components" / "nfd"
    folder.mkdir(parents=True)
    text = (data_folder("components") / "nfd" / "component.yaml").read_text("utf-8")
    assert old in text
    (folder / "component.yaml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(Refused, match=said):
        catalogue_of(tmp_path).component("nfd")


def test_importing_the_catalogue_reads_no_file_and_no_heavy_library() -> None:
    script = (
        "import sys; from blueprint.catalog.catalog import load_catalog; load_catalog();"
        "print([m for m in ('kubernetes', 'git', 'jinja2', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout


def test_of_many_names_only_those_that_were_probably_meant_are_reported() -> None:
    """No one reads eighty names; three similar ones help, and a hint where to find the rest."""
    products = load_catalog().products
    told = known_names("H100-SMX5-80GB", products)
    assert told.startswith(f"{len(products)} are known, among them H100-SXM5-80GB, ")
    assert told.count(",") == 3
    assert known_names("Foo-Bar-Baz", products) == f"{len(products)} are known; `blueprint explain` lists them"
    assert known_names("c", ["b", "a"]) == "known: a, b"
