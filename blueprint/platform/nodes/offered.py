"""What pods can request of a node."""

from __future__ import annotations

from fractions import Fraction

from blueprint.records import Record
from blueprint.units import canonical_quantity


class Offered(Record):
    """A resource of a node: its name, and how much there is as a quantity; None where nothing says it."""

    resource: str
    amount: str | None


GPU_NAME = "gpu"
"""What quotas call a whole GPU."""
NODE_RESOURCES = ("cpu", "memory")
"""The names of what every node offers; all others are of GPUs."""


def shown_amount(name: str, value: Fraction) -> str:
    """An amount of what quotas call `name`: memory as a quantity, everything else as a number."""
    return canonical_quantity(f"{int(value) // 1024}Ki") if name == "memory" else f"{float(value):.10g}"
