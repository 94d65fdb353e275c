"""Jobs that never run as many pods as they declare."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.jobs import BEYOND_COMPLETIONS, beyond_completions
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(BEYOND_COMPLETIONS, tags=("scheduling",))
def parallelism(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Jobs whose parallelism exceeds their completions."""
    if subject.id.group == "batch":
        yield from beyond_completions(subject, "spec")


RULES = (parallelism,)
