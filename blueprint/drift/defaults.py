"""What the API server fills into built-in objects, as data.

A field that somebody owns but that has its default value changes nothing: an applier that writes the whole
object, defaults included, is no drift. Sources: the defaulting functions of Kubernetes 1.36
(`pkg/apis/*/*/defaults.go`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from blueprint.render.model import Path

_ROLLING: Mapping[str, Mapping[str, Any]] = {
    "strategy.rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    "updateStrategy.rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
}
_POD = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "restartPolicy": "Always",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationGracePeriodSeconds": 30,
}
_CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "ports.protocol": "TCP",
    "fieldRef.apiVersion": "v1",
    "httpGet.scheme": "HTTP",
    "failureThreshold": 3,
    "periodSeconds": 10,
    "successThreshold": 1,
}
_VOLUMES = {
    "configMap.defaultMode": 420,
    "secret.defaultMode": 420,
    "projected.defaultMode": 420,
    "downwardAPI.defaultMode": 420,
    "serviceAccountToken.expirationSeconds": 3600,
    "hostPath.type": "",
    "volumeMode": "Filesystem",
}
_WORKLOADS = {
    "progressDeadlineSeconds": 600,
    "revisionHistoryLimit": 10,
    "strategy.type": "RollingUpdate",
    "updateStrategy.type": "RollingUpdate",
    "updateStrategy.rollingUpdate.partition": 0,
    "podManagementPolicy": "OrderedReady",
    "persistentVolumeClaimRetentionPolicy.whenDeleted": "Retain",
    "persistentVolumeClaimRetentionPolicy.whenScaled": "Retain",
    "concurrencyPolicy": "Allow",
    "failedJobsHistoryLimit": 1,
    "successfulJobsHistoryLimit": 3,
    "suspend": False,
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "podReplacementPolicy": "TerminatingOrFailed",
    "minReplicas": 1,
}
_SERVICES = {
    "internalTrafficPolicy": "Cluster",
    "sessionAffinity": "None",
    "service.port": 443,
}
_ADMISSION = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "reinvocationPolicy": "Never",
    "webhooks.timeoutSeconds": 10,
    "webhooks.namespaceSelector": {},
    "webhooks.objectSelector": {},
    "rules.scope": "*",
    "conversion.strategy": "None",
}
_OTHERS = {
    "preemptionPolicy": "PreemptLowerPriority",
    "exactly.allocationMode": "ExactCount",
    "exactly.count": 1,
    "metadata": {},
    "roleRef.apiGroup": "rbac.authorization.k8s.io",
    "reclaimPolicy": "Delete",
    "volumeBindingMode": "Immediate",
}
_BY_TAIL: Mapping[str, Any] = (
    {f"{parent}.{key}": value for parent, values in _ROLLING.items() for key, value in values.items()}
    | _POD
    | _CONTAINER
    | _VOLUMES
    | _WORKLOADS
    | _SERVICES
    | _ADMISSION
    | _OTHERS
)
"""By the end of the path, list indices left out: the longest entry that fits counts."""

_AT_ROOT: Mapping[str, Any] = {"type": "Opaque", "spec.type": "ClusterIP", "spec.replicas": 1}
"""By the whole path."""


IsDefault = Callable[[Path, Any, Any], bool]
"""Whether an undeclared field (path, value, what it is in) has the value that the API server gives it."""


def is_server_default(path: Path, value: Any, parent: Any) -> bool:
    """Whether an undeclared field has the value that the API server gives it; `parent` is what it is in."""
    if value is None:
        return True
    names = [step for step in path if isinstance(step, str)]
    if isinstance(path[-1], int) or not names:
        return False
    if (rule := _BY_RULE.get(names[-1])) and isinstance(parent, Mapping):
        return rule(value, parent)
    default = _default(names)
    if default is not _NONE:
        return type(value) is type(default) and bool(value == default)
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(is_server_default((*path, key), below, value) for key, below in value.items())
    )


def schema_defaults(schema: Mapping[str, Any]) -> IsDefault:
    """The same question for a custom resource, answered by the schema of its definition."""

    def is_default(path: Path, value: Any, _parent: Any) -> bool:
        node: Any = schema
        for step in path:
            node = _below(node, step)
        if "default" in node:
            return bool(node["default"] == value)
        return (
            isinstance(value, Mapping)
            and bool(value)
            and all(is_default((*path, key), below, value) for key, below in value.items())
        )

    return is_default


def _below(node: Mapping[str, Any], step: str | int) -> Mapping[str, Any]:
    if isinstance(step, int):
        found = node.get("items")
    else:
        found = (node.get("properties") or {}).get(step, node.get("additionalProperties"))
    return found if isinstance(found, Mapping) else {}


def never_default(_path: Path, _value: Any, _parent: Any) -> bool:
    """For custom resources whose schema is not at hand."""
    return False


_NONE = object()


def _default(names: list[str]) -> Any:
    whole = ".".join(names)
    if whole in _AT_ROOT:
        return _AT_ROOT[whole]
    tails = (".".join(names[start:]) for start in range(len(names)))
    return next((_BY_TAIL[tail] for tail in tails if tail in _BY_TAIL), _NONE)


def default_pull_policy(image: str) -> str:
    """Images without a fixed version are pulled every time."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if "@" in image or tag not in {"", "latest"} else "Always"


def _policy_types(parent: Mapping[str, Any]) -> list[str]:
    return ["Ingress", "Egress"] if parent.get("egress") else ["Ingress"]


def _always(_value: Any, _parent: Mapping[str, Any]) -> bool:
    return True


_BY_RULE: Mapping[str, Callable[[Any, Mapping[str, Any]], bool]] = {
    "imagePullPolicy": lambda value, parent: value == default_pull_policy(str(parent.get("image", ""))),
    "serviceAccount": lambda value, parent: value == parent.get("serviceAccountName"),
    "targetPort": lambda value, parent: value == parent.get("port"),
    "policyTypes": lambda value, parent: value == _policy_types(parent),
    "timeoutSeconds": lambda value, parent: value == (10 if "clientConfig" in parent else 1),
    "externalTrafficPolicy": lambda value, parent: value == "Cluster" and parent.get("type") != "ClusterIP",
    "allocateLoadBalancerNodePorts": lambda value, parent: value is True and parent.get("type") == "LoadBalancer",
    "clusterIP": _always,
    "clusterIPs": _always,
    "ipFamilies": _always,
    "ipFamilyPolicy": _always,
    "nodePort": _always,
}
"""What the server derives from its neighbours, or allocates."""
