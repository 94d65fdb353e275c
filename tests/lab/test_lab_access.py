"""What a lab provides to its users: an administrator, other users, nodes, namespaces."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client, config

from blueprint.bundle.model import Bundle, BundlePool, Taint
from blueprint.lab import RequestFailed
from blueprint.lab.nodes import simulated_nodes
from tests.support.service_accounts import service_account

AN_HOUR = dt.timedelta(hours=1)


def who_am_i(kubeconfig: Path) -> Any:
    """The user that the API server sees for this kubeconfig. Raises ApiException."""
    with config.new_client_from_config(str(kubeconfig)) as api:
        return client.AuthenticationV1Api(api).create_self_subject_review({}).status.user_info


def refusal(kubeconfig: Path) -> int:
    with pytest.raises(client.ApiException) as refused:
        who_am_i(kubeconfig)
    return int(refused.value.status)


def bundle(*pools: BundlePool, node_labels: str = "apply") -> Bundle:
    return Bundle("b", "1", "r", "1.36", "kubeadm", None, node_labels, (), pools, ())


def pool(name: str, *, nodes_min: int = 2, gpus: int = 8) -> BundlePool:
    taint = Taint("nvidia.com/gpu", "present", "NoSchedule")
    labels, resources = {"extra": "label"}, {"nvidia.com/gpu": gpus}
    return BundlePool(
        name, {"pool": name}, nodes_min, 9, labels, (taint,), "H100-SXM5-80GB", gpus, {}, resources
    )  # fmt: skip


def test_the_admin_may_do_everything(lab, namespace: str) -> None:
    lab.request("POST", f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "a"}})

    found = lab.request("GET", f"/api/v1/namespaces/{namespace}/configmaps")

    assert [item["metadata"]["name"] for item in found["items"]] == ["a"]
    assert "system:masters" in who_am_i(lab.kubeconfig).groups


def test_an_error_of_the_api_server_is_raised_with_its_status_and_words(lab) -> None:
    with pytest.raises(RequestFailed, match=r"404.*not found") as failed:
        lab.request("GET", "/api/v1/namespaces/nowhere")

    assert failed.value.status == 404
    assert failed.value.answer["reason"] == "NotFound"


def test_a_manifest_can_be_applied_as_text(lab, namespace: str) -> None:
    yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {k: v}\n"
    path = f"/api/v1/namespaces/{namespace}/configmaps/b?fieldManager=tester"

    lab.request("PATCH", path, yaml, "application/apply-patch+yaml")

    made = lab.request("GET", path)
    assert made["data"] == {"k": "v"}
    assert made["metadata"]["managedFields"][0]["manager"] == "tester"


def test_a_user_has_the_name_and_groups_requested_and_no_rights(lab) -> None:
    kubeconfig = lab.user("jane", groups=["devs", "ops"])

    me = who_am_i(kubeconfig)

    assert me.username == "jane"
    assert {"devs", "ops"} <= set(me.groups)
    with config.new_client_from_config(str(kubeconfig)) as api, pytest.raises(client.ApiException) as no:
        client.CoreV1Api(api).list_node()
    assert no.value.status == 403, "RBAC is on"


def test_a_user_whose_certificate_has_expired_is_rejected(lab) -> None:
    assert refusal(lab.user("late", expires=-AN_HOUR)) == 401


def test_a_service_account_comes_in_with_a_token(lab, namespace: str) -> None:
    me = who_am_i(service_account(lab, namespace, "bot"))

    assert me.username == f"system:serviceaccount:{namespace}:bot"
    assert "token" in service_account(lab, namespace, "bot").read_text()


def test_an_expired_token_is_rejected(lab, namespace: str) -> None:
    assert refusal(service_account(lab, namespace, "bot", expires=-AN_HOUR)) == 401


def test_kubeconfigs_are_private(lab) -> None:
    assert {path.stat().st_mode & 0o777 for path in (lab.kubeconfig, lab.user("x"))} == {0o600}


def test_each_pool_gets_its_smallest_number_of_nodes_and_never_none() -> None:
    nodes = list(simulated_nodes(bundle(pool("train", nodes_min=3), pool("burst", nodes_min=0))))

    assert [node["metadata"]["name"] for node in nodes] == [
        "train-0000", "train-0001", "train-0002", "burst-0000",
    ]  # fmt: skip


def test_nodes_are_marked_as_simulated_and_keep_their_gpus(lab) -> None:
    """Status is usually dropped on create; nodes are the exception on which this relies."""
    name = "kept-0000"
    assert lab.create_nodes(simulated_nodes(bundle(pool("kept", nodes_min=1)))) == 1

    node = lab.request("GET", f"/api/v1/nodes/{name}")

    assert node["metadata"]["annotations"]["gpublueprint.dev/simulated"] == "true"
    assert node["metadata"]["labels"]["pool"] == "kept"
    assert node["status"]["capacity"]["nvidia.com/gpu"] == "8"
    assert node["status"]["allocatable"]["nvidia.com/gpu"] == "8"
    assert "taints" not in node["spec"], "neither the pool's (ours to apply) nor one for a kubelet that is not there"
    assert not [label for label in node["metadata"]["labels"] if label.startswith("nvidia.com/")]


def test_nodes_that_exist_are_left_as_they_are(lab) -> None:
    nodes = list(simulated_nodes(bundle(pool("again", nodes_min=1))))
    lab.create_nodes(nodes)
    patch = {"metadata": {"labels": {"by": "hand"}}}
    lab.request("PATCH", "/api/v1/nodes/again-0000", patch, "application/merge-patch+json")

    assert lab.create_nodes(nodes) == 0

    assert lab.request("GET", "/api/v1/nodes/again-0000")["metadata"]["labels"]["by"] == "hand"


def test_where_a_provisioner_labels_nodes_the_lab_acts_as_the_provisioner(lab) -> None:
    lab.create_nodes(simulated_nodes(bundle(pool("cloud", nodes_min=1), node_labels="provisioner")))

    node = lab.request("GET", "/api/v1/nodes/cloud-0000")

    assert node["metadata"]["labels"]["extra"] == "label"
    assert [taint["key"] for taint in node["spec"]["taints"]] == ["nvidia.com/gpu"]


def test_a_fresh_lab_is_another_cluster(lab, namespace: str) -> None:
    with lab.fresh() as own:
        names = [item["metadata"]["name"] for item in own.request("GET", "/api/v1/namespaces")["items"]]
        assert "default" in names
        assert namespace not in names
        assert own.server != lab.server


def test_kubectl_reaches_the_lab(lab, namespace: str) -> None:
    assert lab.kubectl("get", "namespace", namespace, "-o", "name").stdout == f"namespace/{namespace}\n"
