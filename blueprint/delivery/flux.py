"""Flux Kustomizations: one for each stage, each depending on the previous one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.bundle.layout import object_file
from blueprint.delivery.expected_writes import IgnoredFields
from blueprint.delivery.health import HealthCheck
from blueprint.delivery.stages import DeliveryStage
from blueprint.platform.delivery.model import Flux


def stage_kustomization(
    name: str,
    path: str,
    flux: Flux,
    stage: DeliveryStage,
    before: DeliveryStage | None,
    checks: Sequence[HealthCheck],
    ignored: Sequence[IgnoredFields],
) -> dict[str, Any]:
    """The Kustomization for one stage. It does not prune, and deleting it leaves its objects."""
    kinds = {(obj.id.group, obj.id.kind) for obj in stage.objects}
    ids = {obj.id for obj in stage.objects}
    expressions = [
        {
            "apiVersion": f"{check.group}/{check.version}",
            "kind": check.kind,
            "current": check.current,
            **({"failed": check.failed} if check.failed else {}),
        }
        for check in checks
        if (check.group, check.kind) in kinds
    ]
    rules = [{"paths": list(each.pointers), "target": _target(each)} for each in ignored if each.id in ids]
    spec: dict[str, Any] = {
        "interval": flux.interval,
        "timeout": flux.timeout,
        "path": f"./{path}".rstrip("/"),
        "prune": False,
        "deletionPolicy": "Orphan",
        "sourceRef": {"kind": flux.source_kind, "name": flux.source},
        "wait": True,
    }
    if before:
        spec["dependsOn"] = [{"name": f"{name}-{before.label}"}]
    if expressions:
        spec["healthCheckExprs"] = expressions
    if rules:
        spec["ignore"] = rules
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": f"{name}-{stage.label}", "namespace": flux.namespace},
        "spec": spec,
    }


def stage_resources(stage: DeliveryStage, up: str) -> dict[str, Any]:
    """The file that lists the manifests of a stage; `up` is the path from its folder to the bundle's."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(f"{up}/{object_file(obj.id, obj.component)}" for obj in stage.objects),
    }


def _target(ignored: IgnoredFields) -> dict[str, str]:
    identity = ignored.id
    facts = {"group": identity.group, "kind": identity.kind, "name": identity.name, "namespace": identity.namespace}
    return {key: value for key, value in facts.items() if value}
