"""The workloads to which autoscalers refer."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.named_objects import missing, severity_beside
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define

TARGET_MISSING = define("BP6165", "scale-target-missing", page=__file__, severity=Severity.WARNING)
_KINDS = ("Deployment", "StatefulSet", "ReplicaSet")


def target_missing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Report that no workload has the name and kind in `spec.scaleTargetRef`. The default kind of a ScaledObject is
    Deployment.
    """
    target = mapping(inside(subject.data, "spec", "scaleTargetRef"))
    kind, name = target.get("kind") or _KINDS[0], target.get("name")
    if kind not in _KINDS or not isinstance(name, str):
        return
    there = context.named("apps", kind, subject.id.namespace)
    text = f"spec.scaleTargetRef.name is {name}, but no {kind} among the objects has that name"
    beside = severity_beside(subject, ("apps", kind), context)
    if found := missing(TARGET_MISSING, ("spec", "scaleTargetRef", "name"), name, there, text, context, beside):
        yield found
