"""`lab up BLUEPRINT`, and the report of `lab status`: what runs, from where, and what is simulated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.lab.launch import take_down
from tests.support.lab_inhabitants import start
from tests.support.waits import PATIENCE

pytestmark = pytest.mark.lab
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "h100-training" / "blueprint.yaml"


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The labs of one folder: one with the nodes of the example."""
    root = tmp_path_factory.mktemp("labs")
    up = start("lab", "up", str(EXAMPLE), "--state", str(root), "--name", "demo")
    assert up.communicate(timeout=PATIENCE)[0] == f"{root}/demo/kubeconfig\n", "the only line, nodes or not"
    yield str(root)
    take_down(root / "demo")


def test_status_names_labs_nodes_binaries_and_what_is_simulated(state: str) -> None:
    status = start("lab", "status", "--state", state)

    said, _ = status.communicate(timeout=PATIENCE)

    assert status.returncode == 0
    assert "8 nodes (8 simulated), without controllers" in said
    assert "etcd Version: " in said
    assert "no image is pulled, no container and no probe runs" in said
    assert "kubelet, container runtime, device plugins" in said


def test_status_has_a_format_for_programs(state: str) -> None:
    said, _ = start("lab", "status", "--state", state, "--report", "json").communicate(timeout=PATIENCE)

    subject = json.loads(said)["subject"]

    assert subject["lab demo"].startswith("up, https://127.0.0.1:")
    assert "Kubernetes v1." in subject["binary kube-apiserver"]
    assert "evidence" in subject["simulated"]
    assert "network" in subject["left out"]


def test_a_blueprint_that_does_not_compile_starts_no_lab(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprnt\n")

    up = start("lab", "up", str(tmp_path / "bad.yaml"), "--state", str(tmp_path / "labs"))

    up.communicate(timeout=PATIENCE)
    assert up.returncode == 1
    assert not (tmp_path / "labs").exists()
