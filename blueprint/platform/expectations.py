"""What every node of a pool must show when it is probed, derived from the blueprint and the hardware catalogue.

A fact that nobody declared and nobody knows yields no expectation: the probe then says so, instead of passing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from blueprint.catalog.machines import Machine
from blueprint.platform.model import Platform
from blueprint.platform.network.model import CARD_VENDOR, PROBED_FABRICS, PROVIDER, RDMA
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, by_relevance, flatten
from blueprint.platform.tracking.tracked import read_fact
from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.source.paths import format_path

DMA_BUF_KERNEL = "5.12"
"""From this Linux on dma-buf carries GPU memory."""
VGPU_TOLERANCE_PERCENT = 8
"""By so much 2^30 is more than 10^9, and a little for what the driver keeps."""
_VGPU_KINDS = "QCBA"
MEMORY_TOLERANCE_MIB = 256
"""Drivers of different branches reserve slightly different amounts (node-to-node differences seen: under 100 MiB)."""


def expectations(platform: Platform) -> tuple[Expectation, ...]:
    """The expectations of all pools, by pool. Of nodes that give their GPUs to virtual machines nothing is expected."""
    pools = (pool for pool in platform.pools if not pool.runs_machines)
    return tuple(
        found
        for pool in pools
        for found in (_of_gpus(pool) if isinstance(pool, GpuPool) else _without_gpus(platform, pool))
    )


def _without_gpus(platform: Platform, pool: Pool) -> Iterator[Expectation]:
    """A pool that declares no GPUs has none: eight in it are no small matter. Its name is the line to blame."""
    path = ("spec", "nodePools", pool.name)
    named = replace(platform.origins.source(path), span=platform.origins.key(path), path=format_path(path))
    yield Expectation(pool.name, "gpu-count", 0, (_portable(named),))


def _of_gpus(pool: GpuPool) -> Iterator[Expectation]:
    for check, want in _CHECKS.items():
        with recording() as sources:
            value = want(pool)
        if value is not None:
            yield Expectation(
                pool.name, check, value, tuple(_portable(source) for source in flatten(by_relevance(sources)))
            )


def _portable(source: Source) -> ExpectationSource:
    at = source.span
    return ExpectationSource(
        at.file, at.line, at.column, at.end_line, at.end_column, path=source.path, layer=source.layer
    )


def _product(pool: GpuPool) -> dict[str, Any] | None:
    facts = pool.gpu.facts
    names: tuple[str, ...] = read_fact(facts.nvml_names) if facts.nvml_names.certain else ()
    if pool.place.virtual:
        names = tuple(_virtual_names(names, pool.place.virtual))
    ids = facts.device_ids if read_fact(facts.pci_device_ids) else ()
    if not names and not ids:
        return None
    told = {"product": pool.gpu.product, "nvmlNames": list(names), "pciDeviceIds": list(ids)}
    return told | ({"pciSubsystems": shared} if (shared := pool.gpu.subsystems) else {})


def _virtual_names(names: tuple[str, ...], machine: Machine) -> Iterator[str]:
    """What a vGPU of known size calls itself: the product, its gigabytes and the kind of its licence."""
    if mib := machine.vgpu_mib:
        size = round(read_fact(mib) * 2**20 / 10**9)
        yield from (f"{name}-{size}{kind}" for name in names for kind in _VGPU_KINDS)


def _count(pool: GpuPool) -> int:
    return pool.gpu.count


def _memory(pool: GpuPool) -> dict[str, int] | None:
    if pool.place.virtual:
        return _virtual_memory(pool.place.virtual)
    known = pool.gpu.facts.memory_mib
    if known is None or not known.certain:
        return None
    _present(pool)
    return {"mib": read_fact(known), "toleranceMib": MEMORY_TOLERANCE_MIB}


def _virtual_memory(machine: Machine) -> dict[str, int] | None:
    """A cloud counts the gigabytes of a vGPU by thousands; its profile has as many of 1024, less what is reserved."""
    known = machine.vgpu_mib
    if known is None or not known.certain:
        return None
    return {"mib": read_fact(known), "toleranceMib": read_fact(known) * VGPU_TOLERANCE_PERCENT // 100}


def _driver(pool: GpuPool) -> dict[str, str] | None:
    driver = pool.driver
    if driver.version:
        return {"branch": driver.branch or "", "version": driver.version}
    return {"branch": driver.branch} if driver.branch else None


def _present(pool: GpuPool) -> bool:
    return bool(pool.gpu.product)


def _mig_mode(pool: GpuPool) -> bool | dict[str, int] | None:
    """On for GPUs that are cut, off for others; where the product has no MIG there is nothing to ask."""
    supported = pool.gpu.facts.mig.supported
    if pool.platform.cuts_on_demand:
        return None
    if cuts := pool.partition.cuts:
        whole = sum(len(cut.devices) for cut in cuts if not cut.instances)
        return {"on": _count(pool) - whole, "off": whole} if whole else True
    _present(pool)
    if pool.place.virtual:
        return None
    return False if supported.certain and read_fact(supported) else None


def _kernel_modules(pool: GpuPool) -> str | None:
    """What the pool says; where it leaves it open, what dma-buf needs."""
    if (said := pool.driver.kernel_modules) != "auto":
        return said
    return "open" if _dma_buf(pool) else None


def _dma_buf(pool: GpuPool) -> bool:
    return pool.network is not None and pool.network.gpu_direct == "dmaBuf"


def _peermem(pool: GpuPool) -> bool | None:
    return True if pool.network and pool.network.gpu_direct == "peermem" else None


def _kernel(pool: GpuPool) -> str | None:
    return DMA_BUF_KERNEL if _dma_buf(pool) else None


def _system(pool: GpuPool) -> str | None:
    """The system for which the operator has its driver image; what a host's own driver runs on is not ours to ask."""
    return pool.platform.os if pool.driver.enabled else None


def _ports(pool: GpuPool) -> dict[str, Any] | None:
    """The cards of the fabric; of the vendor's that the device plugin takes, where it is ours."""
    network = pool.network
    if network is None or network.fabric not in PROBED_FABRICS:
        return None
    ours = network.owner != PROVIDER and network.fabric in RDMA
    return {"fabric": network.fabric, **({"vendor": CARD_VENDOR} if ours else {})}


def _management(pool: GpuPool) -> dict[str, str]:
    """The cards that may be taken for ones of the fabric, by their PCI device id."""
    found = pool.gpu.facts.nvlink_management
    infiniband = pool.network is not None and pool.network.fabric == "infiniband"
    return {"management": read_fact(found)} if found and infiniband else {}


def _cards(pool: GpuPool) -> dict[str, Any] | None:
    """The same, and how many: read last, so that a wrong number blames that line."""
    ports = _ports(pool)
    if ports is None or pool.network is None:
        return None
    known = ports | _management(pool)
    return known | {"cards": pool.network.nics} if pool.network.nics else known


def _domain(pool: GpuPool) -> dict[str, Any] | None:
    place = pool.place
    return {"nodes": place.domain_nodes, "label": place.domain_label} if place.domain_nodes else None


def _mig_layout(pool: GpuPool) -> dict[str, Any] | None:
    """How many GPUs are cut into what: which of them has which index nobody knows before they are there."""
    cuts = pool.partition.cuts
    if not cuts:
        return None
    alike: dict[tuple[tuple[str, int], ...], int] = {}
    for cut in cuts:
        key = tuple(sorted(cut.instances.items()))
        alike[key] = alike.get(key, 0) + len(cut.devices)
    found = [{"gpus": number, "instances": dict(key)} for key, number in sorted(alike.items()) if key]
    return {"cut": found, "whole": alike.get((), 0)}


def _unique(pool: GpuPool) -> str:
    _present(pool)
    return "unique"


_CHECKS: dict[str, Any] = {
    "nvml": _present,
    "gpu-count": _count,
    "gpu-product": _product,
    "gpu-memory": _memory,
    "gpu-uuids": _unique,
    "gpu-pci": _unique,
    "driver-version": _driver,
    "mig-mode": _mig_mode,
    "mig-layout": _mig_layout,
    "ecc-mode": lambda pool: pool.expect_ecc,
    "persistence-mode": lambda pool: pool.expect_persistence_mode,
    "nouveau": lambda pool: pool.driver.enabled or None,
    "kernel-modules": _kernel_modules,
    "operating-system": _system,
    "kernel": _kernel,
    "nvidia-peermem": _peermem,
    "gdrdrv": lambda pool: (pool.network and pool.network.gdrcopy) or None,
    "nvidia-fs": lambda pool: (pool.network and pool.network.gds) or None,
    "network-cards": _cards,
    "network-ports": _ports,
    "nvlink-domain": _domain,
    "kubelet": lambda pool: pool.place.kubelet or None,
}
