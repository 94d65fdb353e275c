"""An applied blueprint in a lab with running controllers, and substitutes for kubelets and nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, Any

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import has_errors
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import Finding
from blueprint.drift.view import ClusterView
from blueprint.kubernetes.crds import crds_of
from blueprint.lab import Lab
from blueprint.lab.components import SIMULATED
from blueprint.lab.nodes import simulated_nodes
from blueprint.pipeline import Compilation
from tests.support.operators import slices
from tests.support.operators.containers import Container, Kubelet
from tests.support.operators.machines import machine
from tests.support.waits import eventually

PROMETHEUS = "monitoring.coreos.com"
DRA_PLUGIN = "nvidia-dra-driver-kubelet-plugin"
READY = {"type": "Ready", "status": "True"}
MANY = 2
"""The number of nodes in each pool whose features are discovered. Further nodes would be identical."""
Json = dict[str, Any]


@dataclass(slots=True)
class Operated:
    """One blueprint that is compiled, applied and running."""

    compilation: Compilation
    bundle: Bundle
    lab: Lab
    kubelet: Kubelet
    connection: Connection
    held: list[IO[str]] = field(default_factory=list)
    """Locks for programs that can run only once per machine. They are held until the end."""

    @classmethod
    def start(cls, compilation: Compilation, lab: Lab, folder: Path) -> Operated:
        """Create the nodes and apply the bundle."""
        bundle = compilation.bundle
        assert bundle, compilation.diagnostics
        _prepare(lab, bundle)
        lab.create_nodes(simulated_nodes(bundle))
        connection = connect(str(lab.kubeconfig))
        outcome = apply_plan(make_plan(bundle, connection), connection, ApplyOptions())
        assert not has_errors(outcome.diagnostics), outcome.diagnostics
        return cls(compilation, bundle, lab, Kubelet(lab, folder), connection)

    def close(self) -> None:
        """Stop the programs. The caller stops the lab."""
        self.kubelet.close()
        self.connection.close()
        for each in self.held:
            each.close()

    def get(self, path: str) -> list[Json]:
        """The items of a list."""
        items: list[Json] = self.lab.request("GET", path)["items"]
        return items

    def nodes(self) -> dict[str, Json]:
        """The nodes whose features are discovered, by name."""
        found = {each["metadata"]["name"]: each for each in self.get("/api/v1/nodes")}
        return {name: node for name, node in found.items() if int(name.rpartition("-")[2]) < MANY}

    def namespace_of(self, component: str) -> str:
        """The namespace of a component's Deployment or DaemonSet."""
        found = {each.data["metadata"]["namespace"] for each in self.bundle.objects
                 if each.component == component and each.data["kind"] in {"Deployment", "DaemonSet"}}  # fmt: skip
        [namespace] = found
        return namespace

    def pods(self, owner: str, namespace: str) -> list[Json]:
        """The pods of a Deployment or DaemonSet that are scheduled and not evicted."""
        found = self.get(f"/api/v1/namespaces/{namespace}/pods")
        return [
            each
            for each in found
            if "nodeName" in each["spec"]
            and "deletionTimestamp" not in each["metadata"]
            and any(_made_for(o["name"], owner) for o in each["metadata"].get("ownerReferences", []))
        ]

    def run(self, pod: Json, image: Mapping[str, Path], *more: str) -> Container:
        """Start the pod's container on the machine of its node."""
        pool = self.pool_of(pod["spec"]["nodeName"])
        host = machine(Path(mkdtemp(prefix="machine-", dir=self.kubelet.folder)), self.bundle, pool)
        return self.kubelet.run(pod, image, *more, host=host)

    def pool_of(self, node: str) -> Any:
        """The pool of a simulated node, from its name."""
        [pool] = [each for each in self.bundle.pools if node.rpartition("-")[0] == each.name]
        return pool

    def breathe(self) -> None:
        """Do the work of kubelets: report scheduled pods as running and ready, and remove terminating pods."""
        for pod in self.get("/api/v1/pods"):
            if "deletionTimestamp" in pod["metadata"]:
                self.lab.request("DELETE", _path(pod), {"gracePeriodSeconds": 0})
            elif "nodeName" in pod["spec"] and pod["status"].get("phase") != "Running":
                self.lab.request("PATCH", f"{_path(pod)}/status", _running(pod), "application/merge-patch+json")
                if pod["metadata"].get("labels", {}).get("app") == DRA_PLUGIN:
                    node = pod["spec"]["nodeName"]
                    self.lab.request("POST", slices.PATH, slices.slice_of(node, self.pool_of(node).gpu_count))

    def drift(self) -> list[Finding]:
        """The findings of `blueprint drift`."""
        return list(detect_drift(self.bundle, ClusterView(self.connection)).findings)

    def gpu_nodes(self) -> Iterator[Json]:
        """Nodes of pools with GPUs."""
        for name, node in self.nodes().items():
            if SIMULATED in node["metadata"].get("annotations", {}) and self.pool_of(name).gpu_count:
                yield node


def _made_for(owner: str, workload: str) -> bool:
    """Whether the owner belongs to the workload: a ReplicaSet is named after its Deployment and a hash."""
    return owner == workload or owner.rpartition("-")[0] == workload


def _path(pod: Json) -> str:
    meta = pod["metadata"]
    return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"


def _running(pod: Json) -> Json:
    def status(container: Json) -> Json:
        return {"name": container["name"], "image": container["image"], "imageID": "", "ready": True,
                "restartCount": 0, "started": True, "state": {"running": {}}}  # fmt: skip

    names = {"containers": "containerStatuses", "initContainers": "initContainerStatuses"}
    statuses = {names[kind]: [status(each) for each in pod["spec"].get(kind, [])] for kind in names}
    kept = [each for each in pod["status"].get("conditions", []) if each["type"] != "Ready"]
    return {"status": {"phase": "Running", "conditions": [*kept, READY], **statuses}}


def _prepare(lab: Lab, bundle: Bundle) -> None:
    """Install the prerequisites of the blueprint: the CRDs of the Prometheus Operator if it has monitors or rules."""
    if any(each.id.group == PROMETHEUS for each in bundle.objects):
        for crd in crds_of(PROMETHEUS):
            lab.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
        lab.request("POST", "/api/v1/namespaces", {"metadata": {"name": "monitoring"}})
        eventually(lambda: PROMETHEUS in {each["name"] for each in lab.request("GET", "/apis")["groups"]})
