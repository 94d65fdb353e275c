"""The real GPU Operator accepts the rendered objects with the rendered permissions, and produces the
predicted objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.operators.machines import KERNEL
from tests.support.operators.operated import Operated
from tests.support.operators.operation import Operation, containers, named, operate, tolerates, workloads

BLUEPRINTS = [
    "mig-inference",
    "h100-training",
    "eks-inference",
    "eks-training",
    "air-gapped-lab",
    "dev-sharing",
    "gb200-racks",
    "all-settings",
    "dra-pilot",
]
OURS = ("nfd", "gpu-operator")
pytestmark = pytest.mark.parametrize("operated", BLUEPRINTS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def operation(operated: Operated, nfd_image: Mapping[str, Path], operator_image: Mapping[str, Path]) -> Operation:
    """The operator has created everything and reports success."""
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
    pulled = {image["image"] for workload in workloads(operation) for image in containers(workload)}
    listed = {each.ref for each in operated.compilation.images if each.pulled_by in OURS}
    of_kernels = {each for each in pulled if f"-{KERNEL}-" in each}  # precompiled: they cannot be listed in advance

    assert pulled - of_kernels == listed
    assert listed <= {line.partition("@")[0] for line in operated.compilation.files["images.txt"].decode().split()}
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


def test_what_it_writes_is_not_drift(operation: Operation) -> None:
    assert operation.operated.drift() == []


def test_an_edit_by_hand_is_drift_among_everything_that_it_writes(operation: Operation) -> None:
    path = f"/apis/{operation.stack()[0]}?fieldManager=kubectl-edit"
    edit = {"spec": {"dcgmExporter": {"enabled": False}}}

    operation.operated.lab.request("PATCH", path, edit, "application/merge-patch+json")

    [found] = operation.operated.drift()
    assert (found.path, found.declared, found.live) == ("spec.dcgmExporter.enabled", True, False)
    assert found.writer
    assert found.writer.manager == "kubectl-edit"
