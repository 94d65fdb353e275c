"""RuntimeClasses that the operator creates."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.common.made_by_operator import MADE_BY_THE_OPERATOR
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(MADE_BY_THE_OPERATOR, tags=("operator",))
def made(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's RuntimeClass with the operator's name."""
    name = context.cluster_policy_value("operator", "runtimeClass") or "nvidia"
    if subject.component == USERS and context.cluster_policy is not None and subject.id.name == name:
        yield ObjectFinding(
            MADE_BY_THE_OPERATOR, ("metadata", "name"), f"the GPU Operator creates {name} itself", "remove it"
        )


RULES = (made,)
