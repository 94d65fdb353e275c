"""The manager of Kueue, run as rendered, with a route from the API server to its webhooks.

A lab has no Service network. The webhooks' Service becomes an ExternalName for this machine, and webhooks and
conversion use the port on which the manager listens. `ROUTES` is the field manager of these changes.
"""

from __future__ import annotations

import base64
import fcntl
import re
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ruamel.yaml import YAML

from blueprint.drift.model import Finding
from blueprint.lab.access import RequestFailed
from blueprint.lab.pins import cache_root
from tests.support.operators.containers import Container
from tests.support.operators.operated import Json, Operated
from tests.support.waits import eventually

NAMESPACE = "kueue-system"
ROUTES = "routes-of-a-test"
API = "/apis/kueue.x-k8s.io/v1beta2"
_CONFIGURATION = f"/api/v1/namespaces/{NAMESPACE}/configmaps/kueue-manager-config"
_KEY = "controller_manager_config.yaml"
_CERTIFICATE = f"/api/v1/namespaces/{NAMESPACE}/secrets/kueue-webhook-server-cert"
_CERTIFICATES = "tmp/k8s-webhook-server/serving-certs"
_MERGE = "application/merge-patch+json"
_HOOKS = "/apis/admissionregistration.k8s.io/v1"
_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_LATER = re.compile(r"^( +)quotaCheckStrategy: IgnoreUndeclared$", re.MULTILINE)
"""A setting that v0.17 does not support. For that version, resources without quota are listed instead."""


@dataclass(slots=True)
class Queueing:
    """The running manager, in the lab of the platform whose queues it manages."""

    operated: Operated
    manager: Container
    metrics_port: int

    def configuration(self) -> Any:
        """The configuration of the manager."""
        data = self.operated.lab.request("GET", _CONFIGURATION)["data"]
        return YAML(typ="safe").load(data[_KEY])

    def queues(self) -> list[Json]:
        """All ClusterQueues and LocalQueues."""
        return [*self.operated.get(f"{API}/clusterqueues"), *self.operated.get(f"{API}/localqueues")]

    def inactive(self) -> list[str]:
        """The names of the queues that do not report the condition Active."""
        return [each["metadata"]["name"] for each in self.queues() if not _holds(each, "Active")]

    def submit(self, namespace: str, name: str, **resources: str) -> Json:
        """Create a Job with one pod that names no queue."""
        container = {"name": "main", "image": "example.org/train:1", "resources": {"limits": resources}}
        spec = {"restartPolicy": "Never", "containers": [container]}
        job = {"metadata": {"name": name}, "spec": {"template": {"spec": spec}}}
        answer: Json = self.operated.lab.request("POST", f"/apis/batch/v1/namespaces/{namespace}/jobs", job)
        return answer

    def admitted(self, namespace: str) -> set[str]:
        """The names of the Jobs that Kueue admitted."""
        jobs = self.operated.get(f"/apis/batch/v1/namespaces/{namespace}/jobs")
        return {each["metadata"]["name"] for each in jobs if not each["spec"].get("suspend")}

    def waiting(self, namespace: str) -> list[Json]:
        """The Workloads without quota."""
        found = self.operated.get(f"{API}/namespaces/{namespace}/workloads")
        return [each for each in found if not _holds(each, "QuotaReserved")]

    def metrics(self) -> dict[str, set[str]]:
        """The currently exported metrics, read with permitted credentials: the labels of each series, by metric."""
        lab = self.operated.lab
        account = {"kind": "ServiceAccount", "name": "default", "namespace": NAMESPACE}
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kueue-metrics-reader"}
        binding = {"metadata": {"name": ROUTES}, "roleRef": role, "subjects": [account]}
        lab.create_all("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", [binding])
        path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default/token"
        token = lab.request("POST", path, {})["status"]["token"]
        url = f"https://localhost:{self.metrics_port}/metrics"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        unchecked = ssl._create_unverified_context()  # noqa: S323 - a certificate of the manager's own
        with urllib.request.urlopen(request, timeout=30, context=unchecked) as answer:  # noqa: S310 - https
            return _series(answer.read().decode())

    def drift(self) -> list[Finding]:
        """The findings of `blueprint drift`, except for the routes to the webhooks."""
        return [each for each in self.operated.drift() if not each.writer or each.writer.manager != ROUTES]


def _series(text: str) -> dict[str, set[str]]:
    """The labels of all metrics in the Prometheus text format."""
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"([a-zA-Z_:][\w:]*)(?:{(.*)})? ", line):
            found.setdefault(match[1], set()).update(re.findall(r'(\w+)="', match[2] or ""))
    return found


def queue(operated: Operated, image: Mapping[str, Path]) -> Queueing:
    """Run the manager until its webhooks respond and every queue is active."""
    operated.held.append(_alone())
    ports = _free_ports("8081", "8443", "9443")
    _configure(operated, ports)
    [pod, *_] = eventually(lambda: operated.pods("kueue-controller-manager", NAMESPACE))
    running = operated.run(pod, image)
    certificates = running.root / _CERTIFICATES
    running.wait_for(lambda: _mounted(operated, certificates))
    _route(operated, ports["9443"])
    found = Queueing(operated, running, ports["8443"])
    running.wait_for(lambda: _mounted(operated, certificates) and _answers(operated), errors=(RequestFailed,))
    running.wait_for(lambda: found.inactive() == [], errors=(RequestFailed,))
    return found


def _alone() -> IO[str]:
    """Wait until no other test worker runs a manager, because the port of its visibility server is fixed."""
    lock = (cache_root() / ".kueue-runs.lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def _holds(workload: Json, kind: str) -> bool:
    conditions = workload.get("status", {}).get("conditions", [])
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _free_ports(*rendered: str) -> dict[str, int]:
    """A free port of this machine for each rendered port."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("", 0))) for _ in rendered]
        return {port: each.getsockname()[1] for port, each in zip(rendered, sockets, strict=True)}


def _configure(operated: Operated, ports: Mapping[str, int]) -> None:
    for rendered, here in ports.items():
        _replace(operated, re.compile(rf"\b{rendered}\b"), str(here))


def without_later(operated: Operated) -> None:
    """Write the configuration in the form that a manager of v0.17 supports."""
    _replace(operated, _LATER, r"\1excludeResourcePrefixes: [cpu, memory, ephemeral-storage]")


def _replace(operated: Operated, what: re.Pattern[str], by: str) -> None:
    text = what.sub(by, operated.lab.request("GET", _CONFIGURATION)["data"][_KEY])
    operated.lab.request("PATCH", f"{_CONFIGURATION}?fieldManager={ROUTES}", {"data": {_KEY: text}}, _MERGE)


def _mounted(operated: Operated, folder: Path) -> bool:
    """Write the current content of the Secret, as a kubelet does repeatedly. Returns whether it has content."""
    data = operated.lab.request("GET", _CERTIFICATE).get("data") or {}
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in data.items():
        file, content = folder / name, base64.b64decode(value)
        if not file.exists() or file.read_bytes() != content:
            file.write_bytes(content)
    return bool(data)


def _route(operated: Operated, port: int) -> None:
    """Route the API server's requests to the manager on this machine."""

    def patch(path: str, body: Any, kind: str = _MERGE) -> None:
        operated.lab.request("PATCH", f"{path}?fieldManager={ROUTES}", body, kind)

    here = {"type": "ExternalName", "externalName": "localhost", "clusterIP": None, "clusterIPs": None}
    patch(f"/api/v1/namespaces/{NAMESPACE}/services/kueue-webhook-service", {"spec": here})
    for kind in ("mutating", "validating"):
        path = f"{_HOOKS}/{kind}webhookconfigurations/kueue-{kind}-webhook-configuration"
        hooks = operated.lab.request("GET", path)["webhooks"]
        ports = [
            {"op": "add", "path": f"/webhooks/{index}/clientConfig/service/port", "value": port}
            for index in range(len(hooks))
        ]
        patch(path, ports, "application/json-patch+json")
    for crd in operated.get(_CRDS):
        if crd["spec"].get("conversion", {}).get("strategy") == "Webhook":
            webhook = {"webhook": {"clientConfig": {"service": {"port": port}}}}
            patch(f"{_CRDS}/{crd['metadata']['name']}", {"spec": {"conversion": webhook}})


def _answers(operated: Operated) -> bool:
    """Whether the webhooks accept a Job of a tenant. Raises RequestFailed if they do not."""
    tried = {"metadata": {"name": "tried"}, "spec": {"template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "main", "image": "example.org/x:1"}]}}}}  # fmt: skip
    [queue, *_] = operated.get(f"{API}/localqueues")
    operated.lab.request("POST", f"/apis/batch/v1/namespaces/{queue['metadata']['namespace']}/jobs?dryRun=All", tried)
    return True
