"""What is judged is what is rendered: checks read the resolved platform, not the blueprint a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.pipeline import compile_blueprint

TEXT = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: once}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04, DISTRIBUTION}
  nodePools:
    a: {nodes: 1, selector: {pool: a}, gpu: {A}}
    b: {nodes: 1, selector: {pool: b}, gpu: {B}}
  components: {gpu-operator: {settings: {SETTINGS}}}
"""
H100, V100 = "product: H100-SXM5-80GB, count: 8", "product: V100-SXM2-32GB, count: 8"
SLICED = "sharing: {timeSlicing: {1g.10gb: 4}}"
UNIFORM, MIXED = "mig: {layout: [{profiles: {1g.10gb: 7}}]}", "mig: {layout: [{devices: 0-3, profiles: {1g.10gb: 7}}]}"
NEVER = "driverObjects: never"


def codes(folder: Path, a: str, b: str, settings: str = "", distribution: str = "") -> set[str]:
    """The codes of errors and warnings of a blueprint with these two pools."""
    text = TEXT.replace("{A}", f"{{{a}}}").replace("{B}", f"{{{b}}}").replace("SETTINGS", settings)
    file = folder / "blueprint.yaml"
    file.write_text(text.replace(", DISTRIBUTION", f", distribution: {distribution}" if distribution else ""), "utf-8")
    return {found.code.id for found in compile_blueprint(str(file)).diagnostics}


@pytest.mark.parametrize(
    ("a", "b", "refused"),
    [
        (f"{H100}, {UNIFORM}, {SLICED}", H100, True),
        (f"{H100}, {UNIFORM}, {SLICED}", f"{H100}, {MIXED}", False),
        (f"{H100}, {UNIFORM}, sharing: {{timeSlicing: {{gpu: 4}}}}", H100, False),
        (f"{H100}, {UNIFORM}, sharing: {{timeSlicing: {{gpu: 4}}}}", f"{H100}, {MIXED}", True),
    ],
)
def test_what_can_be_shared_follows_the_clusters_strategy(tmp_path: Path, a: str, b: str, *, refused: bool) -> None:
    """Under strategy single every instance is a gpu, also where no pool names the strategy."""
    assert ("BP3131" in codes(tmp_path, a, b)) is refused


@pytest.mark.parametrize(
    ("a", "b", "refused"),
    [
        (V100, H100, True),
        (H100, H100, False),
        (f'{H100}}}, driver: {{branch: "595"', H100, False),
        (f'{H100}}}, driver: {{branch: "580"', H100, True),
        (f"{H100}}}, driver: {{precompiled: true", H100, True),
    ],
)
def test_one_driver_for_all_must_be_the_driver_of_each(tmp_path: Path, a: str, b: str, *, refused: bool) -> None:
    """Defaults that differ are two drivers, and a default that somebody spells out is one."""
    assert ("BP3105" in codes(tmp_path, a, b, NEVER)) is refused


def test_a_warning_about_a_pool_hides_no_strategies_that_differ(tmp_path: Path) -> None:
    a100 = "product: A100-SXM4-80GB, count: 8"
    single = "mig: {strategy: single, layout: [{profiles: {1g.10gb: 7}}]}"
    assert {"BP3128", "BP3133"} <= codes(tmp_path, f"{a100}, {single}", f"{a100}, {MIXED}", distribution="aks")


@pytest.mark.parametrize(
    ("network", "refused"), [("{fabric: infiniband, gpuDirect: peermem}", True), ("{fabric: infiniband}", False)]
)
def test_one_driver_for_all_has_the_same_modules_beside_it(tmp_path: Path, network: str, *, refused: bool) -> None:
    """nvidia-peermem too: the first pool would decide for all whether it is loaded."""
    assert ("BP3322" in codes(tmp_path, H100, f"{H100}}}, network: {network[:-1]}", NEVER)) is refused
