"""Expectations about networks: the kernel and modules for GPUDirect, and the adapters of the fabric."""

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
"""The first Linux version whose dma-buf supports GPU memory."""


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
    """The adapters of the fabric, limited to the vendor's that our device plugin uses."""
    network = pool.network
    if network is None or network.fabric not in PROBED_FABRICS:
        return None
    ours = network.owner != PROVIDER and network.fabric in RDMA
    return Network(network.fabric, vendor=CARD_VENDOR if ours else "")


def cards(pool: GpuPool) -> Network | None:
    """The adapters of the fabric with their number, which is read last, so that a wrong number points at its line."""
    expected = ports(pool)
    if expected is None or pool.network is None:
        return None
    expected = replace(expected, management=_management(pool))
    return replace(expected, cards=pool.network.nics) if pool.network.nics else expected


def _management(pool: GpuPool) -> str:
    """The PCI device ID of adapters that may be mistaken for those of the fabric; "" if there are none."""
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
