"""What a probe must find on nodes besides GPUs follows from the pool, and refers to its lines."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.platform.expectations import expectations
from tests.support.platforms import H100, blueprint, compiled, platform, pool

HOST = ("nouveau", "kernel-modules", "operating-system", "kernel", "nvidia-peermem", "gdrdrv", "nvidia-fs",
        "network-cards", "network-ports")  # fmt: skip
UBUNTU, EKS = "os: ubuntu-24.04", "distribution: eks, os: ubuntu-24.04"
IB = {"fabric": "infiniband", "vendor": "15b3"}
OPEN = 'owner: {driver: operator}, driver: {branch: "580", kernelModules: open}'


def declared(cluster: str, driver: str, network: str) -> str:
    """A blueprint with one pool."""
    fields = [H100, driver, *([f"network: {{{network}}}"] if network else [])]
    return blueprint(pool("train", *fields, nodes=2), kubernetes="1.36.3", cluster=cluster)


def expected(cluster: str, driver: str, network: str) -> dict[str, Any]:
    """The expectations about nodes: each check with its expected value."""
    found = expectations(platform(declared(cluster, driver, network)))
    assert all(each.sources for each in found)
    return {each.check: each for each in found if each.check in HOST}


@pytest.mark.parametrize(
    ("cluster", "driver", "network", "wants"),
    [
        (UBUNTU, "owner: {driver: operator}", "", {"nouveau": True, "operating-system": "ubuntu-24.04"}),
        (UBUNTU, "owner: {driver: host}, driver: {branch: '580'}", "", {}),
        (UBUNTU, OPEN, "", {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open"}),
        (UBUNTU, "owner: {driver: operator}, driver: {kernelModules: proprietary}", "fabric: infiniband",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "proprietary",
          "nvidia-peermem": True, "network-cards": IB, "network-ports": IB}),
        (UBUNTU, "owner: {driver: operator}", "fabric: infiniband, nics: 8, gdrcopy: true, gds: true",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open", "kernel": "5.12",
          "gdrdrv": True, "nvidia-fs": True, "network-cards": IB | {"cards": 8}, "network-ports": IB}),
        (UBUNTU, "owner: {driver: host}, driver: {branch: '580'}",
         "fabric: roce, driver: provider, resource: acme.example/roce, nics: 4",
         {"network-cards": {"fabric": "roce", "cards": 4}, "network-ports": {"fabric": "roce"}}),
        (EKS, OPEN, "fabric: efa, nics: 32",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open",
          "network-cards": {"fabric": "efa", "cards": 32}, "network-ports": {"fabric": "efa"}}),
    ],
)  # fmt: skip
def test_only_what_is_declared_is_expected(cluster: str, driver: str, network: str, wants: dict[str, Any]) -> None:
    found = expected(cluster, driver, network)
    assert {check: each.parameters for check, each in found.items()} == wants


@pytest.mark.parametrize(
    ("check", "line"),
    [
        ("network-cards", "network.nics"),
        ("network-ports", "network.fabric"),
        ("gdrdrv", "network.gdrcopy"),
        ("kernel-modules", "driver.kernelModules"),
    ],
)
def test_a_finding_would_blame_the_line_that_asks(check: str, line: str) -> None:
    found = expected(UBUNTU, OPEN, "fabric: infiniband, nics: 8, gdrcopy: true")
    assert found[check].sources[0].path == f"spec.nodePools.train.{line}"


def test_the_prerequisites_state_what_a_probe_checks() -> None:
    files = compiled(declared(UBUNTU, OPEN, "fabric: infiniband, nics: 8")).files
    assert files
    page = files["prerequisites.md"].decode()
    [said] = [line for line in page.splitlines() if line.startswith("`blueprint probe` checks")]
    assert "network-cards, network-ports" in said
    assert "kubelet" not in said
