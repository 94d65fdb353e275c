"""The real Node Feature Discovery with the rendered configuration provides what the GPU Operator needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.operators.discovery import ANY_PORT, FORBIDDEN, PRESENT, Discovery, discover
from tests.support.operators.machines import KERNEL
from tests.support.operators.operated import Operated
from tests.support.waits import eventually

pytestmark = pytest.mark.parametrize("operated", ["mig-inference"], indirect=True, scope="module")
FEATURES = "/apis/nfd.k8s-sigs.io/v1alpha1"


@pytest.fixture(scope="module")
def discovered(operated: Operated, nfd_image: dict[str, Any]) -> Discovery:
    """Every node's worker has run, and the master has labelled the nodes."""
    return discover(operated, nfd_image)


def test_nodes_with_gpus_and_no_others_get_the_label_by_which_the_gpu_operator_finds_them(
    discovered: Discovery,
) -> None:
    nodes = discovered.operated.nodes()

    for name, node in nodes.items():
        expected = "true" if discovered.operated.pool_of(name).gpu_count else None
        assert node["metadata"]["labels"].get(PRESENT) == expected, name


def test_nodes_get_the_labels_of_which_the_drivers_image_is_made(discovered: Discovery) -> None:
    for node in discovered.operated.gpu_nodes():
        labels = node["metadata"]["labels"]
        assert labels["feature.node.kubernetes.io/system-os_release.ID"] == "ubuntu"
        assert labels["feature.node.kubernetes.io/system-os_release.VERSION_ID"] == "24.04"
        assert labels["feature.node.kubernetes.io/kernel-version.full"] == KERNEL


def test_a_rule_may_give_labels_of_nvidia_com(discovered: Discovery) -> None:
    rule = {
        "apiVersion": "nfd.k8s-sigs.io/v1alpha1",
        "kind": "NodeFeatureRule",
        "metadata": {"name": "of-a-test"},
        "spec": {"rules": [{"name": "r", "labels": {"nvidia.com/of-a-test": "true"}, "matchFeatures": [
            {"feature": "pci.device", "matchExpressions": {"vendor": {"op": "In", "value": ["10de"]}}}]}]},
    }  # fmt: skip
    operated = discovered.operated

    operated.lab.request("POST", f"{FEATURES}/nodefeaturerules", rule)

    def labelled() -> bool:
        return all("nvidia.com/of-a-test" in node["metadata"]["labels"] for node in operated.gpu_nodes())

    discovered.master.wait_for(labelled)
    operated.lab.request("DELETE", f"{FEATURES}/nodefeaturerules/of-a-test")
    discovered.master.wait_for(lambda: not labelled())


def test_features_of_nodes_that_are_gone_are_collected(discovered: Discovery) -> None:
    operated = discovered.operated
    namespace = operated.namespace_of("nfd")
    features = f"{FEATURES}/namespaces/{namespace}/nodefeatures"
    orphan = {"apiVersion": "nfd.k8s-sigs.io/v1alpha1", "kind": "NodeFeature", "metadata": {
        "name": "gone", "labels": {"nfd.node.kubernetes.io/node-name": "gone"}}, "spec": {}}  # fmt: skip
    operated.lab.request("POST", features, orphan)
    [pod] = eventually(lambda: operated.pods("nfd-gc", namespace))

    collector = operated.run(pod, discovered.image, ANY_PORT)

    collector.wait_for(lambda: "gone" not in {each["metadata"]["name"] for each in operated.get(features)})
    assert len(operated.get(features)) == len(operated.nodes())
    collector.stop()
    assert FORBIDDEN not in collector.said()


def test_the_rendered_rights_are_enough(discovered: Discovery) -> None:
    for program in (discovered.master, *discovered.workers):
        assert FORBIDDEN not in program.said()


def test_what_it_writes_is_not_drift(discovered: Discovery) -> None:
    assert discovered.operated.drift() == []


def test_an_edit_by_hand_is_drift_among_everything_that_it_writes(discovered: Discovery) -> None:
    operated = discovered.operated
    path = f"/apis/apps/v1/namespaces/{operated.namespace_of('nfd')}/deployments/nfd-master?fieldManager=kubectl-edit"

    operated.lab.request("PATCH", path, {"spec": {"paused": True}}, "application/merge-patch+json")

    [found] = operated.drift()
    assert (found.path, found.live) == ("spec.paused", True)
    assert found.writer
    assert found.writer.manager == "kubectl-edit"
