"""What a probe must find on nodes besides GPUs follows from the pool, and blames its lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.pipeline import compile_blueprint

BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {{name: nodes, version: 1.0.0}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36.3", {cluster}}}
  nodePools:
    train:
      nodes: 2
      selector: {{example.org/pool: train}}
      gpu: {{product: H100-SXM5-80GB, count: 8}}
      driver: {{{driver}}}
{network}"""
HOST = ("nouveau", "kernel-modules", "operating-system", "kernel", "nvidia-peermem", "gdrdrv", "nvidia-fs",
        "network-cards", "network-ports")  # fmt: skip
UBUNTU, EKS = "os: ubuntu-24.04", "distribution: eks, os: ubuntu-24.04"
IB = {"fabric": "infiniband", "vendor": "15b3"}
OPEN = 'owner: operator, branch: "580", kernelModules: open'


def expected(tmp_path: Path, cluster: str, driver: str, network: str) -> dict[str, Any]:
    """The expectations about nodes: check to what is wanted."""
    file = tmp_path / "blueprint.yaml"
    said = f"      network: {{{network}}}\n" if network else ""
    file.write_text(BLUEPRINT.format(cluster=cluster, driver=driver, network=said), encoding="utf-8")
    done = compile_blueprint(str(file))
    assert done.bundle, [str(each) for each in done.diagnostics]
    assert all(each.sources for each in done.bundle.expectations)
    return {each.check: each for each in done.bundle.expectations if each.check in HOST}


@pytest.mark.parametrize(
    ("cluster", "driver", "network", "wants"),
    [
        (UBUNTU, "owner: operator", "", {"nouveau": True, "operating-system": "ubuntu-24.04"}),
        (UBUNTU, "owner: host, branch: '580'", "", {}),
        (UBUNTU, OPEN, "", {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open"}),
        (UBUNTU, "owner: operator, kernelModules: proprietary", "fabric: infiniband",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "proprietary",
          "nvidia-peermem": True, "network-cards": IB, "network-ports": IB}),
        (UBUNTU, "owner: operator", "fabric: infiniband, nics: 8, gdrcopy: true, gds: true",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open", "kernel": "5.12",
          "gdrdrv": True, "nvidia-fs": True, "network-cards": IB | {"cards": 8}, "network-ports": IB}),
        (UBUNTU, "owner: host, branch: '580'", "fabric: roce, driver: provider, resource: acme.example/roce, nics: 4",
         {"network-cards": {"fabric": "roce", "cards": 4}, "network-ports": {"fabric": "roce"}}),
        (EKS, OPEN, "fabric: efa, nics: 32",
         {"nouveau": True, "operating-system": "ubuntu-24.04", "kernel-modules": "open",
          "network-cards": {"fabric": "efa", "cards": 32}, "network-ports": {"fabric": "efa"}}),
    ],
)  # fmt: skip
def test_only_what_is_declared_is_expected(
    tmp_path: Path, cluster: str, driver: str, network: str, wants: dict[str, Any]
) -> None:
    found = expected(tmp_path, cluster, driver, network)
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
def test_a_finding_would_blame_the_line_that_asks(tmp_path: Path, check: str, line: str) -> None:
    found = expected(tmp_path, UBUNTU, OPEN, "fabric: infiniband, nics: 8, gdrcopy: true")
    assert found[check].sources[0].path == f"spec.nodePools.train.{line}"


def test_the_prerequisites_say_what_a_probe_judges(tmp_path: Path) -> None:
    expected(tmp_path, UBUNTU, OPEN, "fabric: infiniband, nics: 8")
    page = compile_blueprint(str(tmp_path / "blueprint.yaml")).files["prerequisites.md"].decode()
    [said] = [line for line in page.splitlines() if line.startswith("`blueprint probe` judges")]
    assert "network-cards, network-ports" in said
    assert "kubelet" not in said
