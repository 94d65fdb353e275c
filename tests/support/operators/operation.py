"""The GPU Operator, run as rendered, and its operands for our ClusterPolicy or GPUCluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.operators.containers import Container
from tests.support.operators.discovery import discover
from tests.support.operators.operated import Json, Operated
from tests.support.waits import eventually

STACKS = {
    "ClusterPolicy": (
        "nvidia.com/v1/clusterpolicies/cluster-policy",
        r"all resources have been successfully reconciled",
    ),
    "GPUCluster": ("nvidia.com/v1alpha1/gpuclusters/gpu-cluster", r"Sync Done.*gpu-cluster-controller"),
}
"""The main object of each stack: its path, and the log message of the operator when it is reconciled."""
LOOPBACK = ("--metrics-bind-address=127.0.0.1:0", "--health-probe-bind-address=127.0.0.1:0")


LEASE = "53822513.nvidia.com"


@dataclass(slots=True)
class Operation:
    """The running operator, in the lab of the platform that it manages."""

    operated: Operated
    operator: Container
    before: str
    """The log of the first run, until everything was created. The operator was then restarted."""

    @property
    def namespace(self) -> str:
        """The namespace of the operator and its operands."""
        return self.operated.namespace_of("gpu-operator")

    def policy(self) -> Json:
        """The live ClusterPolicy or GPUCluster."""
        found: Json = self.operated.lab.request("GET", f"/apis/{self.stack()[0]}")
        return found

    def stack(self) -> tuple[str, str]:
        """The entry of STACKS for this blueprint."""
        [found] = [STACKS[each.id.kind] for each in self.operated.bundle.objects if each.id.kind in STACKS]
        return found

    def ready(self) -> bool:
        """Whether the operator reports that it is ready, after its operands' pods are reported as running."""
        self.operated.breathe()
        return bool(self.policy().get("status", {}).get("state") == "ready")

    def made(self, plural: str, group: str = "apis/apps/v1") -> list[Json]:
        """The objects in its namespace that the operator created."""
        found = self.operated.get(f"/{group}/namespaces/{self.namespace}/{plural}")
        return [each for each in found if "ownerReferences" in each["metadata"]]

    def errors(self) -> Iterator[str]:
        """The error lines of its log, except the one that reports that this is not OpenShift."""
        for line in self.operator.said().splitlines():
            if '"level":"error"' in line and "imagestreams.image.openshift.io" not in line:
                yield line


def operate(operated: Operated, nfd_image: Mapping[str, Path], operator_image: Mapping[str, Path]) -> Operation:
    """Discover the features of the nodes, run the operator until it reports that everything is ready, and restart it.

    While it creates objects, it logs errors about missing objects. In the second run all of them exist.
    """
    discover(operated, nfd_image)
    [pod] = eventually(lambda: operated.pods("gpu-operator", operated.namespace_of("gpu-operator")))
    first = Operation(operated, operated.run(pod, operator_image, *LOOPBACK), "")
    first.operator.wait_for(first.ready)
    first.operator.stop()
    operated.lab.request("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{first.namespace}/leases/{LEASE}")
    second = Operation(operated, operated.run(pod, operator_image, *LOOPBACK), first.operator.said())
    second.operator.wait_for(lambda: re.search(second.stack()[1], second.operator.said()))
    return second


def workloads(operation: Operation) -> Iterator[Json]:
    """The DaemonSets and Deployments of the operator and of NFD: ours, and those that the operator created."""
    for namespace in {operation.namespace, operation.operated.namespace_of("nfd")}:
        for kind in ("daemonsets", "deployments"):
            yield from operation.operated.get(f"/apis/apps/v1/namespaces/{namespace}/{kind}")


def containers(workload: Json) -> Iterator[Json]:
    """All containers of a workload's pods."""
    spec = workload["spec"]["template"]["spec"]
    yield from (*spec.get("initContainers", []), *spec["containers"])


def tolerates(workload: Json, taint: Mapping[str, Any]) -> bool:
    """Whether a workload's pods tolerate a node's taint, by Kubernetes' rules."""
    return any(
        each.get("key") in {None, taint["key"]}
        and each.get("effect") in {None, taint["effect"]}
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in workload["spec"]["template"]["spec"].get("tolerations", [])
    )


def named(workload: Json) -> Iterator[tuple[str, str, str | None]]:
    """The ConfigMaps and Secrets that the pods need to start: kind, name, and the key if one is required."""
    spec = workload["spec"]["template"]["spec"]
    for volume in spec.get("volumes", []):
        for kind, name in (("configMap", "name"), ("secret", "secretName")):
            source = volume.get(kind)
            if source and not source.get("optional"):
                yield from ((kind, source[name], item["key"]) for item in source.get("items", [{"key": None}]))
    for container in containers(workload):
        for variable in container.get("env", []):
            source = variable.get("valueFrom", {}).get("configMapKeyRef")
            if source and not source.get("optional"):
                yield "configMap", source["name"], source["key"]
