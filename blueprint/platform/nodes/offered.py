"""What pods can request of a node."""

from __future__ import annotations

from blueprint.records import Record


class Offered(Record):
    """A resource of a node: its name, and how much there is as a quantity; None where nothing says it."""

    resource: str
    amount: str | None


NODE_RESOURCES = ("cpu", "memory")
"""The names of what every node offers; all others are of GPUs."""
