"""Scrape intervals and timeouts."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.scrape_times import TIMEOUT_TOO_LONG, timeouts_too_long
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext


@rule(TIMEOUT_TOO_LONG, tags=("monitoring",))
def endpoints(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Scrape timeouts of a ServiceMonitor that exceed the interval."""
    yield from timeouts_too_long(subject, "endpoints")


RULES = (endpoints,)
