"""Rules of Prometheus: their form, and metrics of GPUs that nobody exports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Object, Path
from blueprint.check.common.monitoring import exported_fields, selects
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import Severity, define, nearest

RULE_NAME = define("BP6531", "alert-or-record", page=__file__)
NOT_SELECTED = define("BP6532", "rules-not-selected", page=__file__, severity=Severity.WARNING)
NOT_EXPORTED = define("BP6533", "metric-not-exported", page=__file__, severity=Severity.WARNING)
_DCGM = re.compile(r"\bDCGM_(?:FI|EXP)_[A-Z0-9_]+\b")


def _rules(subject: Object) -> Iterator[tuple[Path, Mapping[Any, Any]]]:
    for index, group in enumerate(map(mapping, items(inside(subject.data, "spec", "groups")))):
        for number, each in enumerate(map(mapping, items(group.get("rules")))):
            yield ("spec", "groups", index, "rules", number), each


@rule(RULE_NAME, tags=("monitoring",))
def rule_name(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules that are alert and record at once, or neither."""
    for path, each in _rules(subject):
        named = [key for key in ("alert", "record") if each.get(key)]
        if each and len(named) != 1:
            text = "a rule has alert and record" if named else "a rule has neither alert nor record"
            yield ObjectFinding(RULE_NAME, (*path, named[1]) if named else path, text, "give each rule one of the two")


@rule(NOT_SELECTED, tags=("monitoring",))
def not_selected(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Rules that none of the Prometheus objects selects."""
    servers = [*context.objects_of_kind("Prometheus"), *context.objects_of_kind("ThanosRuler")]
    if servers and not any(selects(each, "rule", subject, context) for each in servers):
        text = (
            f"no Prometheus selects these rules: {servers[0].id} has {inside(servers[0].data, 'spec', 'ruleSelector')}"
        )
        yield ObjectFinding(NOT_SELECTED, ("metadata",), text, "add the labels that ruleSelector demands")


@rule(NOT_EXPORTED, tags=("monitoring",))
def not_exported(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Metrics of DCGM that no file of counters among the objects has."""
    exported = exported_fields(context)
    if not exported:
        return
    recorded = {name for each in context.objects_of_kind("PrometheusRule") for _, rule in _rules(each)
                if isinstance(name := rule.get("record"), str)}  # fmt: skip
    for path, each in _rules(subject):
        text = str(each.get("expr") or "")
        for name in dict.fromkeys(_DCGM.findall(text)):
            if name not in exported and name not in recorded:
                near = nearest(name, sorted(exported))
                help_ = f"did you mean {near}?" if near else "add it to the exporter's file of counters"
                yield ObjectFinding(NOT_EXPORTED, (*path, "expr"), f"no exporter counts {name}", help_)


RULES = (rule_name, not_selected, not_exported)
