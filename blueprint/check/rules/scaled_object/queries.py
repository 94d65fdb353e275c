"""Prometheus queries of KEDA autoscalers."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object, Path
from blueprint.check.common.expressions import UNREADABLE, fault
from blueprint.check.common.monitoring import NOT_EXPORTED, not_counted
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.source.placeholders import holds_placeholder


def _queries(subject: Object) -> Iterator[tuple[Path, str]]:
    for index, each in enumerate(map(mapping, items(inside(subject.data, "spec", "triggers")))):
        query = inside(each, "metadata", "query")
        if each.get("type") == "prometheus" and isinstance(query, str) and not holds_placeholder(query):
            yield ("spec", "triggers", index, "metadata", "query"), query


@rule(NOT_EXPORTED, tags=("monitoring", "scheduling"))
def not_exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """DCGM metrics that no exporter exports."""
    for path, query in _queries(subject):
        for text, help_ in not_counted([query], context):
            yield ObjectFinding(NOT_EXPORTED, path, text, help_)


@rule(UNREADABLE, tags=("monitoring", "scheduling"), needs=(Capability.PROMQL,))
def unreadable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Queries that are not valid PromQL."""
    for path, query in _queries(subject):
        if found := fault(query, context):
            what, help_, severity = found
            usual = "KEDA does not scale by it until it is corrected"
            yield ObjectFinding(UNREADABLE, path, what, help_ or usual, severity)


RULES = (not_exported, unreadable)
