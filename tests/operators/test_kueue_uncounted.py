"""Pods that no quota counts, in workloads with several pod sets: the behaviour of Kueue v0.19, and that `admit`
predicts it.

The other available version, v0.17, does not know `quotaCheckStrategy`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.admission.workloads import Admission
from blueprint.bundle.model import USERS, Object
from blueprint.kubernetes.crds import crds_of
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.operators.operated import Operated
from tests.support.operators.queueing import API, Queueing, queue

pytestmark = pytest.mark.parametrize("operated", ["uncounted"], indirect=True, scope="module")
FAILS = "Could not admit Workload"


@pytest.fixture(scope="module")
def queueing(pinned_kueue_image: dict[str, Path], operated: Operated) -> Queueing:
    """The manager, with JobSets."""
    for crd in crds_of("jobset.x-k8s.io"):
        operated.lab.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
    return queue(operated, pinned_kueue_image)


def jobset(name: str, namespace: str, *gpus: int) -> dict[str, Any]:
    """A JobSet with a set of one pod for each number of GPUs."""
    sets = []
    for index, number in enumerate(gpus):
        limits = {"cpu": "1", "memory": "1Gi", **({"nvidia.com/gpu": str(number)} if number else {})}
        container = {"name": "main", "image": "example.org/x:1", "resources": {"limits": limits}}
        pod = {"restartPolicy": "Never", "containers": [container]}
        job = {"parallelism": 1, "completions": 1, "template": {"spec": pod}}
        sets.append({"name": f"set{index}", "replicas": 1, "template": {"spec": job}})
    metadata = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "metadata": metadata,
        "spec": {"replicatedJobs": sets},
    }


JOBSETS = {
    "last": jobset("last", "gpus", 1, 0),
    "counted": jobset("counted", "machines", 0, 1),
    "first": jobset("first", "gpus", 0, 1),
}


def test_a_set_that_no_quota_counts_has_to_be_the_last_one(queueing: Queueing) -> None:
    for each in JOBSETS.values():
        path = f"/apis/jobset.x-k8s.io/v1alpha2/namespaces/{each['metadata']['namespace']}/jobsets"
        queueing.operated.lab.request("POST", path, each)

    queueing.manager.wait_for(lambda: admitted(queueing) == {"last", "counted"} and FAILS in queueing.manager.said())

    assert predicted(queueing) == {"last": "fits", "counted": "fits", "first": "no"}
    assert admitted(queueing) == {"last", "counted"}


def admitted(queueing: Queueing) -> set[str]:
    """The names of the JobSets that Kueue has started."""
    found = queueing.operated.get(f"{API}/workloads")
    return {
        each["metadata"]["ownerReferences"][0]["name"]
        for each in found
        for condition in each.get("status", {}).get("conditions", [])
        if (condition["type"], condition["status"]) == ("Admitted", "True")
    }


def predicted(queueing: Queueing) -> dict[str, str]:
    """The prediction of `admit` for each JobSet."""
    platform = queueing.operated.compilation.platform
    assert platform
    admission = Admission(platform, ResolvedFacts(platform), queueing.operated.bundle.objects)
    results = admission.results([Object(each, USERS) for each in JOBSETS.values()])
    return {each.subject.id.name: str(each.fit) for each in results}
