"""What pods can request of a node."""

from __future__ import annotations

from fractions import Fraction

from blueprint.records import Record
from blueprint.units import canonical_quantity


class ClaimedClass(Record):
    """The class by which pods claim devices. The driver brings that of whole GPUs, and one of all profiles.

    Attributes:
        resource: What a device plugin would offer them as.
        profile: The MIG profile of its devices; None of whole GPUs.
    """

    resource: str
    profile: str | None

    @property
    def name(self) -> str:
        """`gpu.nvidia.com`, `mig-1g.10gb.nvidia.com`."""
        domain, _, _ = self.resource.partition("/")
        return f"{self.short}.{domain}"

    @property
    def short(self) -> str:
        """Its name without the vendor's domain."""
        return self.resource.partition("/")[2]


class Offered(Record):
    """A resource of a node: its name, and how much there is as a quantity; None where nothing says it.

    Attributes:
        resource: Its name; of devices that pods claim the name by which queues count them.
        amount: How much there is.
        claimed: The class by which pods claim it; None where they request the resource.
    """

    resource: str
    amount: str | None
    claimed: ClaimedClass | None = None


GPU_NAME = "gpu"
"""What quotas call a whole GPU."""
NODE_RESOURCES = ("cpu", "memory")
"""The names of what every node offers; all others are of GPUs."""
MACHINE_RESOURCES = (*NODE_RESOURCES, "ephemeral-storage")
"""What pods request of every machine, whether quotas count it or not."""


def shown_amount(name: str, value: Fraction) -> str:
    """An amount of what quotas call `name`: memory as a quantity, everything else as a number."""
    return canonical_quantity(f"{int(value) // 1024}Ki") if name == "memory" else f"{float(value):.10g}"
