"""Fields that cannot change on a living object: known for Kubernetes' own kinds, read from rules for custom resources.

The table was read from the validation of Kubernetes 1.36 (pkg/apis/*/validation) and is held against a real API server,
field by field. Where it says nothing the server decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.kubernetes.crds import crds_of
from blueprint.source.paths import format_path

IMMUTABLE: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("apps", "DaemonSet"): ("spec.selector",),
    ("apps", "Deployment"): ("spec.selector",),
    ("apps", "ReplicaSet"): ("spec.selector",),
    ("apps", "StatefulSet"): (
        "spec.selector", "spec.serviceName", "spec.podManagementPolicy", "spec.volumeClaimTemplates",
    ),
    ("batch", "Job"): ("spec.selector", "spec.template", "spec.completionMode", "spec.podFailurePolicy"),
    ("node.k8s.io", "RuntimeClass"): ("handler",),
    ("scheduling.k8s.io", "PriorityClass"): ("value", "preemptionPolicy"),
    ("storage.k8s.io", "StorageClass"): ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
    ("rbac.authorization.k8s.io", "RoleBinding"): ("roleRef",),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): ("roleRef",),
    ("resource.k8s.io", "ResourceClaimTemplate"): ("spec",),
    ("resource.k8s.io", "ResourceClaim"): ("spec",),
    ("networking.k8s.io", "IngressClass"): ("spec.controller",),
    ("", "Service"): ("spec.clusterIP",),
    ("", "Secret"): ("type",),
    ("", "PersistentVolumeClaim"): ("spec.storageClassName", "spec.accessModes", "spec.volumeMode"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): ("spec.scope", "spec.group", "spec.names.plural"),
}  # fmt: skip
"""Fields by group and kind; a field stands for itself and everything under it."""

KEPT: Mapping[tuple[str, str], str] = {
    ("", "Namespace"): "everything in it would be deleted",
    ("", "PersistentVolume"): "data would be lost",
    ("apiextensions.k8s.io", "CustomResourceDefinition"): "every object of its kind would be deleted",
}
"""Kinds that are never deleted to be made anew, and why."""

CARRIES: Mapping[tuple[str, str], str] = {
    ("", "Secret"): "what is in it, which may be nowhere else",
    ("apps", "StatefulSet"): "what its pods hold in memory and on their nodes",
}
"""Kinds that are made anew only by their name, whatever their state: what always goes with them."""

STAYS: Mapping[tuple[str, str], tuple[str, str]] = {("", "Service"): ("clusterIP", "None")}
"""A field of `spec` and the value that the API server silently keeps when it is no longer declared."""

_SAME = "self==oldSelf"


def immutable_fields(change: ObjectChange) -> tuple[FieldChange, ...]:
    """The changed fields of an object that the API server would not change on a living one."""
    key = (change.id.group, change.id.kind)
    built_in = IMMUTABLE.get(key, ())
    ruled = () if built_in or "." not in change.id.group else custom_rules(*key)
    return tuple(field for field in change.fields if _is_under(field, built_in) or _is_ruled(field, ruled))


def told_apart(change: ObjectChange) -> ObjectChange:
    """An update that cannot be one, as the replacement it has to be."""
    fields = immutable_fields(change) if change.action is Action.UPDATE else ()
    if not fields:
        return change
    return ObjectChange(change.id, Action.REPLACE, change.fields, why(fields))


def why(fields: tuple[FieldChange, ...]) -> str:
    """The reason in words."""
    names = ", ".join(dict.fromkeys(field.shown for field in fields))
    return f"must be replaced: {names} cannot change on a living object"


def may_not_be_replaced(identity: ObjectId) -> str | None:
    """Why an object of this kind is never deleted to be made anew; None where it may be."""
    return KEPT.get((identity.group, identity.kind))


@cache
def custom_rules(group: str, kind: str) -> tuple[str, ...]:
    """The fields of a shipped custom resource whose rules say `self == oldSelf`."""
    for crd in crds_of(group):
        if crd["spec"]["names"]["kind"] == kind:
            schemas = (version["schema"]["openAPIV3Schema"] for version in crd["spec"]["versions"])
            return tuple(dict.fromkeys(path for schema in schemas for path in _ruled(schema, "")))
    return ()


def _ruled(schema: Mapping[str, Any], at: str) -> Iterator[str]:
    rules = schema.get("x-kubernetes-validations", ())
    if at and any(rule["rule"].replace(" ", "") == _SAME for rule in rules):
        yield at
    for name, part in schema.get("properties", {}).items():
        yield from _ruled(part, f"{at}.{name}" if at else name)


def _is_under(field: FieldChange, names: tuple[str, ...]) -> bool:
    """Also where a whole subtree that holds the field comes or goes."""
    path = format_path(field.path)
    return any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in names)


def _is_ruled(field: FieldChange, names: tuple[str, ...]) -> bool:
    """A rule compares two values: where the whole field comes or goes the server does not ask it."""
    whole = format_path(field.path) in names
    return _is_under(field, names) and not (whole and (field.before is ABSENT or field.after is ABSENT))
