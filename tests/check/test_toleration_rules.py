"""Tolerations of workloads for the taints of pools and NodePools, and tolerations that are too broad."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object, Taint
from blueprint.check.rule_context import PoolOffer
from blueprint.check.runner import run_rules
from blueprint.render.canonical import canonical
from tests.support.rule_facts import context, devices, dra

ABOUT = {"BP6105", "BP6150", "BP6151", "BP6152"}
GPU = "containers: [{name: c, image: 'a/b:1', resources: {limits: {nvidia.com/gpu: 8}}}]"
NO_GPU = "containers: [{name: c, image: 'a/b:1'}]"
EVERY = "tolerations: [{operator: Exists}]"
DEDICATED = Taint("dedicated", "gpu", "NoSchedule")
LARGE = PoolOffer("train", {"nvidia.com/gpu": 8}, taints=(DEDICATED,), labels={"pool": "train"})
SMALL = PoolOffer("infer", {"nvidia.com/gpu": 1}, labels={"pool": "infer"})
PER_GPU = PoolOffer("open", {"nvidia.com/gpu": 8}, labels={"pool": "open"})


def pod(spec: str, kind: str = "Pod", namespace: str = "team", metadata: str = "{}") -> dict[str, Any]:
    """A Pod, or a DaemonSet or Deployment of such pods."""
    inner = yaml.safe_load(f"{{{', '.join(spec.splitlines())}}}")
    own = {"name": "w", "namespace": namespace}
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": kind, "metadata": {**own, **yaml.safe_load(metadata)}, "spec": inner}
    template = {"metadata": {"labels": {"app": "w"}, **yaml.safe_load(metadata)}, "spec": inner}
    selector = {"matchLabels": {"app": "w"}}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": own,
        "spec": {"selector": selector, "template": template},
    }


def node_pool(taints: str, count: str = "karpenter.k8s.aws/instance-gpu-count", name: str = "gpus") -> dict[str, Any]:
    requirements = [{"key": count, "operator": "In", "values": ["8"]}]
    spec = {"template": {"spec": {"requirements": requirements, "taints": yaml.safe_load(taints)}}}
    return {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": name}, "spec": spec}


def found(*data: dict[str, Any], pools: tuple[PoolOffer, ...] = (), **facts: Any) -> set[str]:
    objects = [Object(canonical(each), USERS) for each in data]
    return {each.code.id for each in run_rules(context(objects, pools, **facts)).diagnostics} & ABOUT


@pytest.mark.parametrize(
    ("spec", "pools", "expected"),
    [
        (GPU, (LARGE,), {"BP6105"}),
        (GPU, (LARGE, SMALL), {"BP6105"}),  # no other node has this many
        (GPU, (LARGE, PER_GPU), set()),
        (f"{GPU}\nnodeSelector: {{pool: train}}", (LARGE, PER_GPU), {"BP6105"}),
        (f"{GPU}\nnodeSelector: {{pool: open}}", (LARGE, PER_GPU), set()),
        (f"{GPU}\ntolerations: [{{key: dedicated, value: gpu}}]", (LARGE,), set()),
        (f"{GPU}\ntolerations: [{{key: dedicated, value: cpu}}]", (LARGE,), {"BP6105"}),
        (f"{GPU}\ntolerations: [{{key: dedicated, operator: Exists, effect: NoExecute}}]", (LARGE,), {"BP6105"}),
        (f"{NO_GPU}\ntolerations: [{{key: dedicated, operator: Exists}}]", (LARGE,), {"BP6152"}),
        (f"{NO_GPU}\ntolerations: [{{key: dedicated, value: cpu}}]", (LARGE,), set()),
        (f"{NO_GPU}\ntolerations: [{{key: dedicated, operator: Exists}}]", (SMALL,), set()),
    ],
)
def test_what_nodes_of_pools_keep_away(spec: str, pools: tuple[PoolOffer, ...], expected: set[str]) -> None:
    assert found(pod(spec), pools=pools) == expected


@pytest.mark.parametrize(
    ("device_class", "tolerations", "expected"),
    [
        ("gpu.nvidia.com", "[]", {"BP6105"}),
        ("gpu.nvidia.com", "[{key: dedicated, operator: Exists}]", set()),
        ("nics.example.com", "[]", set()),  # about which nothing is known
    ],
)
def test_pods_that_claim_devices_of_tainted_nodes(device_class: str, tolerations: str, expected: set[str]) -> None:
    requests = [{"name": "gpu", "exactly": {"deviceClassName": device_class}}]
    claim = {
        "apiVersion": "resource.k8s.io/v1",
        "kind": "ResourceClaim",
        "metadata": {"name": "one", "namespace": "team"},
        "spec": {"devices": {"requests": requests}},
    }
    claiming = pod(
        f"{NO_GPU}\nresourceClaims: [{{name: gpu, resourceClaimName: one}}]\ntolerations: {tolerations}",
    )
    platform = dra(products=(devices(),))
    assert found(claim, claiming, pools=(LARGE,), dra=platform) == expected


@pytest.mark.parametrize(
    ("spec", "kind", "namespace", "expected"),
    [
        (f"{GPU}\n{EVERY}", "Pod", "team", {"BP6150"}),
        (f"{NO_GPU}\n{EVERY}", "Deployment", "team", {"BP6150"}),
        (f"{GPU}\n{EVERY}", "DaemonSet", "team", set()),
        (f"{GPU}\n{EVERY}", "Pod", "kube-system", set()),
        (f"{GPU}\ntolerations: [{{operator: Exists, effect: NoSchedule}}]", "Pod", "team", {"BP6150"}),
        (f"{GPU}\ntolerations: [{{operator: Exists, effect: NoExecute}}]", "Pod", "team", set()),
        (f"{GPU}\ntolerations: [{{key: nvidia.com/gpu, operator: Exists}}]", "Pod", "team", set()),
        (f"{GPU}\ntolerations: [{{key: '', operator: Exists}}]", "Pod", "team", {"BP6150"}),
    ],
)
def test_tolerations_of_every_taint(spec: str, kind: str, namespace: str, expected: set[str]) -> None:
    assert found(pod(spec, kind, namespace)) == expected


@pytest.mark.parametrize(
    ("pools", "tolerations", "expected"),
    [
        ([node_pool("[{key: a, effect: NoSchedule}]")], "[]", {"BP6151"}),
        ([node_pool("[{key: a, effect: NoSchedule}]")], "[{key: a, operator: Exists}]", set()),
        ([node_pool("[{key: a, value: b, effect: NoSchedule}]")], "[{key: a, value: c}]", {"BP6151"}),
        ([node_pool("[{key: a, effect: PreferNoSchedule}]")], "[]", set()),
        ([node_pool("[{key: nvidia.com/gpu, effect: NoSchedule}]")], "[]", set()),  # added on EKS and GKE
        ([node_pool("[{key: a, effect: NoSchedule}]"), node_pool("[]", name="open")], "[]", set()),
        ([node_pool("[{key: a, effect: NoSchedule}]", count="karpenter.k8s.aws/instance-cpu")], "[]", set()),
    ],
)
def test_taints_of_node_pools(pools: list[dict[str, Any]], tolerations: str, expected: set[str]) -> None:
    assert found(*pools, pod(f"{GPU}\ntolerations: {tolerations}")) == expected


@pytest.mark.parametrize("spec", [NO_GPU, GPU.replace("limits", "requests")])
def test_pods_without_a_gpu_limit_are_not_checked_against_node_pools(spec: str) -> None:
    assert found(node_pool("[{key: a, effect: NoSchedule}]"), pod(spec)) == set()


@pytest.mark.parametrize(
    ("more", "kind", "metadata", "expected"),
    [
        ("", "Pod", "{}", {"BP6152"}),
        ("", "Deployment", "{}", {"BP6152"}),
        ("", "DaemonSet", "{}", set()),
        ("", "Pod", "{annotations: {gpu-fraction: '0.5'}}", set()),
        ("", "Deployment", "{annotations: {gpu-memory: '2000'}}", set()),
        ("resources: {requests: {nvidia.com/gpu: 1}}", "Pod", "{}", set()),
        ("resources: {limits: {amd.com/gpu: 1}}", "Pod", "{}", set()),
        ("env: [{name: NVIDIA_VISIBLE_DEVICES, value: all}]", "Pod", "{}", set()),  # BP6111 reports it
        ("env: [{name: OTHER, value: all}]", "Pod", "{}", {"BP6152"}),
    ],
)
def test_tolerations_of_gpu_nodes_without_a_gpu(more: str, kind: str, metadata: str, expected: set[str]) -> None:
    container = f"{{name: c, image: 'a/b:1', {more}}}"
    spec = f"containers: [{container}]\ntolerations: [{{key: nvidia.com/gpu, operator: Exists}}]"
    assert found(pod(spec, kind, metadata=metadata)) == expected


def test_claims_are_requests_too() -> None:
    tolerating = f"{NO_GPU}\ntolerations: [{{key: nvidia.com/gpu, operator: Exists}}]"
    assert found(pod(f"{tolerating}\nresourceClaims: [{{name: gpu, resourceClaimName: one}}]")) == set()


@pytest.mark.parametrize(("gpus", "expected"), [(8, set()), (0, {"BP6152"})])
def test_the_head_of_a_cluster_is_there_for_its_workers(gpus: int, expected: set[str]) -> None:
    tolerations = [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    head = {"containers": [{"name": "head", "image": "a/b:1"}], "tolerations": tolerations}
    worker = {"name": "worker", "image": "a/b:1", "resources": {"limits": {"nvidia.com/gpu": gpus} if gpus else {}}}
    groups = [{"groupName": "all", "replicas": 1, "template": {"spec": {"containers": [worker]}}}]
    spec = {"headGroupSpec": {"template": {"spec": head}}, "workerGroupSpecs": groups}
    cluster = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "r", "namespace": "team"},
        "spec": spec,
    }
    assert found(cluster) == expected
