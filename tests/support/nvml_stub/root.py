"""The file system of a fictitious node: the parts of /proc, /sys and os-release that the probe reads, with sysfs
links.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

MODULES = ("nvidia", "nvidia_uvm", "nvidia_modeset", "gdrdrv", "mlx5_core", "mlx5_ib", "ib_core", "ib_uverbs")
_SLOTS = ("1a", "2c", "3c", "5f", "9c", "ad", "bc", "dd")


@dataclass(frozen=True)
class Card:
    """A network adapter with one RDMA device, unless `rdma` is False."""

    device: str
    address: str
    vendor: str = "0x15b3"
    pci_device: str = "0x1021"
    driver: str = "mlx5_core"
    link: str = "InfiniBand"
    state: str = "4: ACTIVE"
    physical: str = "5: LinkUp"
    ports: int = 1
    rdma: bool = True
    virtual: bool = False


def infiniband(count: int = 8) -> tuple[Card, ...]:
    """ConnectX-7 adapters in separate slots."""
    return tuple(Card(f"mlx5_{index}", f"0000:{_SLOTS[index]}:00.0") for index in range(count))


def efa(count: int = 4) -> tuple[Card, ...]:
    """EFA interfaces, whose link layer the kernel reports as unknown."""
    cards = (Card(f"rdmap{16 + index}s0", f"0000:{16 + index:02x}:00.0") for index in range(count))
    return tuple(replace(c, vendor="0x1d0f", pci_device="0xefa2", driver="efa", link="Unknown") for c in cards)


@dataclass(frozen=True)
class Host:
    """A healthy node of the pool `train` of the example. Tests change facts with `replace`."""

    modules: tuple[str, ...] = MODULES
    driver: str = "NVIDIA UNIX Open Kernel Module for x86_64  580.173.02  Release Build  (builder@build.example)"
    kernel: str = "6.8.0-60-generic"
    system: str = 'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="24.04"\nHOME_URL="https://www.example/"\n'
    cards: tuple[Card, ...] = field(default_factory=infiniband)


def build(folder: Path, host: Host | None = None) -> Path:
    """Write the file system to `folder`, which may already contain a PCI tree with GPUs."""
    host = host or Host()
    files = {
        "proc/modules": "".join(f"{name} 16384 1 - Live 0xffffffffc0a00000\n" for name in host.modules),
        "proc/sys/kernel/osrelease": f"{host.kernel}\n",
        "usr/lib/os-release": host.system,
    }
    if host.driver:
        files["proc/driver/nvidia/version"] = f"NVRM version: {host.driver}  \nGCC version:  gcc version 13.3.0\n"
    for path, text in files.items():
        write(folder / path, text)
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc/os-release").symlink_to("../usr/lib/os-release")
    (folder / "sys/bus/pci/devices").mkdir(parents=True, exist_ok=True)
    (folder / "sys/class").mkdir(parents=True, exist_ok=True)
    for card in host.cards:
        _add(folder / "sys", card)
    return folder


def write(path: Path, text: str) -> None:
    """Write a file and create its parent folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _add(sys: Path, card: Card) -> None:
    device = sys / "devices" / f"pci{card.address[:7]}" / card.address
    facts = {"vendor": card.vendor, "device": card.pci_device, "class": "0x020700", "numa_node": "0"}
    for name, text in facts.items():
        write(device / name, f"{text}\n")
    if card.driver:
        (sys / "bus/pci/drivers" / card.driver).mkdir(parents=True, exist_ok=True)
        _link(device / "driver", sys / "bus/pci/drivers" / card.driver)
    if card.virtual:
        _link(device / "physfn", device)
    _link(sys / "bus/pci/devices" / card.address, device)
    if card.rdma:
        _add_rdma(sys, device, card)


def _add_rdma(sys: Path, pci: Path, card: Card) -> None:
    device = pci / "infiniband" / card.device
    for name, text in {"fw_ver": "28.39.1002", "board_id": "MT_0000000838", "node_guid": "a088:c203:0012:3456"}.items():
        write(device / name, f"{text}\n")
    for number in range(1, card.ports + 1):
        port = device / "ports" / str(number)
        facts = {"link_layer": card.link, "state": card.state, "phys_state": card.physical}
        for name, text in (facts | {"rate": "400 Gb/sec (4X NDR)"}).items():
            write(port / name, f"{text}\n")
    _link(device / "device", pci)
    _link(sys / "class/infiniband" / card.device, device)


def _link(at: Path, target: Path) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.symlink_to(os.path.relpath(target, at.parent))


def with_modules(*more: str, without: Iterable[str] = ()) -> tuple[str, ...]:
    """The usual modules, with additions and without those in `without`."""
    return tuple(name for name in (*MODULES, *more) if name not in set(without))
