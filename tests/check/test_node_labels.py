"""Labels that GPU feature discovery will set, and requirements of pods that they can or cannot meet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.check.node_labels import LabelValues
from blueprint.pipeline import compile_blueprint

HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: p}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  extraManifests: [pod.yaml]
  nodePools:
    shared: {nodes: 1, selector: {a.example/pool: shared}, gpu: {product: A10, count: 4, sharing: {timeSlicing: 4}}}
    whole: {nodes: 1, selector: {a.example/pool: whole}, gpu: {product: H100-SXM5-80GB, count: 8}}
"""
SINGLE = HEAD[: HEAD.index("    shared:")] + (
    "    cut: {nodes: 1, selector: {a.example/pool: cut}, gpu: {product: A100-SXM4-40GB, count: 8,"
    " mig: {strategy: single, layout: [{profiles: {1g.5gb: 7}}]}}}\n"
)


def said(folder: Path, blueprint: str, *terms: list[dict[str, Any]], selector: dict[str, str] | None = None) -> bool:
    """Whether a finding reports that no nodes meet these requirements of a pod."""
    affinity = {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": each} for each in terms]
            }
        }
    }
    spec: dict[str, Any] = {
        "containers": [{"name": "c", "image": "r.example/c:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]
    }
    spec |= {"affinity": affinity} if terms else {}
    spec |= {"nodeSelector": selector} if selector else {}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec}
    (folder / "blueprint.yaml").write_text(blueprint)
    (folder / "pod.yaml").write_text(json.dumps(pod))
    found = compile_blueprint(str(folder / "blueprint.yaml")).diagnostics
    assert {each.code.id for each in found} <= {"BP6108"}, found
    return bool(found)


def term(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


PRODUCT, MEMORY, COUNT = "nvidia.com/gpu.product", "nvidia.com/gpu.memory", "nvidia.com/gpu.count"


@pytest.mark.parametrize(
    ("selector", "missed"),
    [
        ({PRODUCT: "NVIDIA-A10"}, True),
        ({PRODUCT: "NVIDIA-A10-SHARED"}, False),
        ({PRODUCT: "NVIDIA-H100-80GB-HBM3"}, False),
        ({PRODUCT: "NVIDIA-H100-80GB-HBM3-SHARED"}, True),
        ({PRODUCT: "H100"}, True),
        ({PRODUCT: "NVIDIA-A10-SHARED", "a.example/pool": "whole"}, True),
        ({PRODUCT: "NVIDIA-A10-SHARED", "a.example/pool": "shared"}, False),
        ({COUNT: "8"}, False),
        ({COUNT: "16"}, True),
        ({"nvidia.com/gpu.replicas": "4"}, False),
        ({"nvidia.com/gpu.replicas": "5"}, False),  # the labels of GPUs that are not shared are not predicted
        ({"nvidia.com/mig.capable": "true"}, False),
        ({"nvidia.com/gpu.family": "hopper"}, False),
        ({"nvidia.com/gpu.family": "blackwell"}, True),
        ({"nvidia.com/gpu.sharing-strategy": "mps"}, True),
        ({"kubernetes.io/arch": "arm64"}, False),
    ],
)
def test_selectors(tmp_path: Path, selector: dict[str, str], missed: bool) -> None:
    assert said(tmp_path, HEAD, selector=selector) is missed


@pytest.mark.parametrize(
    ("terms", "missed"),
    [
        ([[term(PRODUCT, "In", "NVIDIA-H100-SXM5-80GB", "NVIDIA-H100-80GB-HBM3")]], False),
        ([[term(PRODUCT, "In", "NVIDIA-H100-SXM5-80GB")]], True),
        ([[term(PRODUCT, "In", "X")], [term(PRODUCT, "In", "NVIDIA-A10-SHARED")]], False),
        ([[term(PRODUCT, "In", "X")], [term(PRODUCT, "In", "Y")]], True),
        ([[term(MEMORY, "Gt", "81920")]], True),
        ([[term(MEMORY, "Gt", "80000")]], False),
        ([[term(MEMORY, "Lt", "20000")]], True),
        ([[term(MEMORY, "Gt", "40000"), term(PRODUCT, "In", "NVIDIA-A10-SHARED")]], True),
        ([[term(PRODUCT, "Exists")]], False),
        ([[term(PRODUCT, "NotIn", "NVIDIA-A10-SHARED", "NVIDIA-H100-80GB-HBM3")]], True),
        ([[term(PRODUCT, "NotIn", "NVIDIA-A10-SHARED")]], False),
    ],
)
def test_required_affinity(tmp_path: Path, terms: list[list[dict[str, Any]]], missed: bool) -> None:
    assert said(tmp_path, HEAD, *terms) is missed


@pytest.mark.parametrize(
    ("selector", "missed"),
    [
        ({PRODUCT: "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"}, False),
        ({PRODUCT: "NVIDIA-A100-SXM4-40GB"}, True),
        ({MEMORY: "4864"}, False),  # an instance's own labels are not derived
    ],
)
def test_instances_of_one_profile(tmp_path: Path, selector: dict[str, str], missed: bool) -> None:
    assert said(tmp_path, SINGLE, selector=selector) is missed


@pytest.mark.parametrize(
    ("values", "operator", "wanted", "may"),
    [
        (LabelValues(("100",), 5), "In", ["104"], True),
        (LabelValues(("100",), 5), "In", ["106"], False),
        (LabelValues(("100",), 5), "NotIn", ["100"], True),
        (LabelValues(("100",), 5), "Gt", ["104"], True),
        (LabelValues(("100",), 5), "Gt", ["105"], False),
        (LabelValues(("100",)), "Lt", ["100"], False),
        (LabelValues(("a",)), "Gt", ["5"], True),
        (LabelValues(("a",)), "DoesNotExist", [], False),
        (LabelValues(("a",)), "Exists", [], True),
    ],
)
def test_a_label_that_is_known_before_there_are_nodes(
    values: LabelValues, operator: str, wanted: list[str], may: bool
) -> None:
    assert values.may(operator, wanted) is may
