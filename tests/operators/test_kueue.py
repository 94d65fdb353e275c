"""The real Kueue with the rendered queues: it starts as configured, admits what fits, lends and reclaims."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from blueprint.kubernetes.crds import crds_of
from tests.support.operators.discovery import FORBIDDEN
from tests.support.operators.operated import Operated
from tests.support.operators.queueing import API, Queueing, queue, without_later
from tests.support.promql_uses import labels_read

pytestmark = pytest.mark.parametrize("operated", ["queues"], indirect=True, scope="module")
GPU, PODS = "nvidia.com/gpu", "kueue.x-k8s.io/pod-group"
KUEUE = Path(__file__).parents[2] / "components/kueue"
NOT_HERE = {
    "kueue_finished_workloads_total": "counted when a workload ends, and none of these does",
    "kueue_admitted_until_ready_wait_time_seconds_bucket": "counted when pods are ready, and no kubelet runs them",
}
"""Metrics that the manager of this test does not export, with the reason."""
LATER = frozenset({"kueue_cluster_queue_resource_pending"})
"""Those that v0.17 does not know yet."""
ADDED = frozenset({"exported_namespace", "job", "le"})
"""Labels that Prometheus adds when it scrapes, and those of histograms' buckets."""


@pytest.fixture(scope="module")
def queueing(operated: Operated, kueue_image: tuple[dict[str, Path], bool]) -> Queueing:
    """The manager is ready, and every queue is active."""
    image, pinned = kueue_image
    if not pinned:
        without_later(operated)
    for crd in crds_of("autoscaling.x-k8s.io"):
        operated.lab.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
    return queue(operated, image)


def submit(queueing: Queueing, namespace: str, count: int, **resources: str) -> None:
    """Jobs `NAMESPACE-0` and so on, each with the resources and one GPU."""
    for index in range(count):
        queueing.submit(namespace, f"{namespace}-{index}", **{GPU: "1", "cpu": "4", "memory": "8Gi", **resources})


def keys(value: Any, path: str = "") -> Iterator[str]:
    """The paths of all fields of a configuration."""
    for key, item in value.items() if isinstance(value, dict) else ():
        yield f"{path}.{key}"
        yield from keys(item, f"{path}.{key}")


def test_it_knows_every_field_of_the_rendered_configuration(queueing: Queueing) -> None:
    """It first logs the loaded configuration."""
    [said] = [json.loads(line) for line in queueing.manager.said().splitlines() if '"config":"apiVersion:' in line]
    loaded = YAML(typ="safe").load(said["config"])
    assert {*keys(queueing.configuration())} <= {*keys(loaded)}
    assert loaded["managedJobsNamespaceSelector"] == queueing.configuration()["managedJobsNamespaceSelector"]


def test_every_queue_is_active(queueing: Queueing) -> None:
    assert len(queueing.queues()) == 6
    assert queueing.inactive() == []


def test_the_stored_objects_can_be_read_in_the_older_version(queueing: Queueing) -> None:
    """The definitions name the manager as the conversion webhook."""
    [older] = [
        each
        for each in queueing.operated.get("/apis/kueue.x-k8s.io/v1beta1/clusterqueues")
        if each["metadata"]["name"] == "left"
    ]
    assert older["spec"]["cohort"] == "both"


def test_one_job_more_than_the_quota_waits(queueing: Queueing) -> None:
    """The Job names no queue: the namespace has a default one. Memory and processors have no quota."""
    submit(queueing, "alone", 5)

    queueing.manager.wait_for(lambda: len(queueing.admitted("alone")) == 4 and len(queueing.waiting("alone")) == 1)


def test_outside_of_tenants_nothing_is_held(queueing: Queueing) -> None:
    assert not queueing.submit("default", "free", **{GPU: "1"})["spec"].get("suspend")


def test_a_tenant_borrows_and_the_owner_reclaims(queueing: Queueing) -> None:
    submit(queueing, "right", 13)
    queueing.manager.wait_for(lambda: len(queueing.admitted("right")) == 12)

    submit(queueing, "left", 8)

    queueing.manager.wait_for(lambda: len(queueing.admitted("left")) == 8 and len(queueing.admitted("right")) == 4)


def test_pods_of_a_group_are_counted_by_what_they_request(queueing: Queueing) -> None:
    """Whatever they declare: of two that claim to be equal, one requests more."""
    lab, group = queueing.operated.lab, {f"{PODS}-name": "group"}
    for name, gpus in (("small", "1"), ("large", "3")):
        container = {"name": "main", "image": "example.org/x:1", "resources": {"limits": {GPU: gpus}}}
        annotations = {f"{PODS}-total-count": "2", "kueue.x-k8s.io/role-hash": "alike"}
        metadata = {"name": name, "labels": group, "annotations": annotations}
        pod = {"metadata": metadata, "spec": {"containers": [container], "restartPolicy": "Never"}}
        lab.request("POST", "/api/v1/namespaces/left/pods", pod)

    path = f"{API}/namespaces/left/workloads"
    queueing.manager.wait_for(lambda: any(each["metadata"]["name"] == "group" for each in queueing.operated.get(path)))
    sets = lab.request("GET", f"{path}/group")["spec"]["podSets"]
    assert sorted(
        (each["count"], each["template"]["spec"]["containers"][0]["resources"]["limits"][GPU]) for each in sets
    ) == [(1, "1"), (1, "3")]


def test_a_workload_starts_when_the_autoscaler_has_answered(queueing: Queueing) -> None:
    """It first gets quota, and then Kueue requests nodes for its pods."""
    lab, requests = queueing.operated.lab, "/apis/autoscaling.x-k8s.io/v1/namespaces/alone/provisioningrequests"
    queueing.submit("alone", "asks", **{f"{GPU}.shared": "2"})
    queueing.manager.wait_for(lambda: bool(queueing.operated.get(requests)))
    [request] = queueing.operated.get(requests)
    assert request["spec"]["provisioningClassName"] == "check-capacity.autoscaling.x-k8s.io"
    assert request["spec"]["parameters"] == {"NoRetry": "true"}
    assert [each["count"] for each in request["spec"]["podSets"]] == [1]
    assert "asks" not in queueing.admitted("alone")

    yes = {
        "type": "Provisioned",
        "status": "True",
        "reason": "Room",
        "message": "",
        "lastTransitionTime": "2026-11-30T00:00:00Z",
    }
    status = {"conditions": [yes], "provisioningClassDetails": {"RequestKey": "r1"}}
    path = f"{requests}/{request['metadata']['name']}/status"
    lab.request("PATCH", path, {"status": status}, "application/merge-patch+json")

    queueing.manager.wait_for(lambda: "asks" in queueing.admitted("alone"))
    [job] = [
        each
        for each in queueing.operated.get("/apis/batch/v1/namespaces/alone/jobs")
        if each["metadata"]["name"] == "asks"
    ]
    assert job["spec"]["template"]["spec"]["nodeSelector"]["example.org/request"] == "r1"


def expressions() -> Iterator[str]:
    """All expressions of recordings, alerts and panels about Kueue."""
    for name in ("records", "alerts", "dashboards"):
        for text in _texts(YAML(typ="safe").load((KUEUE / f"{name}.yaml").read_text())):
            if "kueue_" in text and "(" in text:
                yield text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(each)


def test_it_exports_what_records_alerts_and_panels_read(
    queueing: Queueing, kueue_image: tuple[dict[str, Path], bool]
) -> None:
    """After jobs were admitted, waited and were preempted for the owner of the quota."""
    read: dict[str, set[str]] = {}
    for each in expressions():
        for metric, labels in labels_read(each).items():
            if metric.startswith("kueue_"):
                read.setdefault(metric, set()).update(labels)
    exported = queueing.metrics()
    assert len(read) >= 14
    assert read.keys() - exported.keys() == NOT_HERE.keys() | (frozenset() if kueue_image[1] else LATER)
    assert {
        name: found for name in read.keys() & exported.keys() if (found := read[name] - exported[name] - ADDED)
    } == {}


def test_a_wrong_queue_is_refused_by_the_webhooks(queueing: Queueing) -> None:
    """They respond at the rendered paths."""
    path = f"{API}/clusterqueues/alone?dryRun=All"
    wrong = [{"op": "add", "path": "/spec/resourceGroups/0/flavors/0/resources/0/lendingLimit", "value": "1"}]
    with pytest.raises(Exception, match="lendingLimit"):
        queueing.operated.lab.request("PATCH", path, wrong, "application/json-patch+json")


def test_the_rendered_rights_are_enough(queueing: Queueing, kueue_image: tuple[dict[str, Path], bool]) -> None:
    """They are those of the rendered version; v0.17 still writes events of the core group."""
    refused = [line for line in queueing.manager.said().splitlines() if FORBIDDEN in line]
    assert [line for line in refused if kueue_image[1] or "Server rejected event" not in line] == []


def test_what_it_writes_is_not_drift(queueing: Queueing) -> None:
    assert queueing.drift() == []
