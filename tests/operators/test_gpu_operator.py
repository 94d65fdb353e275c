"""The real GPU Operator accepts what we render, with the rights that we render, and makes of it what we foretell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from machines import KERNEL
from operated import Operated
from operation import Operation, containers, named, operate, tolerates

BLUEPRINTS = [
    "mig-inference",
    "h100-training",
    "eks-inference",
    "eks-training",
    "air-gapped-lab",
    "dev-sharing",
    "gb200-racks",
    "all-settings",
]
pytestmark = pytest.mark.parametrize("operated", BLUEPRINTS, indirect=True, scope="module")
DEPLOY = "nvidia.com/gpu.deploy."


@pytest.fixture(scope="module")
def operation(operated: Operated, nfd_image: Mapping[str, Path], operator_image: Mapping[str, Path]) -> Operation:
    """The operator has made everything and says so."""
    return operate(operated, nfd_image, operator_image)


def test_it_reconciles_without_an_error(operation: Operation) -> None:
    conditions = {each["type"]: each for each in operation.policy()["status"]["conditions"]}

    assert conditions["Ready"]["status"] == "True"
    assert conditions["Ready"]["reason"] == "Reconciled"
    assert conditions["Error"]["status"] == "False"
    assert list(operation.errors()) == []


def test_the_rendered_rights_are_enough(operation: Operation) -> None:
    assert "forbidden" not in operation.before + operation.operator.said()


def test_what_it_pulls_is_what_the_list_of_images_says(operation: Operation) -> None:
    operated = operation.operated
    workloads = [*operated.get("/apis/apps/v1/daemonsets"), *operated.get("/apis/apps/v1/deployments")]
    pulled = {image["image"] for each in workloads for image in containers(each["spec"]["template"]["spec"])}
    listed = operated.compilation.files["images.txt"].decode().split()
    of_kernels = {each for each in pulled if f"-{KERNEL}-" in each}  # precompiled: nobody can list them beforehand

    assert pulled - of_kernels == {each.partition("@")[0] for each in listed}
    assert bool(of_kernels) == ("precompiled driver" in operated.compilation.files["prerequisites.md"].decode())


def test_its_workloads_tolerate_every_taint_of_the_nodes_with_gpus(operation: Operation) -> None:
    taints = [taint for node in operation.operated.gpu_nodes() for taint in node["spec"].get("taints", [])]
    assert taints

    for workload in operation.made("daemonsets"):
        for taint in taints:
            assert tolerates(workload, taint), (workload["metadata"]["name"], taint)


def test_the_configuration_that_its_workloads_name_exists(operation: Operation) -> None:
    kinds = {"configMap": "configmaps", "secret": "secrets"}
    found = {(kind, each["metadata"]["name"]): each.get("data", {}) for kind, plural in kinds.items()
             for each in operation.operated.get(f"/api/v1/namespaces/{operation.namespace}/{plural}")}  # fmt: skip

    for workload in operation.made("daemonsets"):
        for kind, name, key in named(workload):
            assert (kind, name) in found, workload["metadata"]["name"]
            assert key is None or key in found[kind, name], (workload["metadata"]["name"], name, key)


def test_labels_of_the_pools_stay_as_declared(operation: Operation) -> None:
    for pool in operation.operated.bundle.pools:
        for name, node in operation.operated.nodes().items():
            if name.rpartition("-")[0] == pool.name:
                assert pool.labels.items() <= node["metadata"]["labels"].items(), name


def test_what_it_writes_is_no_drift(operation: Operation) -> None:
    assert operation.operated.drift() == []
