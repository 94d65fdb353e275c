"""Expectations about GPUs: their presence, the product, its memory, and unique identities."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from blueprint.catalog.machines import Machine
from blueprint.platform.derivation import Derivation
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import decided_by
from blueprint.platform.tracking.tracked import read_fact
from blueprint.probe.checks.ecc_mode import ecc_mode
from blueprint.probe.checks.gpu_count import gpu_count
from blueprint.probe.checks.gpu_memory import MemorySize, gpu_memory
from blueprint.probe.checks.gpu_pci import gpu_pci
from blueprint.probe.checks.gpu_product import Product, gpu_product
from blueprint.probe.checks.gpu_uuids import gpu_uuids
from blueprint.probe.checks.nvml import nvml
from blueprint.probe.checks.persistence_mode import persistence_mode

VGPU_TOLERANCE_PERCENT = 8
"""The ratio of 2^30 to 10^9, plus a little that the driver reserves."""
_VGPU_KINDS = "QCBA"
MEMORY_TOLERANCE_MIB = 256
"""Driver branches reserve slightly different amounts (observed differences between nodes: under 100 MiB)."""


def present(pool: GpuPool) -> bool:
    """Whether there are GPUs: always, and the product is the source."""
    return bool(pool.gpu.product)


def unique(pool: GpuPool) -> str:
    """A unique identity for every GPU."""
    decided_by(pool.gpu.product)
    return "unique"


def product(pool: GpuPool) -> Product | None:
    """The names and PCI IDs of the product; None if it is not in the catalogue.

    A guest with a virtual GPU reports the profile that its host chose, which is not declared here.
    """
    if pool.driver.vgpu:
        return None
    facts = pool.gpu.facts
    names: tuple[str, ...] = read_fact(facts.nvml_names) if facts.nvml_names.certain else ()
    if pool.hardware.virtual:
        names = tuple(_virtual_names(names, pool.hardware.virtual))
    ids = facts.device_ids if read_fact(facts.pci_device_ids) else ()
    if not names and not ids:
        return None
    return Product(pool.gpu.product, names, tuple(ids), pool.gpu.subsystems)


def _virtual_names(names: tuple[str, ...], machine: Machine) -> Iterator[str]:
    """The names of a vGPU of known size: the product, its gigabytes and its licence type."""
    if mib := machine.vgpu_mib:
        size = round(read_fact(mib) * 2**20 / 10**9)
        yield from (f"{name}-{size}{kind}" for name in names for kind in _VGPU_KINDS)


def memory(pool: GpuPool) -> MemorySize | None:
    """The memory of the product, or of the vGPU, if known."""
    if pool.driver.vgpu:
        return None
    if pool.hardware.virtual:
        return _virtual_memory(pool.hardware.virtual)
    known = pool.gpu.facts.memory_mib
    if known is None or not known.certain:
        return None
    decided_by(pool.gpu.product)
    return MemorySize(read_fact(known), MEMORY_TOLERANCE_MIB)


def _virtual_memory(machine: Machine) -> MemorySize | None:
    """The memory of a vGPU. A cloud counts gigabytes in powers of 1000; the profile has as many in powers of 1024, less
    what is reserved.
    """
    known = machine.vgpu_mib
    if known is None or not known.certain:
        return None
    return MemorySize(read_fact(known), read_fact(known) * VGPU_TOLERANCE_PERCENT // 100)


EXPECTATIONS: tuple[Derivation[Any], ...] = (
    Derivation(nvml, present),
    Derivation(gpu_count, lambda pool: pool.gpu.count),
    Derivation(gpu_product, product),
    Derivation(gpu_memory, memory),
    Derivation(gpu_uuids, unique),
    Derivation(gpu_pci, unique),
    Derivation(ecc_mode, lambda pool: pool.expect_ecc),
    Derivation(persistence_mode, lambda pool: pool.expect_persistence_mode),
)
