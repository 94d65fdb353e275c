"""The scrape interval and timeout of monitors."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule_context import inside, items, mapping
from blueprint.diagnostics import define
from blueprint.units import as_duration

TIMEOUT_TOO_LONG = define("BP6031", "scrape-timeout-too-long", page=__file__)


def timeouts_too_long(subject: Object, field: str) -> Iterator[ObjectFinding]:
    """Scrape timeouts that exceed the interval, in the endpoints that are in a field of the specification."""
    for index, endpoint in enumerate(map(mapping, items(inside(subject.data, "spec", field)))):
        every, patience = endpoint.get("interval"), endpoint.get("scrapeTimeout")
        if (patience_ := as_duration(patience)) and (every_ := as_duration(every)) and patience_ > every_:
            text = f"an endpoint is scraped every {every} with a timeout of {patience}"
            path = ("spec", field, index, "scrapeTimeout")
            yield ObjectFinding(TIMEOUT_TOO_LONG, path, text, "make scrapeTimeout shorter than interval")
