"""Components that are disabled without the blueprint's knowledge."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, inside
from blueprint.diagnostics import define

SWITCHED_OFF = define("BP6133", "component-switched-off", page=__file__)


@rule(SWITCHED_OFF, needs=(Capability.BLUEPRINT,))
def running(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A component with zero replicas."""
    if subject.component != USERS and inside(subject.data, "spec", "replicas") == 0:
        help_ = f"set components.{subject.component}.ownership to external or absent"
        yield ObjectFinding(SWITCHED_OFF, ("spec", "replicas"), "spec.replicas is 0, so it never runs", help_)


RULES = (running,)
