"""The verdicts of a lab's API server and scheduler on claims: all at once, each on nodes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from blueprint.lab import Lab
from blueprint.lab.access import RequestFailed
from tests.allocation.claim_cases import Case
from tests.support.waits import eventually

API = "/apis/resource.k8s.io/v1"
SPACE = "admin"
"""The namespace of all pods: in it claims may have administrative access."""


@dataclass(frozen=True)
class Observed:
    """The outcome for the pods of a case.

    `verdict` is `refused`, `scheduled`, `unschedulable` or `error`, with the server's text in `message`. `nodes` are
    where the pods went, `devices` what the first pod's claims got, by request.
    """

    verdict: str
    message: str
    nodes: tuple[str, ...] = ()
    devices: Mapping[str, list[str]] | None = None


def observe(lab: Lab, cases: Sequence[Case], classes: Iterable[Mapping[str, Any]]) -> dict[str, Observed]:
    """Create everything, wait until every pod has a verdict, and return the verdicts."""
    _namespace(lab)
    for each in classes:
        lab.request("POST", f"{API}/deviceclasses", each)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda each: lab.request("POST", *each), _hardware(cases)))
        answers = zip(cases, pool.map(lambda each: _claims(lab, each), cases), strict=True)
        refused = {case.name: text for case, text in answers if text}
        pods = [pod for case in cases if case.name not in refused for pod in _pods(case)]
        list(pool.map(lambda pod: lab.request("POST", f"/api/v1/namespaces/{SPACE}/pods", pod), pods))
    found = _waited(lab, len(pods))
    claims = {
        each["metadata"]["name"]: each
        for each in lab.request("GET", f"{API}/namespaces/{SPACE}/resourceclaims")["items"]
    }
    return {
        case.name: Observed("refused", refused[case.name]) if case.name in refused else _seen(case, found, claims)
        for case in cases
    }


def _namespace(lab: Lab) -> None:
    labels = {"resource.kubernetes.io/admin-access": "true"}
    lab.request("POST", "/api/v1/namespaces", {"metadata": {"name": SPACE, "labels": labels}})
    eventually(lambda: _has_account(lab), "the namespace has a service account", pause=0.1)


def _has_account(lab: Lab) -> bool:
    try:
        lab.request("GET", f"/api/v1/namespaces/{SPACE}/serviceaccounts/default")
    except RequestFailed:
        return False
    return True


def _hardware(cases: Iterable[Case]) -> Iterator[tuple[str, dict[str, Any]]]:
    room = {"cpu": "64", "memory": "512Gi", "pods": "110"}
    for case in cases:
        for name, slices in case.nodes.items():
            yield "/api/v1/nodes", {"metadata": {"name": name}, "status": {"allocatable": room, "capacity": room}}
            for each in slices:
                yield f"{API}/resourceslices", each


def _claims(lab: Lab, case: Case) -> str:
    """Create the claims of all pods of a case. Returns the reason if the API server rejects one."""
    for number in range(case.pods):
        for index, devices in enumerate(case.claims):
            body = {
                "apiVersion": "resource.k8s.io/v1",
                "kind": "ResourceClaim",
                "metadata": {"name": f"{case.name}-{number}-{index}", "namespace": SPACE},
                "spec": {"devices": devices},
            }
            try:
                lab.request("POST", f"{API}/namespaces/{SPACE}/resourceclaims", body)
            except RequestFailed as error:
                return str(error)
    return ""


def _pods(case: Case) -> Iterator[dict[str, Any]]:
    terms = [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": [name]}]} for name in case.nodes]
    on_nodes = {"nodeSelectorTerms": terms}  # by name: the scheduler need not look at the nodes of other cases
    for number in range(case.pods):
        names = [f"{case.name}-{number}-{index}" for index in range(len(case.claims))]
        amounts = {name: str(amount) for name, amount in case.resources.items()}
        resources = {"limits": amounts, "claims": [{"name": f"claim-{index}"} for index in range(len(names))]}
        container = {"name": "main", "image": "registry.example/pause:3", "resources": resources}
        spec = {
            "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": on_nodes}},
            "containers": [container],
            "resourceClaims": [
                {"name": f"claim-{index}", "resourceClaimName": each} for index, each in enumerate(names)
            ],
        }
        yield {"metadata": {"name": f"{case.name}-{number}", "namespace": SPACE}, "spec": spec}


def _waited(lab: Lab, number: int) -> dict[str, Any]:
    """All pods, after each of them has a verdict."""
    found: dict[str, Any] = {}

    def all_judged() -> bool:
        items = lab.request("GET", f"/api/v1/namespaces/{SPACE}/pods?resourceVersion=0")["items"]
        found.update({each["metadata"]["name"]: each for each in items})
        return len(found) == number and all(map(_condition, found.values()))

    eventually(all_judged, "every pod has a verdict", pause=2)
    return found


def _condition(pod: Mapping[str, Any]) -> Mapping[str, Any]:
    conditions = pod.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == "PodScheduled"), {})


def _seen(case: Case, pods: Mapping[str, Any], claims: Mapping[str, Any]) -> Observed:
    mine = [pods[f"{case.name}-{number}"] for number in range(case.pods)]
    nodes = tuple(pod["spec"]["nodeName"] for pod in mine if pod["spec"].get("nodeName"))
    if not nodes:
        condition = _condition(mine[0])
        verdict = "error" if condition["reason"] == "SchedulerError" else "unschedulable"
        return Observed(verdict, condition.get("message", ""))
    first = next(pod for pod in mine if pod["spec"].get("nodeName"))
    names = [f"{first['metadata']['name']}-{index}" for index in range(len(case.claims))]
    names += [first["status"]["extendedResourceClaimStatus"]["resourceClaimName"]] if case.resources else []
    devices: dict[str, list[str]] = {}
    for name in names:
        for result in claims[name]["status"]["allocation"]["devices"]["results"]:
            devices.setdefault(result["request"], []).append(result["device"])
    return Observed("scheduled", "", nodes, devices)
