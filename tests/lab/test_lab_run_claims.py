"""`lab run` if pods claim GPUs: slices are predicted, and for unschedulable pods the failing condition is reported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.lab import Lab
from blueprint.lab.devices import CLASSES, SLICES, publish
from blueprint.lab.launch import take_down
from blueprint.lab.nodes import simulated_nodes
from blueprint.pipeline import compile_blueprint
from tests.support.lab_inhabitants import start
from tests.support.waits import PATIENCE, eventually

pytestmark = pytest.mark.lab
CLAIMS = Path(__file__).parent / "claims.yaml"
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: claims}
spec:
  release: "2026.11"
  allocation: dra
  cluster: {kubernetes: "1.36"}
  poolLabel: acme.example/pool
  nodePools:
    system: {nodes: 1}
    train:
      nodes: 2
      taints: [nvidia.com/gpu=true:NoSchedule]
      gpu: {product: H100-SXM5-80GB, count: 8}
"""


@pytest.fixture(scope="module")
def blueprint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("platform") / "blueprint.yaml"
    file.write_text(BLUEPRINT, "utf-8")
    return file


@pytest.fixture(scope="module")
def tried(blueprint: Path) -> dict[str, Any]:
    """All pods of the neighbouring file, run once."""
    file = blueprint.with_name("report.json")
    options = ["--workloads", str(CLAIMS), "--report", f"json={file}", "-q", "--timeout", "20s"]
    assert main(["lab", "run", str(blueprint), *options]) == 1
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def message(report: dict[str, Any], workload: str) -> str:
    [found] = [each for each in report["diagnostics"] if each.get("subject") == workload]
    return str(found["message"])


def placed(report: dict[str, Any], workload: str) -> dict[str, Any]:
    [found] = [each for each in report["placements"] if each["workload"] == workload]
    return dict(found)


def test_a_claim_that_fits_is_placed_and_told_in_words(tried: dict[str, Any]) -> None:
    found = placed(tried, "Pod/fits")

    assert found["outcome"] == "placed"
    assert found["requests"] == "claim gpus (2 gpu.nvidia.com)"


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ("Pod/too-big", ["pool train (2 nodes)", "request big", "memory is 81559Mi"]),
        ("Pod/aborts", ["nvlink"]),
        ("Pod/no-class", ["DeviceClass h200.nvidia.com does not exist"]),
        ("Pod/no-template", ["ResourceClaimTemplate nowhere does not exist"]),
        ("Pod/in-use", ["matching devices exist, but others have them"]),
        ("Pod/counted", ["requests 1 nvidia.com/gpu, but the node offers none"]),
    ],
)
def test_the_request_and_attribute_of_what_does_not_fit_are_reported(
    tried: dict[str, Any], workload: str, words: list[str]
) -> None:
    assert placed(tried, workload)["outcome"] == "not placed"
    assert all(each in message(tried, workload) for each in words), message(tried, workload)


def test_that_devices_are_predicted_is_reported(tried: dict[str, Any]) -> None:
    left_out = " ".join(tried["notAsked"])

    assert "ResourceSlices (predicted: no driver has seen a device)" in left_out
    assert "DeviceClass gpu.nvidia.com and mig.nvidia.com (an operator creates them" in left_out


def test_slices_are_marked_and_go_with_their_node(blueprint: Path) -> None:
    bundle = compile_blueprint(str(blueprint)).valid_bundle()
    with Lab.open(live=True) as lab:
        lab.create_nodes(simulated_nodes(bundle))
        assert publish(lab, bundle, lambda pool: pool.nodes_min, ()) == 2

        slices = lab.request("GET", SLICES)["items"]
        assert {each["metadata"]["annotations"]["gpublueprint.dev/simulated"] for each in slices} == {"true"}
        node = lab.request("GET", "/api/v1/nodes/train-0000")
        assert "nvidia.com/gpu" not in node["status"]["allocatable"]

        lab.request("DELETE", "/api/v1/nodes/train-0000")
        eventually(lambda: len(lab.request("GET", SLICES)["items"]) == 1, "its slices are gone")


def test_a_lab_that_stays_has_slices_and_classes_too(blueprint: Path, tmp_path: Path) -> None:
    up = start("lab", "up", str(blueprint), "--controllers", "--state", str(tmp_path / "labs"))
    up.communicate(timeout=PATIENCE)
    lab = Lab(tmp_path / "labs" / "default")
    try:
        assert len(lab.request("GET", SLICES)["items"]) == 2
        classes = {each["metadata"]["name"] for each in lab.request("GET", CLASSES)["items"]}
        assert {"gpu.nvidia.com", "mig.nvidia.com"} <= classes
        labels = lab.request("GET", "/api/v1/nodes/train-0000")["metadata"]["labels"]
        assert labels["feature.node.kubernetes.io/pci-10de.present"] == "true"
        assert "nvidia.com/gpu.product" not in labels, "with claims nothing discovers that"
    finally:
        take_down(lab.folder)
