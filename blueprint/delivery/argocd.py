"""Argo CD Applications: one for each stage, created by one parent in the order of their waves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.bundle.layout import MANIFESTS, object_file
from blueprint.delivery.expected_writes import IgnoredFields
from blueprint.delivery.health import HealthCheck
from blueprint.delivery.stages import DeliveryStage
from blueprint.platform.delivery.model import ArgoCD

_WAVE = "argocd.argoproj.io/sync-wave"
_APPLICATION_HEALTH = """\
local hs = {status = "Progressing", message = ""}
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  hs.message = obj.status.health.message or ""
end
return hs
"""
"""Without it, a parent does not wait for its child Applications."""


def stage_application(
    name: str, path: str, argocd: ArgoCD, stage: DeliveryStage, ignored: Sequence[IgnoredFields]
) -> dict[str, Any]:
    """The Application for one stage, which reads only that stage's manifests."""
    files = [object_file(obj.id, obj.component).removeprefix(f"{MANIFESTS}/") for obj in stage.objects]
    ids = {obj.id for obj in stage.objects}
    differences = [
        {
            **({"group": each.id.group} if each.id.group else {}),
            "kind": each.id.kind,
            "name": each.id.name,
            **({"namespace": each.id.namespace} if each.id.namespace else {}),
            "jsonPointers": list(each.pointers),
        }
        for each in ignored
        if each.id in ids
    ]
    spec = _spec(argocd, f"{path}/{MANIFESTS}".removeprefix("/"))
    spec["source"]["directory"] = {"recurse": True, "include": f"{{{','.join(sorted(files))}}}"}
    if differences:
        spec["ignoreDifferences"] = differences
    return _application(f"{name}-{stage.label}", argocd, spec, {_WAVE: str(stage.number)})


def parent_application(name: str, path: str, argocd: ArgoCD, folder: str) -> dict[str, Any]:
    """The Application that creates the others: the only one to apply."""
    spec = _spec(argocd, f"{path}/{folder}".removeprefix("/"))
    spec["destination"] = {"server": "https://kubernetes.default.svc", "namespace": argocd.namespace}
    return _application(name, argocd, spec, {})


def configuration(argocd: ArgoCD, checks: Sequence[HealthCheck]) -> dict[str, Any]:
    """The settings for the rendered kinds, as entries of Argo CD's own ConfigMap."""
    data = {f"resource.customizations.health.{check.group}_{check.kind}": check.lua for check in checks}
    data["resource.customizations.health.argoproj.io_Application"] = _APPLICATION_HEALTH
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "argocd-cm",
            "namespace": argocd.namespace,
            "labels": {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"},
        },
        "data": data,
    }


def _spec(argocd: ArgoCD, path: str) -> dict[str, Any]:
    return {
        "project": argocd.project,
        "source": {"repoURL": argocd.repository, "targetRevision": argocd.revision, "path": path},
        "destination": {"server": argocd.server},
        "syncPolicy": {
            "automated": {"prune": False, "selfHeal": argocd.self_heal},
            "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"],
            "retry": {"limit": 10, "backoff": {"duration": "30s", "factor": 2, "maxDuration": "10m"}},
        },
    }


def _application(name: str, argocd: ArgoCD, spec: dict[str, Any], annotations: dict[str, str]) -> dict[str, Any]:
    """An Application without a finalizer, so that deleting it does not delete what it applied."""
    metadata: dict[str, Any] = {"name": name, "namespace": argocd.namespace}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}
