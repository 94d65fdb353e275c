"""Labels of GPU metrics that do not exist, because of how the exporter is scraped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object
from blueprint.check.common.exporters import EXPORTER
from blueprint.check.common.monitoring import rules_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

NEVER_EXPORTED = define("BP6625", "exported-label-never-set", page=__file__, severity=Severity.WARNING)
_LABEL = lazy_pattern(r"\bexported_(pod|namespace|container)\b")
_METRIC = lazy_pattern(r"\bDCGM_(FI|EXP)_")


@rule(NEVER_EXPORTED, tags=("monitoring",))
def never_exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Labels that Prometheus renames only if it does not honor those of the exporter."""
    for path, each in rules_of(subject):
        text = str(each.get("expr") or "")
        found = _LABEL.search(text) if _METRIC.search(text) else None
        if found and context.once(_are_honored):
            name = each.get("alert") or each.get("record") or "a rule"
            why = "because the exporter is scraped with honorLabels: true"
            fault = f"{name}: the label {found[0]} does not exist, {why}"
            yield ObjectFinding(NEVER_EXPORTED, (*path, "expr"), fault, f"use {found[1]}")


def _are_honored(context: RuleContext) -> bool:
    """Whether all known monitors of the exporter keep its labels; without any, this is unknown."""
    found = [*_endpoints(context)]
    return bool(found) and all(each.get("honorLabels") is True and not each.get("metricRelabelings") for each in found)


def _endpoints(context: RuleContext) -> Iterator[Mapping[Any, Any]]:
    """The endpoints of the exporter in monitors, and the section of the ClusterPolicy for its own monitor."""
    for kind, field in (("ServiceMonitor", "endpoints"), ("PodMonitor", "podMetricsEndpoints")):
        for each in context.objects_of_kind(kind):
            labels = mapping(inside(each.data, "spec", "selector", "matchLabels"))
            if any(EXPORTER.search(str(value)) for value in labels.values()):
                yield from map(mapping, items(inside(each.data, "spec", field)))
    own = mapping(context.cluster_policy_value("dcgmExporter", "serviceMonitor"))
    if own.get("enabled") is True:
        yield own


RULES = (never_exported,)
