"""The network cards of a fabric, as the kernel's RDMA class and PCI list have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from blueprint.probe import pci
from blueprint.probe.host import Access, HostRecord
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.host_scan import PCI, RDMA
from blueprint.probe.observations import Observation, Status
from blueprint.probe.parameters import Network
from blueprint.probe.reading import Reading

_LINKS = {"infiniband": "InfiniBand", "roce": "Ethernet"}
_LINK_LAYERS = frozenset({"InfiniBand", "Ethernet", "Unknown", "Unspecified"})
"""What the kernel can say; EFA has no word of its own."""
_AMAZON, _EFA = "0x1d0f", "0xefa"
_ADDRESS = re.compile(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.ASCII)
_STATE = re.compile(r"\d{1,2}: [A-Za-z_]{1,32}", re.ASCII)
ACTIVE, LINK_UP = "4: ACTIVE", "5: LinkUp"


@dataclass(frozen=True, slots=True)
class Port:
    """A port of an RDMA device, and the record of it. `state` and `physical` as the kernel writes them: `4: ACTIVE`."""

    device: str
    number: str
    answer: HostRecord

    @property
    def link(self) -> str:
        """`InfiniBand` or `Ethernet`; EFA has a word of its own."""
        return self.answer.values.get("link_layer", "")

    @property
    def states(self) -> tuple[str, str] | None:
        """Logical and physical state; None where they were not read, or say nothing."""
        said = self.answer.values.get("state", ""), self.answer.values.get("phys_state", "")
        return said if all(_STATE.fullmatch(each) for each in said) else None

    @property
    def up(self) -> bool:
        """Whether it carries traffic."""
        return self.states == (ACTIVE, LINK_UP)

    @property
    def name(self) -> str:
        """`mlx5_0 port 1`."""
        return f"{self.device} port {self.number}"


@dataclass(frozen=True, slots=True)
class Card:
    """A network card: the RDMA devices in one PCI slot. Functions of one slot are one card. `model` is its PCI id."""

    slot: str
    ports: tuple[Port, ...]
    model: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """The cards of a fabric, and cards of the same kind on the PCI bus that no RDMA device stands for."""

    reading: Reading
    network: Network

    @property
    def found(self) -> Observation[tuple[Card, ...]]:
        """The fabric's cards. Virtual functions of a card that is here itself, and devices without a card, are none."""
        host, scan = ObservedHost(self.reading), self.reading.host
        listing_of_bus = host.observation(PCI, lambda _: True)
        if scan is None or listing_of_bus.status is not Status.READ:
            return Observation(listing_of_bus.status, None, listing_of_bus.why, (), listing_of_bus.files)
        listed = scan.of(RDMA)
        if listed is not None and listed.access is Access.ABSENT:
            return Observation(
                Status.READ, (), "", (), (listed, *listing_of_bus.files)
            )  # /sys is there: no RDMA driver is loaded
        listing = host.observation(RDMA, lambda _: True)
        if listing.status is not Status.READ:
            return Observation(listing.status, None, listing.why, (), listing.files)
        slots: dict[str, list[Port]] = {}
        taken: set[str] = set()
        models: dict[str, str] = {}
        for device, card in self._devices():
            ports = scan.within(f"{device.path}/ports")
            if lost := self._lost(device, card, ports):
                return Observation(Status.UNREADABLE, None, str(lost), (), (lost,))
            mine = _ports(device, ports)
            taken |= {card.path} if card else set()
            if card and self._is_kind(card) and (mine := [port for port in mine if self._is_link(port)]):
                slots.setdefault(_slot(card), []).extend(mine)
                models[_slot(card)] = card.values["device"].removeprefix("0x")
        if doubtful := [each for each in pci.unclear_cards(scan, self._vendor) if each.path not in taken]:
            why = f"whether {doubtful[0].path} is a card cannot be told: {doubtful[0].detail or 'it says nothing'}"
            return Observation(Status.UNREADABLE, None, why, (), tuple(doubtful[:8]))
        cards = tuple(Card(slot, tuple(ports), models[slot]) for slot, ports in sorted(slots.items()))
        return Observation(
            Status.READ, cards, "", (), (*listing.files, *(port.answer for c in cards for port in c.ports))
        )

    @property
    def idle(self) -> list[HostRecord]:
        """Cards of the kind on the PCI bus without an RDMA device."""
        taken = {card.path for _, card in self._devices() if card}
        scan = self.reading.host
        listed = scan.within(PCI) if scan else []
        return [each for each in listed if pci.is_card(each) and self._is_kind(each) and each.path not in taken]

    @property
    def other_links(self) -> list[Port]:
        """Ports of the vendor's cards with another link layer than the fabric: a card may be in the wrong mode."""
        scan = self.reading.host
        if scan is None or not self.network.vendor:
            return []
        mine = [device for device, card in self._devices() if card and self._is_kind(card)]
        ports = (port for device in mine for port in _ports(device, scan.within(f"{device.path}/ports")))
        return [port for port in ports if not self._is_link(port)]

    @property
    def hidden(self) -> bool:
        """Whether the cards' devices may be in another network namespace: no device at all, but cards with a driver."""
        scan = self.reading.host
        listed = scan.of(RDMA) if scan else None
        empty = listed is not None and listed.access is Access.READ and not list(self._devices())
        return empty and any("driver" in each.values for each in self.idle)

    def _devices(self) -> Iterator[tuple[HostRecord, HostRecord | None]]:
        """Each RDMA device with its card; None where it has none: a device in software, or a sub-function."""
        scan = self.reading.host
        for device in scan.within(RDMA) if scan else ():
            address = device.values.get("device", "")
            card = scan.of(f"{PCI}/{address}") if scan and _ADDRESS.fullmatch(address) else None
            if card is None or "physfn" not in card.values:
                yield device, card

    def _lost(self, device: HostRecord, card: HostRecord | None, ports: list[HostRecord]) -> HostRecord | None:
        """What could not be read of a device that may be one of the fabric."""
        if card is None:
            unclear = device.access is not Access.READ or "device" in device.detail
            return device if unclear or _ADDRESS.fullmatch(device.values.get("device", "")) else None
        if not pci.identified(card):
            return card
        if not self._is_kind(card):
            return None
        if not ports:
            return HostRecord(f"{device.path}/ports", Access.FAILED, {}, "no port")
        return next((port for port in ports if port.values.get("link_layer") not in _LINK_LAYERS), None)

    def _is_kind(self, card: HostRecord) -> bool:
        vendor, device = card.values.get("vendor", ""), card.values.get("device", "")
        if "physfn" in card.values:
            return False
        if self.network.fabric == "efa":
            return vendor == _AMAZON and device.startswith(_EFA)
        return not self._vendor or vendor == self._vendor

    @property
    def _vendor(self) -> str:
        if self.network.fabric == "efa":
            return _AMAZON
        return f"0x{self.network.vendor}" if self.network.vendor else ""

    def _is_link(self, port: Port) -> bool:
        wanted = _LINKS.get(self.network.fabric)
        return wanted is None or port.link == wanted


def _slot(card: HostRecord) -> str:
    return card.path.rpartition("/")[2].partition(".")[0]


def _ports(device: HostRecord, ports: list[HostRecord]) -> list[Port]:
    name = device.path.rpartition("/")[2]
    return [Port(name, port.path.rpartition("/")[2], port) for port in ports]
