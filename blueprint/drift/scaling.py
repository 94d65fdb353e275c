"""Workloads that were scaled to zero although the blueprint leaves the number of replicas to others.

Scaling uses a subresource that records no writer if no manager owned the replicas before, so managedFields do not show
it. Zero is never a default, and only some autoscalers may set it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, Object
from blueprint.diagnostics import Note
from blueprint.drift.model import Finding, FindingKind, facts
from blueprint.drift.ownership import claims_at
from blueprint.drift.view import Live, Unseen, View

_SCALED = {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "ReplicaSet"), ("", "ReplicationController")}
_OFF = Note("it was scaled to zero; scaling records no writer if no one owned the replicas before")


def switched_off(obj: Object, live: Live, bundle: Bundle, view: View, manager: str) -> Finding | None:
    """The finding that a workload has no replicas, unless an autoscaler that may scale to zero manages it."""
    if (obj.id.group, obj.id.kind) not in _SCALED or "replicas" in obj.data["spec"]:
        return None
    if live["spec"].get("replicas") != 0 or claims_at(live, ("spec", "replicas"), manager):
        return None  # A recorded manager is handled like every other writer.
    scalers = [other.data for other in bundle.objects if other.id.namespace == obj.id.namespace]
    if _may_be_zero(obj, scalers):
        return None
    path, origin, seen = "spec.replicas", obj.origin(("spec",)), facts(live)
    try:
        if _may_be_zero(obj, view.autoscalers(obj.id.namespace)):
            return None
    except Unseen as unseen:
        why = Note(f"whether an autoscaler may scale it to zero is not known: {unseen}")
        return Finding(FindingKind.UNKNOWN, str(obj.id), path, live=0, origin=origin, seen=seen, remarks=(why,))
    kind, help_ = (
        FindingKind.FOREIGN_ADDITION,
        "scale it up again, or declare its replicas; an apply does not change undeclared replicas",
    )
    return Finding(kind, str(obj.id), path, live=0, origin=origin, seen=seen, remarks=(_OFF,), help=help_)


def _may_be_zero(obj: Object, scalers: Iterable[Mapping[str, Any]]) -> bool:
    return any(_targets(each, obj) and _goes_to_zero(each) for each in scalers)


def _targets(scaler: Mapping[str, Any], obj: Object) -> bool:
    target = (scaler.get("spec") or {}).get("scaleTargetRef") if isinstance(scaler.get("spec"), Mapping) else None
    if not isinstance(target, Mapping):
        return False
    return (target.get("kind", "Deployment"), target.get("name")) == (obj.id.kind, obj.id.name)


def _goes_to_zero(scaler: Mapping[str, Any]) -> bool:
    """Whether the autoscaler may scale to zero. KEDA does by default, even through an autoscaler that it created;
    others if configured.
    """
    makers = scaler["metadata"].get("ownerReferences") or ()
    by_keda = "ScaledObject" in {scaler.get("kind"), *(maker.get("kind") for maker in makers)}
    least = scaler["spec"].get("minReplicaCount" if scaler.get("kind") == "ScaledObject" else "minReplicas")
    return least == 0 or (by_keda and (least is None or scaler.get("kind") != "ScaledObject"))
