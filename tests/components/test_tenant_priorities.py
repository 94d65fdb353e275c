"""The priority cap is also enforced without other policies, on a real API server."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from blueprint.kubernetes.crds import load_crd
from blueprint.lab.access import RequestFailed
from tests.support.platforms import blueprint, pool, rendered
from tests.support.waits import eventually

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
WORKLOADS = "/apis/kueue.x-k8s.io/v1beta2/namespaces/{}/workloads"
SPEC = """
  policy: {admission: false}
  queueing: {kueue: {}, priorities: {production: 1000, research: 500}}
  tenants:
    capped: {namespaces: [capped], priorityCap: research, quota: {train: 4}}
    free: {namespaces: [free], quota: {train: 4}}
"""
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"


def workload(name: str, priority: int | None) -> dict[str, Any]:
    """The Workload that Kueue creates for a job."""
    container = {"name": "main", "image": "registry.example/app:1"}
    pod_set = {"name": "main", "count": 1, "template": {"spec": {"containers": [container], "restartPolicy": "Never"}}}
    spec = {"podSets": [pod_set], "queueName": "default"} | ({} if priority is None else {"priority": priority})
    return {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "Workload", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="module")
def capped(lab: Any) -> Iterator[Any]:
    """A lab with the tenants' namespaces and policies, and Kueue's definition of workloads without its webhook."""
    with lab.fresh() as own:
        crd = load_crd("kueue.x-k8s.io", "workloads")
        spec = {key: value for key, value in crd["spec"].items() if key != "conversion"}
        own.request("POST", CRDS, {**crd, "spec": spec})
        for each in rendered(blueprint(pool("train", product="H100-SXM5-80GB"), spec=SPEC), "tenancy"):
            places = {"Namespace": "/api/v1/namespaces", POLICY: f"{ADMISSION}/validatingadmissionpolicies"}
            places[BINDING] = f"{ADMISSION}/validatingadmissionpolicybindings"
            if each.id.kind in places:
                own.request("POST", places[each.id.kind], dict(each.data))
        eventually(lambda: _refused(own, "capped", 501), "the policy is in force", errors=(RequestFailed,))
        yield own


def _refused(lab: Any, namespace: str, priority: int | None) -> str | None:
    """Why the server would reject such a workload."""
    try:
        lab.request("POST", f"{WORKLOADS.format(namespace)}?dryRun=All", workload("it", priority))
    except RequestFailed as failed:
        if failed.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY):
            return str(failed)
        raise
    return None


@pytest.mark.parametrize("priority", [None, -5, 0, 499, 500])
def test_workloads_up_to_the_cap_are_admitted(capped: Any, priority: int | None) -> None:
    assert _refused(capped, "capped", priority) is None


@pytest.mark.parametrize("priority", [501, 1000, 2_000_000_000])
def test_workloads_above_the_cap_are_refused_with_the_tenants_name(capped: Any, priority: int) -> None:
    assert "tenant capped: it may have no priority above 500" in str(_refused(capped, "capped", priority))


def test_a_priority_cannot_be_raised_afterwards(capped: Any) -> None:
    capped.request("POST", WORKLOADS.format("capped"), workload("mine", 500))
    path = f"{WORKLOADS.format('capped')}/mine"
    with pytest.raises(RequestFailed, match="no priority above"):
        capped.request("PATCH", path, {"spec": {"priority": 900}}, content_type="application/merge-patch+json")


def test_tenants_without_a_cap_may_have_any_priority(capped: Any) -> None:
    assert _refused(capped, "free", 2_000_000_000) is None
