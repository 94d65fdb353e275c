"""What every node of a pool must show when it is probed, derived from the blueprint and the hardware catalogue.

A fact that nobody declared and nobody knows yields no expectation: the probe then says so, instead of passing. The
parameters are those of the probe's checks; what a topic derives stands in its `expectations` module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from blueprint.platform.drivers import expectations as drivers
from blueprint.platform.gpus import expectations as gpus
from blueprint.platform.model import Platform
from blueprint.platform.network import expectations as network
from blueprint.platform.partitioning import expectations as partitioning
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.topology import expectations as topology
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Source, by_relevance, flatten
from blueprint.probe.check import Check
from blueprint.probe.checks.driver_version import driver_version
from blueprint.probe.checks.ecc_mode import ecc_mode
from blueprint.probe.checks.gpu_count import gpu_count
from blueprint.probe.checks.gpu_memory import gpu_memory
from blueprint.probe.checks.gpu_pci import gpu_pci
from blueprint.probe.checks.gpu_product import gpu_product
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
    pools = (pool for pool in platform.pools if not pool.runs_virtual_machines)
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


DERIVATIONS: tuple[Derivation[Any], ...] = (
    Derivation(nvml, gpus.present),
    Derivation(gpu_count, lambda pool: pool.gpu.count),
    Derivation(gpu_product, gpus.product),
    Derivation(gpu_memory, gpus.memory),
    Derivation(gpu_uuids, gpus.unique),
    Derivation(gpu_pci, gpus.unique),
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
