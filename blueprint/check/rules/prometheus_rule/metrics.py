"""Prometheus rules: their form, and GPU metrics that no exporter exports."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.monitoring import NOT_EXPORTED, not_counted, rules_of, unselected
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

RULE_NAME = define("BP6531", "alert-or-record", page=__file__)
NOT_SELECTED = define("BP6532", "rules-not-selected", page=__file__, severity=Severity.WARNING)


@rule(RULE_NAME, tags=("monitoring",))
def rule_name(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules with both alert and record, or neither."""
    for path, each in rules_of(subject):
        named = [key for key in ("alert", "record") if each.get(key)]
        if each and len(named) != 1:
            text = "a rule has both alert and record" if named else "a rule has neither alert nor record"
            yield ObjectFinding(
                RULE_NAME, (*path, named[1]) if named else path, text, "give each rule exactly one of the two"
            )


@rule(NOT_SELECTED, tags=("monitoring",))
def not_selected(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules that none of the Prometheus objects selects."""
    if found := unselected("rule", subject, context):
        why, help_ = found
        yield ObjectFinding(NOT_SELECTED, ("metadata",), f"no Prometheus selects these rules: {why}", help_)


@rule(NOT_EXPORTED, tags=("monitoring",))
def not_exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """DCGM metrics that no exporter exports: unknown ones, and those that no counters file contains."""
    for path, each in rules_of(subject):
        for text, help_ in not_counted([str(each.get("expr") or "")], context):
            yield ObjectFinding(NOT_EXPORTED, (*path, "expr"), text, help_)


RULES = (rule_name, not_selected, not_exported)
