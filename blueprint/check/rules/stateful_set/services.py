"""StatefulSets whose pods get no DNS names."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.services import MISSING, service_missing
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside


@rule(MISSING, tags=("network", "references"))
def service(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A serviceName that refers to a missing Service."""
    name = inside(subject.data, "spec", "serviceName")
    yield from service_missing(name, ("spec", "serviceName"), subject, context)


RULES = (service,)
