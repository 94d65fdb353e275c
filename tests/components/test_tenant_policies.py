"""The policies of tenants on a real API server: attacks are rejected with a suggested fix, and legitimate
work passes.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.kubernetes.crds import load_crd
from blueprint.lab.access import RequestFailed
from tests.support.lab_users import LabUser
from tests.support.platforms import blueprint, pool, rendered
from tests.support.policies_in_force import await_policies
from tests.support.waits import eventually

CASES: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "tenant_policies.yaml").read_text("utf-8"))
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
PLACES = {
    "Namespace": "/api/v1/namespaces",
    "ValidatingAdmissionPolicy": f"{ADMISSION}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{ADMISSION}/validatingadmissionpolicybindings",
}
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
"""The schema of kinds whose controllers do not run: policies only read names, labels and owners."""


class Cluster:
    """A lab with the namespaces and policies of tenants, and their users."""

    def __init__(self, lab: Any, text: str) -> None:
        self.lab = lab
        self._users: dict[str, LabUser] = {}
        for group, plural in (("jobset.x-k8s.io", "jobsets"), ("ray.io", "rayclusters"), ("kubeflow.org", "mpijobs")):
            lab.request("POST", CRDS, _loose(group, plural))
        crd = load_crd("kueue.x-k8s.io", "workloads")
        spec = {key: value for key, value in crd["spec"].items() if key != "conversion"}
        lab.request("POST", CRDS, {**crd, "spec": spec})
        for name, value in CASES["priorities"].items():
            body = {"metadata": {"name": name}, "value": value}
            lab.request("POST", "/apis/scheduling.k8s.io/v1/priorityclasses", body)
        for name in CASES["runtimeClasses"]:
            lab.request("POST", "/apis/node.k8s.io/v1/runtimeclasses", {"metadata": {"name": name}, "handler": name})
        for each in rendered(text, "tenancy"):
            if each.id.kind in PLACES:
                lab.request("POST", PLACES[each.id.kind], dict(each.data))

    def user(self, name: str) -> LabUser:
        """One of the users named in the cases."""
        if name not in self._users:
            self._users[name] = LabUser(self.lab, *CASES["users"][name])
        return self._users[name]


def _loose(group: str, plural: str) -> dict[str, Any]:
    singular = plural.removesuffix("s")
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": LOOSE}}
    names = {"kind": KINDS[singular], "plural": plural, "singular": singular}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [version]}
    return {"metadata": {"name": f"{plural}.{group}"}, "spec": spec}


KINDS = {"jobset": "JobSet", "raycluster": "RayCluster", "mpijob": "MPIJob"}


PLATFORMS = {
    allocation: blueprint(
        pool(
            "train", "taints: {team: 'train:NoSchedule', nvidia.com/gpu: 'true:NoSchedule'}", product="H100-SXM5-80GB"
        ),
        pool("other", "taints: {team: 'other:NoSchedule'}", product="L40S", count=4),
        kubernetes="1.36.3",
        stack=stack,
        spec=CASES["spec"],
    )
    for allocation, stack in (("device plugin", ""), ("claims", "standaloneDra"))
}
"""Platforms with the same tenants, by what offers the GPUs: a device plugin or a DRA driver."""


@pytest.fixture(scope="module", params=PLATFORMS)
def cluster(request: pytest.FixtureRequest, lab: Any) -> Iterator[tuple[str, Cluster]]:
    """A cluster of the tenants."""
    with lab.fresh() as own:
        found = Cluster(own, PLATFORMS[request.param])
        member = found.user("member")
        attack = built(CASES["attacks"]["a pod that names its node"])
        attack["metadata"]["name"] = "first"
        path = "/api/v1/namespaces/physics/pods?dryRun=All"
        eventually(lambda: _refusal(member, "POST", path, attack), "its rights and a policy are in force")
        await_policies(own)
        yield request.param, found


def built(case: Mapping[str, Any]) -> dict[str, Any]:
    """The object of a case: a base, merged with the case's values."""
    base = copy.deepcopy(CASES["bases"][case["base"]])
    return merged(base, case.get("with", {}))


def merged(base: Any, more: Any) -> Any:
    """Maps are merged by key, everything else is replaced, null removes."""
    if not isinstance(base, dict) or not isinstance(more, dict):
        return more
    found = {**base, **{key: merged(base.get(key), value) for key, value in more.items()}}
    return {key: value for key, value in found.items() if value is not None}


def _path(body: Mapping[str, Any], namespace: str) -> str:
    group_version = body["apiVersion"]
    prefix = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
    plural = CASES["plurals"].get(body["kind"], f"{body['kind'].lower()}s")
    return f"{prefix}/namespaces/{namespace}/{plural}"


def _refusal(user: LabUser, method: str, path: str, body: Any) -> str | None:
    """Why the server rejects it; None if it does not."""
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    try:
        user.request(method, path, body, kind)
    except RequestFailed as failed:
        if failed.status == HTTPStatus.FORBIDDEN:
            return str(failed)
        raise
    return None


def outcome(cluster: Cluster, name: str, case: Mapping[str, Any]) -> str | None:
    """The outcome of a case: of creating an object, or of changing or deleting an existing one."""
    namespace, user = case.get("in", "physics"), cluster.user(case.get("as", "member"))
    body = built(case)
    body["metadata"]["name"] = name.replace(" ", "-").replace(",", "").lower()[:50].strip("-")
    path = _path(body, namespace)
    if "then" not in case:
        return _refusal(user, "POST", f"{path}?dryRun=All", body)
    made = cluster.user(case.get("made by", "member")).request("POST", path, body)
    place, change = f"{path}/{made['metadata']['name']}", case["then"]
    if change == "delete":
        return _refusal(user, "DELETE", place, None)
    return _refusal(user, "PATCH", f"{place}?dryRun=All", change)


def _holds(case: Mapping[str, Any], allocation: str) -> bool:
    return case.get("only", allocation) == allocation


@pytest.mark.parametrize("name", CASES["attacks"])
def test_an_attack_is_refused_with_the_tenants_name_and_a_fix(cluster: tuple[str, Cluster], name: str) -> None:
    allocation, here = cluster
    case = CASES["attacks"][name]
    if not _holds(case, allocation):
        return
    refusal = outcome(here, name, case)
    assert refusal, "it passed"
    assert f"tenant {case.get('in', 'physics')}: " in refusal
    for words in case["says"]:
        assert words in refusal


@pytest.mark.parametrize("name", CASES["work"])
def test_work_passes(cluster: tuple[str, Cluster], name: str) -> None:
    allocation, here = cluster
    case = CASES["work"][name]
    if _holds(case, allocation):
        assert outcome(here, name, case) is None


def test_there_are_enough_of_both() -> None:
    """Rejected and admitted cases, on platforms of both kinds."""
    assert len(CASES["attacks"]) >= 45
    assert len(CASES["work"]) >= 25
