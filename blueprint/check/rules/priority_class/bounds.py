"""PriorityClass names and values reserved for the system."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import rule
from blueprint.check.rule_context import RuleContext
from blueprint.diagnostics import define

PRIORITY_OF_THE_SYSTEM = define("BP6139", "priority-of-the-system", page=__file__)
_MOST = 1_000_000_000


@rule(PRIORITY_OF_THE_SYSTEM, tags=("scheduling",))
def bounds(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A reserved name or value."""
    value = subject.data.get("value")
    if subject.id.name.startswith("system-"):
        yield ObjectFinding(
            PRIORITY_OF_THE_SYSTEM,
            ("metadata", "name"),
            f"the name {subject.id.name} is reserved for the system",
            "use another name",
        )
    elif isinstance(value, int) and value > _MOST:
        yield ObjectFinding(
            PRIORITY_OF_THE_SYSTEM, ("value",), f"the value {value} is reserved for the system", f"use at most {_MOST}"
        )


RULES = (bounds,)
