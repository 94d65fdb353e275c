"""A lab with controllers: pods are scheduled, become ready, complete, fail and are deleted on nodes without
machines.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from blueprint.lab import Lab, RequestFailed
from blueprint.lab.folder import Phase
from tests.support.lab_inhabitants import inhabitants
from tests.support.waits import eventually

pytestmark = pytest.mark.lab
SIMULATED = {"gpublueprint.dev/simulated": "true"}
PODS = "/api/v1/namespaces/default/pods"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
BOX = {"name": "main", "image": "registry.example/app:1"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """One lab for this module, with one simulated node and one for which nothing reports."""
    with Lab.open(live=True) as lab:
        room = {"cpu": "8", "memory": "8Gi", "pods": "50"}
        status = {"capacity": room, "allocatable": room}
        lab.request("POST", "/api/v1/nodes", {"metadata": {"name": "made", "annotations": SIMULATED}, "status": status})
        lab.request("POST", "/api/v1/nodes", {"metadata": {"name": "silent"}})
        yield lab


def condition(found: Any, kind: str) -> str:
    return next((c["status"] for c in found["status"].get("conditions", []) if c["type"] == kind), "none")


def there(lab: Lab, path: str) -> bool:
    try:
        return bool(lab.request("GET", path))
    except RequestFailed as failed:
        if failed.status == HTTPStatus.NOT_FOUND:
            return False
        raise


def comes_to(lab: Lab, path: str, what: Callable[[Any], bool]) -> Any:
    """The object, once it has the expected state."""
    eventually(lambda: what(lab.request("GET", path)), path)
    return lab.request("GET", path)


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"containers": [BOX], **spec}}


def job(name: str, **annotations: str) -> dict[str, Any]:
    marks = {f"gpublueprint.dev/simulated-{key.replace('_', '-')}": value for key, value in annotations.items()}
    template = {"metadata": {"annotations": marks}, "spec": {"restartPolicy": "Never", "containers": [BOX]}}
    return {"metadata": {"name": name}, "spec": {"backoffLimit": 0, "template": template}}


def test_only_nodes_that_are_marked_become_ready(live: Lab) -> None:
    node = comes_to(live, "/api/v1/nodes/made", lambda node: condition(node, "Ready") == "True")

    assert {c["reason"] for c in node["status"]["conditions"]} == {"Simulated"}
    assert condition(live.request("GET", "/api/v1/nodes/silent"), "Ready") == "none"


def test_a_pod_becomes_ready_with_its_gates_and_all_of_its_containers(live: Lab) -> None:
    sidecar = {"name": "sidecar", "image": "s", "restartPolicy": "Always"}
    gates = [{"conditionType": "acme.example/warm"}]
    live.request(
        "POST", PODS, pod("whole", initContainers=[{"name": "first", "image": "i"}, sidecar], readinessGates=gates)
    )

    found = comes_to(live, f"{PODS}/whole", lambda pod: condition(pod, "Ready") == "True")

    assert (found["spec"]["nodeName"], found["status"]["phase"]) == ("made", "Running")
    assert condition(found, "acme.example/warm") == "True"
    assert [each["ready"] for each in found["status"]["containerStatuses"]] == [True]
    states = {each["name"]: list(each["state"]) for each in found["status"]["initContainerStatuses"]}
    assert states == {"first": ["terminated"], "sidecar": ["running"]}


def test_a_deployment_is_available(live: Lab) -> None:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [BOX]}}
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    path = "/apis/apps/v1/namespaces/default/deployments"
    live.request("POST", path, {"metadata": {"name": "web"}, "spec": spec})

    comes_to(live, f"{path}/web", lambda found: found["status"].get("availableReplicas") == 3)


def test_jobs_end_as_their_pods_are_annotated(live: Lab) -> None:
    live.request("POST", JOBS, job("short", duration="1s"))
    live.request("POST", JOBS, job("long", duration="1h"))
    live.request("POST", JOBS, job("broken", exit_code="7", duration="100ms"))

    comes_to(live, f"{JOBS}/short", lambda found: condition(found, "Complete") == "True")
    comes_to(live, f"{JOBS}/broken", lambda found: condition(found, "Failed") == "True")

    [failed] = live.request("GET", f"{PODS}?labelSelector=job-name%3Dbroken")["items"]
    assert failed["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 7
    assert live.request("GET", f"{JOBS}/long")["status"]["active"] == 1


def test_a_deleted_pod_goes_when_nobody_holds_it(live: Lab) -> None:
    held = pod("held") | {"metadata": {"name": "held", "finalizers": ["acme.example/hold"]}}
    for each in (pod("gone"), held):
        live.request("POST", PODS, each)
        comes_to(live, f"{PODS}/{each['metadata']['name']}", lambda found: found["status"]["phase"] == "Running")

    live.request("DELETE", f"{PODS}/gone")
    live.request("DELETE", f"{PODS}/held")

    eventually(lambda: not there(live, f"{PODS}/gone"), "the pod is gone")
    assert there(live, f"{PODS}/held")
    release = {"metadata": {"finalizers": None}}
    live.request("PATCH", f"{PODS}/held", release, "application/merge-patch+json")
    eventually(lambda: not there(live, f"{PODS}/held"), "the pod that was held is gone")


def test_it_says_so_when_a_part_of_it_dies() -> None:
    with Lab.open(live=True) as lab:
        [victim] = [pid for pid, program in inhabitants(lab.folder).items() if "/kwok " in program]

        os.kill(victim, signal.SIGKILL)

        eventually(lambda: lab.record.phase is Phase.FAILED, "the lab has noticed")
        assert "kwok ended (killed by SIGKILL)" in lab.record.message


def test_nobody_else_listens(live: Lab) -> None:
    """KWOK can serve the kubelet's API on all addresses; here it must not."""
    pids = [pid for pid, program in inhabitants(live.folder).items() if "/kwok " in program]
    assert len(pids) == 1
    sockets = {str(each.readlink()) for each in Path(f"/proc/{pids[0]}/fd").iterdir() if each.is_symlink()}
    listening = "0A"
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pids[0]}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            assert not (fields[3] == listening and f"socket:[{fields[9]}]" in sockets), line
