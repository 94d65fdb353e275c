"""Autoscaler bounds that the API server rejects."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import define

BOUNDS = define("BP6155", "autoscaler-bounds", page=__file__)


@rule(BOUNDS, tags=("scheduling",))
def bounds(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A minimum number of replicas above the maximum."""
    least, most = (inside(subject.data, "spec", field) for field in ("minReplicas", "maxReplicas"))
    if not isinstance(least, int) or not isinstance(most, int):
        return
    if least > most:
        text = f"spec.minReplicas is {least}, which exceeds maxReplicas ({most})"
        yield ObjectFinding(BOUNDS, ("spec", "minReplicas"), text, f"set it to at most {most}, or raise maxReplicas")


RULES = (bounds,)
