"""In which stage of an apply an object is written."""

from __future__ import annotations

import enum

from blueprint.bundle.model import Object, ObjectId


class Stage(enum.IntEnum):
    """What must be through before the next begins."""

    NAMESPACES = 0
    DEFINITIONS = 1
    OPERATORS = 2
    ACCOUNTS = 3
    CONFIGURATION = 4
    WORKLOADS = 5
    CUSTOM = 6
    ADMISSION = 7


_WORKLOADS = {"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job", "CronJob", "Pod"}
OPERATORS = "operators.coreos.com"
"""The group of the Operator Lifecycle Manager: what is wished of it brings kinds that come later."""
_BINDINGS = {"RoleBinding", "ClusterRoleBinding"}
_ACCOUNT = "kubernetes.io/service-account"
_TOKEN = f"{_ACCOUNT}-token"
_ADMISSION = {"ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService"}


def follows_peers(obj: Object) -> bool:
    """Whether an object comes after the others of its stage: a binding after its role, a token after its account."""
    return obj.id.kind in _BINDINGS or account_of(obj) is not None


def account_of(obj: Object) -> ObjectId | None:
    """The ServiceAccount that a token Secret is of. Without it the token controller deletes the Secret at once."""
    if (obj.id.group, obj.id.kind) != ("", "Secret") or obj.data.get("type") != _TOKEN:
        return None
    name = (obj.data["metadata"].get("annotations") or {}).get(f"{_ACCOUNT}.name", "")
    return ObjectId("", "ServiceAccount", obj.id.namespace, name)


def stage_of(identity: ObjectId) -> Stage:
    """The stage that an object belongs to."""
    if identity.kind == "Namespace" and not identity.group:
        return Stage.NAMESPACES
    if identity.kind == "CustomResourceDefinition":
        return Stage.DEFINITIONS
    if identity.group == OPERATORS:
        return Stage.OPERATORS
    if identity.kind == "ServiceAccount" and not identity.group:
        return Stage.ACCOUNTS  # a controller deletes a token Secret whose account is not there yet
    if identity.kind in _ADMISSION:
        return Stage.ADMISSION
    if identity.kind in _WORKLOADS and identity.group in {"", "apps", "batch"}:
        return Stage.WORKLOADS
    is_builtin = "." not in identity.group or identity.group.endswith(".k8s.io")
    return Stage.CONFIGURATION if is_builtin else Stage.CUSTOM
