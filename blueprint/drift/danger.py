"""The security risk of a difference, and the restarts caused by its repair, determined by field, value and kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.catalog.component_files.effects import load_effects
from blueprint.changes.compare import ABSENT
from blueprint.changes.effects import HAPPENS
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
_OF_ISOLATION = frozenset(
    {
        "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding", "RuntimeClass", "NetworkPolicy",
    }
)  # fmt: skip
"""Objects that isolate pods from nodes, devices and connections of others."""
_OF_PERMISSIONS = frozenset({"ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding"})
_WORKLOADS = frozenset({"Deployment", "DaemonSet", "StatefulSet", "ReplicaSet", "Job", "CronJob", "Pod"})
_GONE = frozenset({FindingKind.MISSING, FindingKind.TERMINATING})
_BY_FIELD = {Danger.PRIVILEGE: _PRIVILEGE, Danger.HOST_ACCESS: _HOST_ACCESS, Danger.PERMISSIONS: _PERMISSIONS}


def danger_of(finding: Finding) -> Danger | None:
    """The worst security risk of a difference; None if it has none, or is not drift."""
    if not finding.is_drift:
        return None
    kind = finding.subject.partition("/")[0]
    fields = {*re.findall(r"[A-Za-z]+", finding.path), *_keys(finding.live)}
    for danger, dangerous in _BY_FIELD.items():
        if fields & dangerous:
            return danger
    # A changed overhead of a RuntimeClass only affects scheduling.
    if kind in _OF_ISOLATION and not finding.path.startswith(("metadata.", "overhead")):
        return Danger.ISOLATION
    if kind in _OF_PERMISSIONS:
        return Danger.PERMISSIONS
    stopped = finding.path == "spec.replicas" and finding.live == 0
    return Danger.WORKLOAD_GONE if kind in _WORKLOADS and (finding.kind in _GONE or stopped) else None


def restarts_of(finding: Finding) -> Iterator[str]:
    """The pods that a repair restarts: those of a workload whose template it changes, and those that an operator
    restarts for the field.
    """
    if not (finding.is_drift and finding.path):
        return
    kind, name = finding.subject.partition("/")[0], finding.subject
    if kind in _WORKLOADS and finding.path.startswith("spec.template."):
        yield f"the pods of {name}"
        return
    for table in load_effects():
        for effect in table.effects:
            if effect.kind == kind and effect.happens in HAPPENS and _is_under(finding.path, effect.fields):
                yield f"{HAPPENS[effect.happens]} ({name})"


def _is_under(path: str, fields: Iterable[str]) -> bool:
    return any(path == field or path.startswith((f"{field}.", f"{field}[")) for field in fields)


def _keys(value: Any) -> Iterator[str]:
    """The keys at all levels of a value."""
    if value is ABSENT:
        return
    if isinstance(value, Mapping):
        for key, below in value.items():
            yield str(key)
            yield from _keys(below)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)
