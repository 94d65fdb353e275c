"""What nodes must show of their network: the kernel and modules of GPUDirect, and the cards of the fabric."""

from __future__ import annotations

from typing import Any

from blueprint.platform.derivation import Derivation
from blueprint.platform.network.model import CARD_VENDOR, PROBED_FABRICS, PROVIDER, RDMA
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.tracked import read_fact
from blueprint.probe.checks.kernel import KernelVersion, kernel
from blueprint.probe.checks.network_cards import network_cards
from blueprint.probe.checks.network_modules import gdrdrv, nvidia_fs, nvidia_peermem
from blueprint.probe.checks.network_ports import network_ports
from blueprint.probe.fabric import Network
from blueprint.records import replace

DMA_BUF_KERNEL = KernelVersion(5, 12)
"""From this Linux on dma-buf carries GPU memory."""


def dma_buf_kernel(pool: GpuPool) -> KernelVersion | None:
    """The kernel that dma-buf needs."""
    return DMA_BUF_KERNEL if pool.network is not None and pool.network.gpu_direct == "dmaBuf" else None


def peermem(pool: GpuPool) -> bool | None:
    """Whether nvidia-peermem must be loaded."""
    return True if pool.network and pool.network.gpu_direct == "peermem" else None


def gdrcopy(pool: GpuPool) -> bool | None:
    """Whether gdrdrv must be loaded."""
    return (pool.network and pool.network.gdrcopy) or None


def gds(pool: GpuPool) -> bool | None:
    """Whether nvidia-fs must be loaded."""
    return (pool.network and pool.network.gds) or None


def ports(pool: GpuPool) -> Network | None:
    """The cards of the fabric; of the vendor's that the device plugin takes, where it is ours."""
    network = pool.network
    if network is None or network.fabric not in PROBED_FABRICS:
        return None
    ours = network.owner != PROVIDER and network.fabric in RDMA
    return Network(network.fabric, vendor=CARD_VENDOR if ours else "")


def cards(pool: GpuPool) -> Network | None:
    """The same, and how many: read last, so that a wrong number blames that line."""
    expected = ports(pool)
    if expected is None or pool.network is None:
        return None
    expected = replace(expected, management=_management(pool))
    return replace(expected, cards=pool.network.nics) if pool.network.nics else expected


def _management(pool: GpuPool) -> str:
    """The PCI device id of cards that may be taken for ones of the fabric; "" where there are none."""
    found = pool.gpu.facts.nvlink_management
    infiniband = pool.network is not None and pool.network.fabric == "infiniband"
    return read_fact(found) if found and infiniband else ""


EXPECTATIONS: tuple[Derivation[Any], ...] = (
    Derivation(kernel, dma_buf_kernel),
    Derivation(nvidia_peermem, peermem),
    Derivation(gdrdrv, gdrcopy),
    Derivation(nvidia_fs, gds),
    Derivation(network_cards, cards),
    Derivation(network_ports, ports),
)
