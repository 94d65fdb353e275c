"""What every node of a pool must show when it is probed, derived from the blueprint and the hardware catalogue.

A fact that nobody declared and nobody knows yields no expectation: the probe then says so, instead of passing. The
parameters are those of the probe's checks; what a topic derives stands in its `expectations` module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from blueprint.catalog.machines import Machine
from blueprint.platform.drivers import expectations as drivers
from blueprint.platform.model import Platform
from blueprint.platform.network import expectations as network
from blueprint.platform.partitioning import expectations as partitioning
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.topology import expectations as topology
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, by_relevance, flatten
from blueprint.platform.tracking.tracked import read_fact
from blueprint.probe.check import Check
from blueprint.probe.checks.driver_version import driver_version
from blueprint.probe.checks.ecc_mode import ecc_mode
from blueprint.probe.checks.gpu_count import gpu_count
from blueprint.probe.checks.gpu_memory import MemorySize, gpu_memory
from blueprint.probe.checks.gpu_pci import gpu_pci
from blueprint.probe.checks.gpu_product import Product, gpu_product
from blueprint.probe.checks.gpu_uuids import gpu_uuids
from blueprint.probe.checks.kernel import kernel
from blueprint.probe.checks.kubelet import kubelet
from blueprint.probe.checks.mig_layout import mig_layout
from blueprint.probe.checks.mig_mode import mig_mode
from blueprint.probe.checks.module_flavour import kernel_modules
from blueprint.probe.checks.network_cards import network_cards
from blueprint.probe.checks.network_modules import gdrdrv, nvidia_fs, nvidia_peermem
from blueprint.probe.checks.network_ports import network_ports
from blueprint.probe.checks.nouveau import nouveau
from blueprint.probe.checks.nvlink_domain import nvlink_domain
from blueprint.probe.checks.nvml import nvml
from blueprint.probe.checks.operating_system import operating_system
from blueprint.probe.checks.persistence_mode import persistence_mode
from blueprint.probe.expectations import Expectation, ExpectationSource
from blueprint.source.paths import format_path

VGPU_TOLERANCE_PERCENT = 8
"""By so much 2^30 is more than 10^9, and a little for what the driver keeps."""
_VGPU_KINDS = "QCBA"
MEMORY_TOLERANCE_MIB = 256
"""Drivers of different branches reserve slightly different amounts (node-to-node differences seen: under 100 MiB)."""

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Derivation(Generic[P]):
    """A check, and its parameters for the nodes of a pool with GPUs; None where there is nothing to expect."""

    check: Check[P]
    derive: Callable[[GpuPool], P | None]

    def expectation(self, pool: GpuPool) -> Expectation | None:
        """The expectation, with the lines that decided it; None where there is nothing to expect."""
        with recording() as sources:
            parameters = self.derive(pool)
        if parameters is None:
            return None
        return self.check.expectation(
            pool.name, parameters, [_portable(each) for each in flatten(by_relevance(sources))]
        )


def expectations(platform: Platform) -> tuple[Expectation, ...]:
    """The expectations of all pools, by pool. Of nodes that give their GPUs to virtual machines nothing is expected."""
    pools = (pool for pool in platform.pools if not pool.runs_machines)
    return tuple(found for pool in pools for found in _of_pool(platform, pool))


def _of_pool(platform: Platform, pool: Pool) -> Iterator[Expectation]:
    if isinstance(pool, GpuPool):
        found = (each.expectation(pool) for each in DERIVATIONS)
        yield from (each for each in found if each)
    else:
        yield _without_gpus(platform, pool)


def _without_gpus(platform: Platform, pool: Pool) -> Expectation:
    """A pool that declares no GPUs has none: eight in it are no small matter. Its name is the line to blame."""
    path = ("spec", "nodePools", pool.name)
    named = replace(platform.origins.source(path), span=platform.origins.key(path), path=format_path(path))
    return gpu_count.expectation(pool.name, 0, [_portable(named)])


def _portable(source: Source) -> ExpectationSource:
    at = source.span
    return ExpectationSource(
        at.file, at.line, at.column, at.end_line, at.end_column, path=source.path, layer=source.layer
    )


def _present(pool: GpuPool) -> bool:
    return bool(pool.gpu.product)


def _unique(pool: GpuPool) -> str | None:
    return "unique" if pool.gpu.product else None


def _product(pool: GpuPool) -> Product | None:
    facts = pool.gpu.facts
    names: tuple[str, ...] = read_fact(facts.nvml_names) if facts.nvml_names.certain else ()
    if pool.place.virtual:
        names = tuple(_virtual_names(names, pool.place.virtual))
    ids = facts.device_ids if read_fact(facts.pci_device_ids) else ()
    if not names and not ids:
        return None
    return Product(pool.gpu.product, names, tuple(ids), pool.gpu.subsystems)


def _virtual_names(names: tuple[str, ...], machine: Machine) -> Iterator[str]:
    """The names of a vGPU of known size: the product, its gigabytes and the kind of its licence."""
    if mib := machine.vgpu_mib:
        size = round(read_fact(mib) * 2**20 / 10**9)
        yield from (f"{name}-{size}{kind}" for name in names for kind in _VGPU_KINDS)


def _memory(pool: GpuPool) -> MemorySize | None:
    if pool.place.virtual:
        return _virtual_memory(pool.place.virtual)
    known = pool.gpu.facts.memory_mib
    if known is None or not known.certain:
        return None
    _ = pool.gpu.product  # read, since it decides
    return MemorySize(read_fact(known), MEMORY_TOLERANCE_MIB)


def _virtual_memory(machine: Machine) -> MemorySize | None:
    """A cloud counts the gigabytes of a vGPU by thousands; its profile has as many of 1024, less what is reserved."""
    known = machine.vgpu_mib
    if known is None or not known.certain:
        return None
    return MemorySize(read_fact(known), read_fact(known) * VGPU_TOLERANCE_PERCENT // 100)


DERIVATIONS: tuple[Derivation[Any], ...] = (
    Derivation(nvml, _present),
    Derivation(gpu_count, lambda pool: pool.gpu.count),
    Derivation(gpu_product, _product),
    Derivation(gpu_memory, _memory),
    Derivation(gpu_uuids, _unique),
    Derivation(gpu_pci, _unique),
    Derivation(driver_version, drivers.driver_version),
    Derivation(mig_mode, partitioning.mig_mode),
    Derivation(mig_layout, partitioning.mig_layout),
    Derivation(ecc_mode, lambda pool: pool.expect_ecc),
    Derivation(persistence_mode, lambda pool: pool.expect_persistence_mode),
    Derivation(nouveau, drivers.no_nouveau),
    Derivation(kernel_modules, drivers.kernel_modules),
    Derivation(operating_system, drivers.operating_system),
    Derivation(kernel, network.kernel),
    Derivation(nvidia_peermem, network.peermem),
    Derivation(gdrdrv, network.gdrcopy),
    Derivation(nvidia_fs, network.gds),
    Derivation(network_cards, network.cards),
    Derivation(network_ports, network.ports),
    Derivation(nvlink_domain, topology.nvlink_domain),
    Derivation(kubelet, topology.kubelet),
)
"""In the order of `expectations.json`."""
