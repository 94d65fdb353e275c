"""Metrics of autoscalers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.monitoring import NOT_EXPORTED, not_counted
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

NOT_MEASURED = define("BP6587", "autoscaler-metric-unavailable", page=__file__, severity=Severity.WARNING)
_FIELD = lazy_pattern(r"DCGM_FI_(?:DEV|PROF)_[A-Z0-9_]*[A-Z0-9]")
_MEASURED = ("cpu", "memory")
_TYPES = {"Resource": "resource", "ContainerResource": "containerResource"}


@rule(NOT_MEASURED, tags=("scheduling", "monitoring"))
def measured(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Resources other than CPU and memory."""
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "metrics")))):
        field = _TYPES.get(str(each.get("type")), "")
        name = inside(each, field, "name")
        if isinstance(name, str) and name not in _MEASURED:
            path = ("spec", "metrics", index, field, "name")
            text = (
                f"spec.metrics[{index}].{field}.name is {name}: the metrics API provides only {' and '.join(_MEASURED)}"
            )
            yield ObjectFinding(NOT_MEASURED, path, text, "use type: Pods or External, and an adapter for Prometheus")


@rule(NOT_EXPORTED, tags=("monitoring", "scheduling"))
def exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Metrics named after a DCGM field that does not exist. Adapters may export other names."""
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "metrics")))):
        for field in ("pods", "object", "external"):
            name = inside(each, field, "metric", "name")
            if isinstance(name, str) and _FIELD.fullmatch(name):
                for text, help_ in not_counted([name], context):
                    yield ObjectFinding(NOT_EXPORTED, ("spec", "metrics", index, field, "metric", "name"), text, help_)


RULES = (measured, exported)
