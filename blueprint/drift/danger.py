"""What a difference may let somebody do: decided by the field, by what stands in it, and by the kind of the object."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.changes.compare import ABSENT
from blueprint.diagnostics import Danger
from blueprint.drift.model import Finding, FindingKind

_PRIVILEGE = frozenset(
    {
        "privileged", "allowPrivilegeEscalation", "capabilities", "procMount", "runAsNonRoot", "runAsUser",
        "seccompProfile", "appArmorProfile",
    }
)  # fmt: skip
_HOST_ACCESS = frozenset({"hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "hostUsers"})
_PERMISSIONS = frozenset({"serviceAccountName", "automountServiceAccountToken"})
_OF_PERMISSIONS = frozenset({"ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"})
_WORKLOADS = frozenset({"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job", "CronJob", "Pod"})
_GONE = frozenset({FindingKind.MISSING, FindingKind.TERMINATING})
_BY_FIELD = {Danger.PRIVILEGE: _PRIVILEGE, Danger.HOST_ACCESS: _HOST_ACCESS, Danger.PERMISSIONS: _PERMISSIONS}


def danger_of(finding: Finding) -> Danger | None:
    """The worst thing that a difference may let somebody do; None where it is none of those, or is no drift."""
    if not finding.is_drift:
        return None
    kind = finding.subject.partition("/")[0]
    fields = {*re.findall(r"[A-Za-z]+", finding.path), *_keys(finding.live)}
    for danger, dangerous in _BY_FIELD.items():
        if fields & dangerous:
            return danger
    if kind in _OF_PERMISSIONS:
        return Danger.PERMISSIONS
    stopped = finding.path == "spec.replicas" and finding.live == 0
    return Danger.WORKLOAD_GONE if kind in _WORKLOADS and (finding.kind in _GONE or stopped) else None


def _keys(value: Any) -> Iterator[str]:
    """The keys at any depth of what is there."""
    if value is ABSENT:
        return
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield str(key)
            yield from _keys(below)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
