"""Resolving: unknown names are reported and left out, and everything else is checked in the same run."""

from __future__ import annotations

import pytest

from blueprint.platform.expectations import expectations
from blueprint.platform.prerequisites import prerequisites
from tests.support.platforms import blueprint, diagnostics_of, pool, resolved

BLUEPRINT = blueprint(
    pool("other", nodes=0, product="L40S", count=4),
    pool("train", nodes=2, product="H100-SXM5-80GB"),
    os="ubuntu-24.04",
    settings="dcgmExporter: true",
)
NEVER_A_NODE = "BP3350"


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
def test_what_names_nothing_leaves_a_platform_that_everything_can_read(edit: tuple[str, str], code: str) -> None:
    platform, found = resolved(BLUEPRINT.replace(*edit))

    assert {code, NEVER_A_NODE} <= {diagnostic.code.id for diagnostic in found}
    assert platform
    assert platform.node_stack.containerd_socket
    assert platform.dra.dynamic_mig is False
    assert {each.scope for each in prerequisites(platform)} >= {"cluster", "other"}
    assert {each.pool for each in expectations(platform)} >= {"other"}


def test_a_pool_of_an_unknown_product_is_not_among_the_pools() -> None:
    platform, _ = resolved(BLUEPRINT.replace("H100-SXM5-80GB", "H100-SXM9"))

    assert platform
    assert [pool.name for pool in platform.pools] == ["other"]
    assert [pool.name for pool in platform.unresolved] == ["train"]
    assert platform.unresolved[0].mode.driver == "operator"


def test_without_a_release_everything_that_needs_none_is_checked() -> None:
    platform, found = resolved(BLUEPRINT.replace("2026.11", "1999.01"))

    assert platform is None
    assert {diagnostic.code.id for diagnostic in found} == {"BP3001", NEVER_A_NODE}


@pytest.mark.parametrize(
    "edit",
    [
        ("dcgmExporter: true", "sandboxWorkloads: true"),
        ("pool: other}", "pool: train}"),
        ("train: {nodes: 2,", "train: {nodes: 2, nvlinkDomain: {nodes: 4, label: rack},"),
        ("train: {nodes: 2,", "train: {nodes: 2, network: {fabric: efa, driver: networkOperator},"),
        ("train: {nodes: 2,", "train: {nodes: 2, owner: {driver: host}, driver: {kernelModules: open},"),
    ],
)
def test_what_is_found_without_a_release_is_found_with_one(edit: tuple[str, str]) -> None:
    """Checks that need no release must not read data of the newest one, which is used in its place."""
    _, with_release = resolved(BLUEPRINT.replace(*edit))
    without = diagnostics_of(BLUEPRINT.replace("2026.11", "1999.01").replace(*edit))

    assert {each.code.id for each in without} - {"BP3001"} <= {each.code.id for each in with_release}
    assert len(without) > 2, "the edit is found wrong, and so is the pool without nodes"
