"""The network adapters of a fabric, from the kernel's RDMA class and PCI list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from blueprint.patterns import lazy_pattern
from blueprint.probe import pci
from blueprint.probe.fabric import ACTIVE, LINK_UP, Network
from blueprint.probe.host import Access, HostRecord, HostScan
from blueprint.probe.host_observations import ObservedHost
from blueprint.probe.host_scan import PCI, RDMA
from blueprint.probe.observation import Observation, Status
from blueprint.probe.reading import Reading

_LINK_LAYERS = frozenset({"InfiniBand", "Ethernet", "Unknown", "Unspecified"})
"""Link layers that the kernel reports; EFA has none of these."""
_ADDRESS = lazy_pattern(r"[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", re.ASCII)
_STATE = lazy_pattern(r"\d{1,2}: [A-Za-z_]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Port:
    """A port of an RDMA device, and its record. `state` and `physical` are as reported by the kernel: `4: ACTIVE`."""

    device: str
    number: str
    record: HostRecord

    @property
    def link(self) -> str:
        """`InfiniBand` or `Ethernet`; EFA has another value."""
        return self.record.values.get("link_layer", "")

    @property
    def states(self) -> tuple[str, str] | None:
        """Logical and physical state; None if they were not read, or are invalid."""
        states = self.record.values.get("state", ""), self.record.values.get("phys_state", "")
        return states if all(_STATE.fullmatch(each) for each in states) else None

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
    """A network adapter: the RDMA devices in one PCI slot. Functions of one slot are one adapter. `model` is its PCI
    ID.
    """

    slot: str
    ports: tuple[Port, ...]
    model: str = ""


@dataclass(frozen=True, slots=True)
class _RdmaDevice:
    """An RDMA device, its adapter, and its ports. `card` is None for a software device, and for a sub-function."""

    record: HostRecord
    card: HostRecord | None
    ports: tuple[Port, ...]

    def unread(self, network: Network) -> HostRecord | None:
        """The facts that could not be read of a device that may belong to the network; None if everything was read."""
        card = self.card
        if card is None:
            unclear = self.record.access is not Access.READ or "device" in self.record.detail
            return self.record if unclear or _ADDRESS.fullmatch(self.record.values.get("device", "")) else None
        if not pci.identified(card):
            return card
        if not network.is_kind(card):
            return None
        if not self.ports:
            return HostRecord(f"{self.record.path}/ports", Access.FAILED, {}, "no port")
        return next((port.record for port in self.ports if port.link not in _LINK_LAYERS), None)


@dataclass(frozen=True, slots=True)
class Cards:
    """The adapters of a fabric, and adapters of the same type on the PCI bus without an RDMA device."""

    reading: Reading
    network: Network
    devices: tuple[_RdmaDevice, ...] = field(init=False)

    def __post_init__(self) -> None:
        devices = tuple(_rdma_devices(self.reading.host)) if self.reading.host else ()
        object.__setattr__(self, "devices", devices)

    @property
    def found(self) -> Observation[tuple[Card, ...]]:
        """The fabric's adapters, without virtual functions of listed adapters, and without devices that have no
        adapter.
        """
        listing = self._listing()
        if listing.status is not Status.READ or not listing.value:
            return Observation(listing.status, () if listing.value is False else None, listing.why, (), listing.files)
        if unread := next((lost for each in self.devices if (lost := each.unread(self.network))), None):
            return Observation(Status.UNREADABLE, None, str(unread), (), (unread,))
        if doubtful := self._doubtful():
            why = f"whether {doubtful[0].path} is a card is unknown: {doubtful[0].detail or 'no detail'}"
            return Observation(Status.UNREADABLE, None, why, (), tuple(doubtful[:8]))
        cards = self._by_slot()
        files = (*listing.files, *(port.record for card in cards for port in card.ports))
        return Observation(Status.READ, cards, "", (), files)

    def _listing(self) -> Observation[bool]:
        """Whether the kernel has an RDMA class, if PCI functions and that class could be listed."""
        host, scan = ObservedHost(self.reading), self.reading.host
        bus = host.observe_path(PCI, lambda _: True)
        if scan is None or bus.status is not Status.READ:
            return bus
        listed = scan.record_of(RDMA)
        if listed is not None and listed.access is Access.ABSENT:
            return replace(bus, value=False, files=(listed, *bus.files))  # /sys exists: no RDMA driver is loaded
        return host.observe_path(RDMA, lambda _: True)

    def _doubtful(self) -> list[HostRecord]:
        """PCI functions without an RDMA device that may be adapters of the fabric."""
        taken = {device.card.path for device in self.devices if device.card}
        unclear = pci.unclear_cards(self.reading.host, self.network.pci_vendor) if self.reading.host else []
        return [each for each in unclear if each.path not in taken]

    def _by_slot(self) -> tuple[Card, ...]:
        """The ports on the fabric, by the slot of their adapter."""
        ports: dict[str, list[Port]] = {}
        models: dict[str, str] = {}
        for device in self.devices:
            on_fabric = [port for port in device.ports if self.network.is_link(port.link)]
            if device.card and self.network.is_kind(device.card) and on_fabric:
                slot = _slot(device.card)
                ports.setdefault(slot, []).extend(on_fabric)
                models[slot] = device.card.values["device"].removeprefix("0x")
        return tuple(Card(slot, tuple(found), models[slot]) for slot, found in sorted(ports.items()))

    @property
    def idle(self) -> list[HostRecord]:
        """Adapters of the type on the PCI bus without an RDMA device."""
        taken = {device.card.path for device in self.devices if device.card}
        listed = self.reading.host.records_in(PCI) if self.reading.host else []
        return [each for each in listed if pci.is_card(each) and self.network.is_kind(each) and each.path not in taken]

    @property
    def other_links(self) -> list[Port]:
        """Ports of the vendor's adapters with another link layer than the fabric's: an adapter may be in the wrong
        mode.
        """
        if not self.network.vendor:
            return []
        mine = [device for device in self.devices if device.card and self.network.is_kind(device.card)]
        return [port for device in mine for port in device.ports if not self.network.is_link(port.link)]

    @property
    def hidden(self) -> bool:
        """Whether the adapters' devices may be in another network namespace: there are no devices, but adapters with a
        driver.
        """
        listed = self.reading.host.record_of(RDMA) if self.reading.host else None
        empty = listed is not None and listed.access is Access.READ and not self.devices
        return empty and any("driver" in each.values for each in self.idle)


def _rdma_devices(scan: HostScan) -> Iterator[_RdmaDevice]:
    """All RDMA devices of the node, except for virtual functions of adapters."""
    for record in scan.records_in(RDMA):
        address = record.values.get("device", "")
        card = scan.record_of(f"{PCI}/{address}") if _ADDRESS.fullmatch(address) else None
        if card is None or "physfn" not in card.values:
            name = record.path.rpartition("/")[2]
            ports = scan.records_in(f"{record.path}/ports")
            yield _RdmaDevice(record, card, tuple(Port(name, each.path.rpartition("/")[2], each) for each in ports))


def _slot(card: HostRecord) -> str:
    return card.path.rpartition("/")[2].partition(".")[0]
