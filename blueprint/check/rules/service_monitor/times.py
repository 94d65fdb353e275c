"""Scrape intervals and timeouts."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext, inside, items, mapping
from blueprint.diagnostics import define
from blueprint.units import as_duration

TIMEOUT_TOO_LONG = define("BP6031", "scrape-timeout-too-long", page=__file__)


@rule(TIMEOUT_TOO_LONG, tags=("monitoring",))
def endpoints(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Scrape timeouts that exceed the interval."""
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", "endpoints")))):
        every, patience = endpoint.get("interval"), endpoint.get("scrapeTimeout")
        if (patience_ := as_duration(patience)) and (every_ := as_duration(every)) and patience_ > every_:
            text = f"an endpoint is scraped every {every} with a timeout of {patience}"
            path = ("spec", "endpoints", index, "scrapeTimeout")
            yield ObjectFinding(TIMEOUT_TOO_LONG, path, text, "make scrapeTimeout shorter than interval")


RULES = (endpoints,)
