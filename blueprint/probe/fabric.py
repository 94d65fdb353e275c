"""The fabric of a pool: the parameters of the network adapter checks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blueprint.patterns import lazy_pattern

if TYPE_CHECKING:
    from blueprint.probe.host import HostRecord

FABRICS = ("infiniband", "roce", "efa")
"""Fabrics whose adapters can be identified: by their link layer, or EFA by its PCI IDs."""
_LINKS = {"infiniband": "InfiniBand", "roce": "Ethernet"}
_AMAZON, _EFA = "0x1d0f", "0xefa"
ACTIVE, LINK_UP = "4: ACTIVE", "5: LinkUp"
"""The states of a port that carries traffic, as reported by the kernel."""
_PCI_ID = lazy_pattern(r"[0-9A-Fa-f]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Network:
    """A fabric, the number of adapters of a node on it (0: at least one), and their PCI vendor ("": any).

    `management` is the PCI device ID of adapters that manage NVLink and resemble those of the fabric ("": none).
    """

    fabric: str
    cards: int = 0
    vendor: str = ""
    management: str = ""

    def __post_init__(self) -> None:
        if self.fabric not in FABRICS:
            raise ValueError(f"{self.fabric!r} is not one of {', '.join(FABRICS)}")
        if self.vendor and not _PCI_ID.fullmatch(self.vendor):
            raise ValueError(f"{self.vendor!r} is not a PCI vendor id (four hexadecimal digits)")
        if self.management and not _PCI_ID.fullmatch(self.management):
            raise ValueError(f"{self.management!r} is not a PCI device id (four hexadecimal digits)")

    def __str__(self) -> str:
        return f"{self.cards or 'at least 1'} {self.fabric} card{'' if self.cards in (0, 1) else 's'}"

    @property
    def pci_vendor(self) -> str:
        """The PCI vendor of the fabric's adapters in sysfs notation: `0x15b3`; "" for any."""
        if self.fabric == "efa":
            return _AMAZON
        return f"0x{self.vendor.lower()}" if self.vendor else ""

    def is_kind(self, card: HostRecord) -> bool:
        """Whether a PCI function is an adapter that may be on the fabric."""
        vendor, device = card.values.get("vendor", ""), card.values.get("device", "")
        if "physfn" in card.values:
            return False
        if self.fabric == "efa":
            return vendor == _AMAZON and device.startswith(_EFA)
        return not self.vendor or vendor == self.pci_vendor

    def is_management(self, model: str) -> bool:
        """Whether the model of an adapter is the one that manages NVLink."""
        return bool(self.management) and model.lower() == self.management.lower()

    def is_link(self, layer: str) -> bool:
        """Whether a link layer is that of the fabric."""
        link = _LINKS.get(self.fabric)
        return link is None or layer == link
