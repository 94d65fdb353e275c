"""PodDisruptionBudgets that never allow an eviction of a GPU workload."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.containers import GPU, limit
from blueprint.check.common.selected_pods import selected_pods
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, mapping
from blueprint.diagnostics import Severity, define
from blueprint.units import as_count

BLOCKS = define("BP6487", "budget-blocks-drains", page=__file__, severity=Severity.WARNING)
_KINDS = ("Deployment", "StatefulSet")


@rule(BLOCKS, tags=("serving", "reliability"))
def blocking(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Budgets that require as many pods as there are."""
    spec = mapping(subject.data.get("spec"))
    wanted = mapping(inside(spec, "selector", "matchLabels"))
    if not wanted or inside(spec, "selector", "matchExpressions"):
        return
    for pod in selected_pods(wanted, subject, context):
        of = pod.subject
        if of.id.kind in _KINDS and any(limit(each, GPU) for _, each in pod.containers):
            replicas = as_count(inside(of.data, "spec", "replicas")) if "replicas" in mapping(of.data["spec"]) else 1
            if (field := _blocking(spec, replicas)) is not None:
                text = f"{field} is {spec[field]}, so no pod of {of.id} can be evicted, and its node cannot be drained"
                yield ObjectFinding(BLOCKS, ("spec", field), text, "set maxUnavailable: 1")
                return


def _blocking(spec: Any, replicas: int | None) -> str | None:
    """The field that prevents evictions."""
    if str(spec.get("maxUnavailable")) in ("0", "0%"):
        return "maxUnavailable"
    least = spec.get("minAvailable")
    number = as_count(least) if isinstance(least, int) else None
    all_of_them = number is not None and replicas is not None and number >= replicas > 0
    return "minAvailable" if least == "100%" or all_of_them else None


RULES = (blocking,)
