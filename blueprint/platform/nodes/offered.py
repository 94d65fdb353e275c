"""The resources that pods can request from a node."""

from __future__ import annotations

from fractions import Fraction

from blueprint.records import Record
from blueprint.units import canonical_quantity


class ClaimedClass(Record):
    """The DeviceClass with which pods claim devices. The driver installs the one for whole GPUs, and one for all
    profiles.

    Attributes:
        resource: The extended resource as which a device plugin would offer them.
        profile: The MIG profile of its devices; None for whole GPUs.
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
    """A resource of a node: its name, and its amount as a quantity; None if unknown.

    Attributes:
        resource: Its name; for claimed devices, the name with which queues count them.
        amount: The available amount.
        claimed: The class with which pods claim it; None if they request the resource.
    """

    resource: str
    amount: str | None
    claimed: ClaimedClass | None = None


GPU_NAME = "gpu"
"""The name of a whole GPU in quotas."""
NODE_RESOURCES = ("cpu", "memory")
"""The resources that every node offers; all others are GPUs."""
MACHINE_RESOURCES = (*NODE_RESOURCES, "ephemeral-storage")
"""Resources that all pods request, whether or not quotas count them."""


def shown_amount(name: str, value: Fraction) -> str:
    """An amount of the resource that quotas call `name`: memory as a quantity, everything else as a number."""
    return canonical_quantity(f"{int(value) // 1024}Ki") if name == "memory" else f"{float(value):.10g}"
