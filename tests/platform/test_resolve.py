"""Resolving: what names nothing is reported and left out, and everything else is judged in the same run."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Diagnostic
from blueprint.platform.expectations import expectations
from blueprint.platform.model import Platform
from blueprint.platform.prerequisites import prerequisites
from blueprint.platform.resolve import resolve
from blueprint.source.layers import load_layers
from blueprint.spec.parse import parse_blueprint

BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: demo}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  nodePools:
    other: {nodes: 0, selector: {pool: other}, gpu: {product: L40S, count: 4}}
    train: {nodes: 2, selector: {pool: train}, gpu: {product: H100-SXM5-80GB, count: 8}}
  components: {gpu-operator: {settings: {dcgmExporter: true}}}
"""
NEVER_A_NODE = "BP3350"


def resolved(folder: Path, *edit: str) -> tuple[Platform | None, list[Diagnostic]]:
    file = folder / "blueprint.yaml"
    file.write_text(BLUEPRINT.replace(*edit), "utf-8")  # type: ignore[arg-type]
    layered = load_layers(str(file))
    parsed, mistakes = parse_blueprint(layered)
    assert parsed, mistakes
    return resolve(parsed, layered.root, load_catalog())


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (("H100-SXM5-80GB", "H100-SXM9"), "BP3101"),
        (("os: ubuntu-24.04", "distribution: eks, os: beos-5"), "BP3210"),
        (("gpu-operator", "gpu-conductor"), "BP3201"),
        (("dcgmExporter: true", "dcgmExporter: [5]"), "BP3203"),
        (("dcgmExporter: true", "draFeatureGates: 5"), "BP3203"),
        (("dcgmExporter: true", "toolkitEnv: [5]"), "BP3203"),
    ],
)
def test_what_names_nothing_leaves_a_platform_that_everything_can_read(
    tmp_path: Path, edit: tuple[str, str], code: str
) -> None:
    platform, found = resolved(tmp_path, *edit)

    assert {code, NEVER_A_NODE} <= {diagnostic.code.id for diagnostic in found}
    assert platform
    assert platform.node_stack.containerd_socket
    assert platform.dra.dynamic_mig is False
    assert {each.scope for each in prerequisites(platform)} >= {"cluster", "other"}
    assert {each.pool for each in expectations(platform)} >= {"other"}


def test_a_pool_of_an_unknown_product_is_not_among_the_pools(tmp_path: Path) -> None:
    platform, _ = resolved(tmp_path, "H100-SXM5-80GB", "H100-SXM9")

    assert platform
    assert [pool.name for pool in platform.pools] == ["other"]
    assert [pool.name for pool in platform.unresolved] == ["train"]
    assert platform.unresolved[0].mode.driver == "operator"


def test_without_a_release_all_is_judged_that_needs_none(tmp_path: Path) -> None:
    platform, found = resolved(tmp_path, "2026.11", "1999.01")

    assert platform is None
    assert {diagnostic.code.id for diagnostic in found} == {"BP3001", NEVER_A_NODE}


@pytest.mark.parametrize(
    "edit",
    [
        ("dcgmExporter: true", "sandboxWorkloads: true"),
        ("pool: other}", "pool: train}"),
        ("train: {nodes: 2,", "train: {nodes: 2, nvlinkDomain: {nodes: 4, label: rack},"),
        ("train: {nodes: 2,", "train: {nodes: 2, network: {fabric: efa, driver: networkOperator},"),
        ("train: {nodes: 2,", "train: {nodes: 2, driver: {owner: host, kernelModules: open},"),
    ],
)
def test_what_is_found_without_a_release_is_found_with_one(tmp_path: Path, edit: tuple[str, str]) -> None:
    """Checks that need no release must not read what the newest one holds, which stands in for it."""
    _, with_release = resolved(tmp_path, *edit)
    text = BLUEPRINT.replace("2026.11", "1999.01").replace(*edit)
    (tmp_path / "blueprint.yaml").write_text(text, "utf-8")
    layered = load_layers(str(tmp_path / "blueprint.yaml"))
    parsed, _ = parse_blueprint(layered)
    assert parsed
    _, without = resolve(parsed, layered.root, load_catalog())

    assert {each.code.id for each in without} - {"BP3001"} <= {each.code.id for each in with_release}
    assert len(without) > 2, "the edit is found wrong, and so is the pool without nodes"
