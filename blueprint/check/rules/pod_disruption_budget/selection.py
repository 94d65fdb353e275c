"""PodDisruptionBudgets that protect no pod."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.selected_pods import NOTHING, unmatched
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside

_PATH = ("spec", "selector", "matchLabels")


@rule(NOTHING, tags=("reliability", "references"))
def selects_nothing(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Budgets whose selector matches no pod."""
    if not inside(subject.data, "spec", "selector", "matchExpressions"):
        yield from unmatched(inside(subject.data, *_PATH), _PATH, subject, context)


RULES = (selects_nothing,)
