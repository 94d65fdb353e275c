"""What servers and controllers write into objects by themselves, as data: each rule with its reason.

A rule is about a path first and a writer second: a manager's name is whatever the client says, so no name
excuses a change of just any field.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

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
    Rule(("metadata", "finalizers", "*"), "held until its claims are gone", "gpu-operator", kind="GPUCluster"),
    Rule(("metadata", "labels", "operators.coreos.com/*"), "OLM marks what makes up an operator", kind="Subscription"),
    Rule(("metadata", "labels", "olm.operatorgroup.uid/*"), "OLM marks the namespaces of a group", kind="Namespace"),
    Rule((*_ANNOTATIONS, "olm.providedAPIs"), "OLM lists the kinds that a group brings", kind="OperatorGroup"),
    Rule((*_ANNOTATIONS, "openshift.io/sa.scc.*"), "OpenShift gives every namespace ranges of ids", kind="Namespace"),
    Rule(("webhooks", "*", "clientConfig", "caBundle"), "injected certificate", "cert-manager-cainjector"),
    Rule(
        ("spec", "conversion", "webhook", "clientConfig", "caBundle"),
        "injected certificate",
        "cert-manager-cainjector",
        kind="CustomResourceDefinition",
    ),
)  # fmt: skip


def why_expected(kind: str, path: Path, writer: Writer | None) -> str | None:
    """The reason why this writer is expected to have set this undeclared field, or None."""
    written_by = writer or Writer("", "", "", "")
    return next((rule.reason for rule in RULES if rule.allows(kind, path, written_by)), None)
