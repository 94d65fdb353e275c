"""Checks of GPUDirect, GDRCopy and GPUDirect Storage between a pool's GPUs and its network."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers.model import NEVER
from blueprint.platform.network import codes
from blueprint.platform.network.model import PROVIDER, RDMA, PoolNetwork
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.source.paths import Path

_PARTS = {"gds": "gds", "gdrcopy": "gdrcopy", "declared_gpu_direct": "gpuDirect"}
"""Fields of a network that concern GPUs, and their keys."""
_MODULES = {"gds": "nvidia-fs", "gdrcopy": "gdrdrv"}
_BESIDE_THE_DRIVER = {
    "gds": ("gds", "gds"),
    "gdrcopy": ("gdrcopy", "gdrcopy"),
    "peermem": ("gpuDirect", "peermem"),
    "host_ofed": ("driver", "peermem for the OFED of the node image"),
}
"""Modules that a ClusterPolicy loads in addition to its driver: the field of a network that determines it, and its
name.
"""


class GpuDirectChecks:
    """Checks each pool alone, then what the pools must agree on."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    def pool(self, pool: Pool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """Check a pool that has a network with a known fabric."""
        at: Path = (*POOLS, pool.name, "network")
        if pool.gpu is None:
            for field, key in _PARTS.items():
                if getattr(network, field):
                    message = f"pool {pool.name} has no GPUs, so {key} has no effect"
                    yield self.context.diagnostic_at(
                        (*at, key), codes.DIRECT_WITHOUT_GPU, message, help_="add gpu, or remove it"
                    )
            return
        yield from self._modules(pool, network)
        yield from self._path(pool, network)
        if network.gds:
            yield from self._storage(pool, network)

    def _modules(self, pool: Pool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """The driver pod builds nvidia-fs and gdrdrv: check its contents, and that there is one."""
        name, owner = pool.name, pool.driver.owner
        for key, module in _MODULES.items():
            path: Path = (*POOLS, name, "network", key)
            if not getattr(network, key):
                continue
            if owner != "operator":
                message = f"the {owner} provides the driver of pool {name}, so no component here can load {module}"
                notes = (self.context.note((*POOLS, name, "owner", "driver"), "the owner is determined here"),)
                yield self.context.diagnostic_at(
                    path,
                    codes.MODULE_NOT_OURS,
                    message,
                    notes=notes,
                    help_=f"load {module} in the node image, and remove the line",
                )
            elif pool.driver.precompiled:
                notes = (self.context.note((*POOLS, name, "driver", "precompiled"), "precompiled set here"),)
                message = f"the operator builds no {module} for a precompiled driver"
                yield self.context.diagnostic_at(
                    path, codes.MODULE_PRECOMPILED, message, notes=notes, help_="remove one of the two"
                )

    def _path(self, pool: Pool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """Check how adapters reach the memory of GPUs."""
        path, fabric = (*POOLS, pool.name, "network", "gpuDirect"), network.fabric
        declared = network.declared_gpu_direct
        if declared and fabric not in RDMA:
            notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
            message = f"{fabric} has its own path to GPU memory, so {declared} has no effect"
            yield self.context.diagnostic_at(path, codes.DIRECT_DECIDED, message, notes=notes, help_="remove it")
        elif declared and network.owner == PROVIDER:
            notes = (self.context.note((*path[:-1], "driver"), "the owner of the cards' driver"),)
            waits = declared == "peermem"
            what = "would wait for an OFED that is never installed" if waits else "has no effect"
            message = f"the cloud provides the driver of the cards, so {declared} {what}"
            code = codes.PEERMEM_WITHOUT_OFED if waits else codes.DIRECT_DECIDED
            yield self.context.diagnostic_at(
                path, code, message, notes=notes, help_="remove it, or use driver: networkOperator or host"
            )
        elif "dmaBuf" in (declared, network.gpu_direct):
            yield from self._dma_buf(pool, network, path)

    def _dma_buf(self, pool: Pool, network: PoolNetwork, path: Path) -> Iterator[Diagnostic]:
        if network.old_kernel:
            system = self.context.platform.cluster.os
            notes = (self.context.note(("spec", "cluster", "os"), "operating system set here"),)
            message = f"the kernel of {system} is older than 5.12 and cannot export GPU memory as dma-buf"
            yield self.context.diagnostic_at(
                path,
                codes.DMABUF_KERNEL,
                message,
                notes=notes,
                help_="use peermem, which does not need dma-buf",
                fix="peermem",
            )
        if not network.open_modules:
            message = "dma-buf needs the open kernel modules"
            yield self.context.diagnostic_at(
                path,
                codes.DMABUF_MODULES,
                message,
                notes=(self._because(pool),),
                help_="use peermem, which works with both kinds of modules",
                fix="peermem",
            )

    def _because(self, pool: Pool) -> Note:
        name = pool.name
        if pool.driver.kernel_modules == "proprietary":
            return self.context.note((*POOLS, name, "driver", "kernelModules"), "proprietary modules set here")
        return self.context.note((*POOLS, name, "gpu", "product"), "a GPU without open modules")

    def _storage(self, pool: Pool, network: PoolNetwork) -> Iterator[Diagnostic]:
        path: Path = (*POOLS, pool.name, "network", "gds")
        fabric = network.fabric
        if not network.open_modules:
            yield self.context.diagnostic_at(
                path,
                codes.GDS_MODULES,
                "nvidia-fs needs the open kernel modules",
                notes=(self._because(pool),),
                help_="remove gds, or use open modules",
            )
        if fabric not in RDMA or network.owner == PROVIDER:
            notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
            message = f"nvidia-fs needs DOCA-OFED, but this platform does not install it on nodes with {fabric}"
            yield self.context.diagnostic_at(
                path,
                codes.GDS_WITHOUT_OFED,
                message,
                notes=notes,
                help_="make sure that the node image contains DOCA-OFED",
            )
        elif not network.shared:
            notes = (self.context.note((*path[:-1], "resource"), "whole cards are allocated because of this"),)
            message = "with gds, every container with a GPU gets access to all RDMA devices of its node"
            yield self.context.diagnostic_at(
                path, codes.GDS_SHARES_CARDS, message, notes=notes, help_="let pods share the cards, or remove gds"
            )

    def together(self) -> Iterator[Diagnostic]:
        """A single ClusterPolicy has one set of modules in addition to its driver."""
        if self.context.platform.setting("driverObjects") != NEVER:
            return
        pools = [pool for pool in self.context.gpu_pools if pool.driver.enabled and not pool.mode_conflict]
        for first, pool in zip(pools[:1] * len(pools), pools, strict=True):
            for field, (key, what) in _BESIDE_THE_DRIVER.items():
                mine, theirs = getattr(pool.driver, field), getattr(first.driver, field)
                if mine != theirs:
                    with_it, without = (pool, first) if mine else (first, pool)
                    notes = (
                        self.context.note(
                            self.context.setting_path("driverObjects"), "the pools share one driver because of this"
                        ),
                    )
                    message = (
                        f"a ClusterPolicy loads {what} in all pools or none, but {without.name} does not request it"
                    )
                    path, help_ = (
                        (*POOLS, with_it.name, "network", key),
                        "use the same setting in all pools, or remove driverObjects",
                    )
                    yield self.context.diagnostic_at(path, codes.MODULES_DIFFER, message, notes=notes, help_=help_)
