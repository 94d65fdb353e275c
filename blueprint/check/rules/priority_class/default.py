"""Priorities that pods get by default."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import Severity, define

HIGH_DEFAULT = define("BP6476", "default-priority-preempts", page=__file__, severity=Severity.WARNING)


@rule(HIGH_DEFAULT, tags=("scheduling", "tenancy"))
def high_default(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A default priority above zero, which preempts other pods."""
    value = subject.data.get("value")
    preempts = subject.data.get("preemptionPolicy") != "Never"
    if subject.data.get("globalDefault") is True and preempts and isinstance(value, int) and value > 0:
        text = f"every pod without a priority class gets the priority {value}, and preempts pods with a lower one"
        yield ObjectFinding(
            HIGH_DEFAULT, ("globalDefault",), text, "set preemptionPolicy: Never, or remove globalDefault"
        )


RULES = (high_default,)
