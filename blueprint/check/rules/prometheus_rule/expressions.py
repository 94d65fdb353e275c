"""Expressions in Prometheus rules: whether they can be parsed, and whether they use metrics correctly."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.expressions import UNREADABLE, fault, uses
from blueprint.check.common.monitoring import counted_fields, rules_of
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.patterns import lazy_pattern

STICKY = define("BP6571", "alert-that-never-ends", page=__file__, severity=Severity.WARNING)
AS_COUNTER = define("BP6572", "rate-of-a-gauge", page=__file__, severity=Severity.WARNING)
RECORD_FORM = define("BP6573", "record-with-fields-of-an-alert", page=__file__)
_LAST_XID = ("DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR")
_COMPARED = lazy_pattern(r"\boffset\b|==\s*[1-9]")
"""Comparisons with an earlier value, or with a single Xid for which the alert may well last until the driver is
reloaded.
"""
_PER_SECOND = ("rate", "irate", "increase")
_ALERTS_ONLY = ("for", "keep_firing_for", "annotations")


@rule(UNREADABLE, tags=("monitoring",), needs=(Capability.PROMQL,))
def unreadable(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Expressions that are not valid PromQL."""
    for path, each in rules_of(subject):
        text = each.get("expr")
        if isinstance(text, str) and (found := fault(text, context)):
            what, help_, severity = found
            name = each.get("alert") or each.get("record") or "a rule"
            usual = "Prometheus loads none of the rules in this object until it is corrected"
            yield ObjectFinding(UNREADABLE, (*path, "expr"), f"{name}: {what}", help_ or usual, severity)


@rule(STICKY, tags=("monitoring",), needs=(Capability.PROMQL,))
def sticky(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Alerts on the last Xid, which never resets."""
    for path, each in rules_of(subject):
        raw = {use.metric for use in uses(each.get("expr"), context) if not use.ranged} & set(_LAST_XID)
        if each.get("alert") and raw and not _COMPARED.search(str(each["expr"])):
            text = f"{each['alert']}: {raw.pop()} keeps the last Xid until the driver is reloaded"
            help_ = "use DCGM_EXP_XID_ERRORS_COUNT, which counts recent Xids, or changes() over a range"
            yield ObjectFinding(STICKY, (*path, "expr"), text, help_)


@rule(AS_COUNTER, tags=("monitoring",), needs=(Capability.PROMQL,))
def as_counter(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Counter functions applied to gauges."""
    kinds = counted_fields(context)
    for path, each in rules_of(subject):
        for use in uses(each.get("expr"), context):
            if use.function in _PER_SECOND and kinds.get(use.metric) == "gauge":
                text = (
                    f"{use.function} is applied to the gauge {use.metric}, so every decrease counts as a counter reset"
                )
                yield ObjectFinding(
                    AS_COUNTER, (*path, "expr"), text, "use avg_over_time, max_over_time, delta or deriv"
                )


@rule(RECORD_FORM, tags=("monitoring",))
def record_form(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Recording rules with fields of alerts."""
    for path, each in rules_of(subject):
        for key in _ALERTS_ONLY if each.get("record") and not each.get("alert") else ():
            if each.get(key):
                text = f"{each['record']} is a recording rule, but has {key}, which is only for alerts"
                yield ObjectFinding(RECORD_FORM, (*path, key), text, f"remove {key}, or use alert instead of record")


RULES = (unreadable, sticky, as_counter, record_form)
