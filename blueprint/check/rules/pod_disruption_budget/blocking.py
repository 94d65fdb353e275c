"""PodDisruptionBudgets that never allow an eviction of a GPU workload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.autoscalers import AUTOSCALER, SCALED_OBJECT, autoscalers_of
from blueprint.check.common.containers import GPU, limit
from blueprint.check.common.selected_pods import selected_pods
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.units import as_count

BLOCKS = define("BP6487", "budget-blocks-drains", page=__file__, severity=Severity.WARNING)
_KINDS = ("Deployment", "StatefulSet")
_MOST = {AUTOSCALER: "maxReplicas", SCALED_OBJECT: "maxReplicaCount"}


@rule(BLOCKS, tags=("serving", "reliability"))
def blocking(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Budgets that require as many pods as there are."""
    spec = mapping(subject.data.get("spec"))
    wanted = mapping(inside(spec, "selector", "matchLabels"))
    if not wanted or inside(spec, "selector", "matchExpressions"):
        return
    for pod in selected_pods(wanted, subject, context):
        of = pod.subject
        if of.id.kind not in _KINDS or not any(limit(each, GPU) for _, each in pod.containers):
            continue
        if field := _blocking(spec, _replicas(of, context)):
            text = f"{field} is {spec[field]}, so no pod of {of.id} can be evicted, and its node cannot be drained"
            yield ObjectFinding(BLOCKS, ("spec", field), text, "set maxUnavailable: 1")
            return


def _replicas(workload: Object, context: RuleContext) -> int | None:
    """The maximum number of pods; None if it is unknown."""
    if scalers := [*autoscalers_of(workload, context)]:
        numbers = [as_count(inside(each.data, "spec", _MOST[each.id.kind])) for each in scalers]
        return None if None in numbers else max(filter(None, numbers), default=0)
    return as_count(inside(workload.data, "spec", "replicas")) if "replicas" in mapping(workload.data["spec"]) else 1


def _blocking(spec: Any, replicas: int | None) -> str | None:
    """The field that prevents evictions."""
    if str(spec.get("maxUnavailable")) in ("0", "0%"):
        return "maxUnavailable"
    least = spec.get("minAvailable")
    number = as_count(least) if isinstance(least, int) else None
    all_of_them = number is not None and replicas is not None and number >= replicas > 0
    return "minAvailable" if least == "100%" or all_of_them else None


RULES = (blocking,)
