"""KEDA autoscalers whose workload does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.scale_targets import TARGET_MISSING, target_missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(TARGET_MISSING, tags=("references", "scheduling"))
def target(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Targets that match no workload of their kind."""
    yield from target_missing(subject, context)


RULES = (target,)
