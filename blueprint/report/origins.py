"""Origins in a JSON report: a group of sources shared by many fields is written once, and referred to by number.

The report therefore stays linear in the number of pools: sources common to all pools are not repeated for each field.
"""

from __future__ import annotations

from typing import Any

from blueprint.bundle.model import FieldOrigin
from blueprint.bundle.origin_codec import source_to_json, span_to_json
from blueprint.platform.tracking.sources import Source, SourceGroup


class ReportedOrigins:
    """Converts origins to JSON and collects the groups to which they refer."""

    def __init__(self) -> None:
        self._numbers: dict[SourceGroup, int] = {}

    def to_json(self, origin: FieldOrigin) -> dict[str, Any]:
        """The template, its own sources, and the numbers of shared groups."""
        sources = [source_to_json(each) for each in origin.noted if isinstance(each, Source)]
        numbers = [self._number(each) for each in origin.noted if isinstance(each, SourceGroup)]
        shared = {"sourceGroups": numbers} if numbers else {}
        return {"template": span_to_json(origin.template), "sources": sources, **shared}

    @property
    def groups(self) -> list[list[dict[str, Any]]]:
        """The sources of each group, by number; complete once all origins are converted."""
        return [[source_to_json(each) for each in group.sources] for group in self._numbers]

    def _number(self, group: SourceGroup) -> int:
        return self._numbers.setdefault(group, len(self._numbers))
