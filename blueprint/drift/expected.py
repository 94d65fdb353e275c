"""What servers and controllers write into objects by themselves, as data: each rule with its reason.

A rule is about a path first and a writer second: a manager's name is whatever the client says, so no name
excuses a change of just any field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from blueprint.drift.model import Writer
from blueprint.render.model import Path


@dataclass(frozen=True, slots=True)
class Rule:
    """Fields that a writer is expected to set. Every part is a shell pattern; steps match one for one."""

    path: tuple[str, ...]
    reason: str
    manager: str = "*"
    subresource: str = "*"
    kind: str = "*"

    def allows(self, kind: str, path: Path, writer: Writer) -> bool:
        """Whether this writer may have written this field, or something below it, in an object of this kind."""
        return (
            len(path) >= len(self.path)
            and fnmatchcase(kind, self.kind)
            and fnmatchcase(writer.manager, self.manager)
            and fnmatchcase(writer.subresource, self.subresource)
            and all(fnmatchcase(str(step), want) for step, want in zip(path, self.path, strict=False))
        )


_CONTROLLERS = "kube-controller-manager"
_ANNOTATIONS = ("metadata", "annotations")

RULES = (
    Rule(("status",), "status is what controllers observed"),
    Rule(("metadata", "*"), "the status subresource keeps its own marks", subresource="status"),
    Rule(
        ("spec", "replicas"),
        "replicas are left to whoever scales: the blueprint does not declare them",
        subresource="scale",
    ),
    Rule((*_ANNOTATIONS, "deployment.kubernetes.io/*"), "revision counter of Deployments", _CONTROLLERS),
    Rule(
        (*_ANNOTATIONS, "deprecated.daemonset.template.generation"),
        "the API server counts template changes in this annotation",
        kind="DaemonSet",
    ),
    Rule(
        ("metadata", "labels", "kubernetes.io/metadata.name"),
        "the API server labels every namespace with its name",
        kind="Namespace",
    ),
    Rule(("spec", "finalizers"), "namespaces are created with this finalizer", kind="Namespace"),
    Rule(("metadata", "finalizers", "*"), "protection of things in use", _CONTROLLERS),
    Rule(
        ("rules",), "aggregated from other roles", "clusterrole-aggregation-controller", kind="ClusterRole"
    ),
    Rule(("secrets",), "token secrets of older clusters", _CONTROLLERS, kind="ServiceAccount"),
    Rule(("spec", "volumeName"), "binding of a claim", _CONTROLLERS, kind="PersistentVolumeClaim"),
    Rule((*_ANNOTATIONS, "*kubernetes.io/*"), "binding of a claim", _CONTROLLERS, kind="PersistentVolume*"),
    Rule(
        ("metadata", "finalizers", "*"), "cleaning up of load balancers", "*cloud-controller-manager", kind="Service"
    ),
    Rule(("webhooks", "*", "clientConfig", "caBundle"), "injected certificate", "cert-manager-cainjector"),
    Rule(
        ("spec", "conversion", "webhook", "clientConfig", "caBundle"),
        "injected certificate",
        "cert-manager-cainjector",
        kind="CustomResourceDefinition",
    ),
)  # fmt: skip

DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "allocateLoadBalancerNodePorts": (True,),
    "allocationMode": ("ExactCount",),
    "apiVersion": ("v1",),
    "completionMode": ("NonIndexed",),
    "conversion": ({"strategy": "None"},),
    "count": (1,),
    "defaultMode": (420,),
    "dnsPolicy": ("ClusterFirst",),
    "enableServiceLinks": (True,),
    "expirationSeconds": (3600,),
    "externalTrafficPolicy": ("Cluster",),
    "failureThreshold": (3,),
    "internalTrafficPolicy": ("Cluster",),
    "matchPolicy": ("Equivalent",),
    "periodSeconds": (10,),
    "podManagementPolicy": ("OrderedReady",),
    "policyTypes": (["Ingress"], ["Egress"], ["Ingress", "Egress"]),
    "preemptionPolicy": ("PreemptLowerPriority",),
    "progressDeadlineSeconds": (600,),
    "protocol": ("TCP",),
    "publishNotReadyAddresses": (False,),
    "reinvocationPolicy": ("Never",),
    "replicas": (1,),
    "restartPolicy": ("Always",),
    "revisionHistoryLimit": (10,),
    "rollingUpdate": (
        {"maxSurge": "25%", "maxUnavailable": "25%"},
        {"maxSurge": 0, "maxUnavailable": 1},
        {"partition": 0},
    ),
    "schedulerName": ("default-scheduler",),
    "scheme": ("HTTP",),
    "scope": ("*",),
    "sessionAffinity": ("None",),
    "successThreshold": (1,),
    "terminationGracePeriodSeconds": (30,),
    "terminationMessagePath": ("/dev/termination-log",),
    "terminationMessagePolicy": ("File",),
    "timeoutSeconds": (1, 10),
    "type": ("ClusterIP", "RollingUpdate", "Opaque"),
    "volumeMode": ("Filesystem",),
}
"""What the API server fills into built-in objects, by the field's name; cases it decides by rule are below."""

_ALLOCATED = {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "nodePort", "serviceAccount"}


def why_expected(kind: str, path: Path, writer: Writer | None) -> str | None:
    """The reason why this writer is expected to have set this undeclared field, or None."""
    written_by = writer or Writer("", "", "", "")
    return next((rule.reason for rule in RULES if rule.allows(kind, path, written_by)), None)


def is_server_default(path: Path, value: Any, parent: Any) -> bool:
    """Whether an undeclared field has the value that the API server gives it.

    Sources: the defaulting functions of Kubernetes 1.36 (`pkg/apis/*/v1/defaults.go`).
    """
    name = path[-1]
    if value in ({}, [], "", None) or name in _ALLOCATED:
        return True
    if name == "imagePullPolicy" and isinstance(parent, Mapping):
        return bool(value == default_pull_policy(str(parent.get("image", ""))))
    if name in {"strategy", "updateStrategy", "rollingUpdate"} and isinstance(value, Mapping):
        return all(is_server_default((*path, key), below, value) for key, below in value.items())
    if name == "targetPort" and isinstance(parent, Mapping):
        return bool(value == parent.get("port"))
    return isinstance(name, str) and any(
        type(value) is type(default) and value == default for default in DEFAULTS.get(name, ())
    )


def default_pull_policy(image: str) -> str:
    """Images without a fixed version are pulled every time."""
    _, at, _ = image.partition("@")
    tag = image.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if at or tag not in {"", "latest"} else "Always"
