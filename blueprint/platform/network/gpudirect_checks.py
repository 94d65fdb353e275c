"""What can be wrong between a pool's GPUs and its network: GPUDirect, GDRCopy and GPUDirect Storage."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.platform.drivers.model import NEVER
from blueprint.platform.network import codes
from blueprint.platform.network.model import PROVIDER, RDMA, SHARED_PREFIX, old_kernel, owners, runs_open
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.spec.network import PoolNetwork
from blueprint.spec.pools import NodePool

_PARTS = {"gds": "gds", "gdrcopy": "gdrcopy", "gpu_direct": "gpuDirect"}
"""Fields of a network that are about GPUs, and their keys."""
_MODULES = {"gds": "nvidia-fs", "gdrcopy": "gdrdrv"}


class GpuDirectChecks:
    """Each pool alone, then what the pools must agree on."""

    def __init__(self, context: CheckContext, drivers: DriverChecks) -> None:
        self.context = context
        self._drivers = drivers

    def pool(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        """A pool that has a network whose fabric is known."""
        assert pool.network  # noqa: S101 - asked only of such pools
        at: Path = (*POOLS, name, "network")
        if pool.gpu is None:
            for field, key in _PARTS.items():
                if getattr(pool.network, field):
                    message = f"pool {name} has no GPUs, so {key} has nothing to act on"
                    yield self.context.diagnostic_at(
                        (*at, key), codes.DIRECT_WITHOUT_GPU, message, help_="add gpu, or remove it"
                    )
            return
        yield from self._modules(name, pool, pool.network)
        yield from self._path(name, pool, pool.network)
        if pool.network.gds:
            yield from self._storage(name, pool, pool.network)

    def _modules(self, name: str, pool: NodePool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """nvidia-fs and gdrdrv are built by the driver pod: with what it brings, and where there is one."""
        owner = self._drivers.mode(pool).driver
        for key, module in _MODULES.items():
            path: Path = (*POOLS, name, "network", key)
            if not getattr(network, key):
                continue
            if owner != "operator":
                message = f"the driver of pool {name} is the {owner}'s, so nothing of ours could load {module}"
                notes = (self.context.note((*POOLS, name, "driver", "owner"), "the owner follows from this"),)
                yield self.context.diagnostic_at(
                    path,
                    codes.MODULE_NOT_OURS,
                    message,
                    notes=notes,
                    help_=f"let the node image load {module}, and remove the line",
                )
            elif pool.driver.precompiled:
                notes = (self.context.note((*POOLS, name, "driver", "precompiled"), "precompiled set here"),)
                message = f"the operator builds no {module} beside a precompiled driver"
                yield self.context.diagnostic_at(
                    path, codes.MODULE_PRECOMPILED, message, notes=notes, help_="remove one of the two"
                )

    def _path(self, name: str, pool: NodePool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """How cards reach the memory of GPUs."""
        said, path = network.gpu_direct, (*POOLS, name, "network", "gpuDirect")
        fabric = network.fabric or ""
        owner = network.driver or owners(fabric, self.context.spec.cluster.distribution)[0]
        if said and fabric not in RDMA:
            notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
            message = f"{fabric} brings its own way into GPU memory: {said} decides nothing"
            yield self.context.diagnostic_at(path, codes.DIRECT_DECIDED, message, notes=notes, help_="remove it")
        elif said and owner == PROVIDER:
            notes = (self.context.note((*path[:-1], "driver"), "the owner of the cards' driver"),)
            what = "would wait for an OFED that nobody here installs" if said == "peermem" else "is not ours to decide"
            message = f"the cloud brings the driver of the cards, so {said} {what}"
            code = codes.PEERMEM_WITHOUT_OFED if said == "peermem" else codes.DIRECT_DECIDED
            yield self.context.diagnostic_at(
                path, code, message, notes=notes, help_="remove it, or say driver: networkOperator or host"
            )
        elif said == "dmaBuf":
            yield from self._dma_buf(name, pool, path)

    def _dma_buf(self, name: str, pool: NodePool, path: Path) -> Iterator[Diagnostic]:
        system = self._drivers.os
        if old_kernel(system):
            notes = (self.context.note(("spec", "cluster", "os"), "operating system set here"),)
            message = f"the kernel of {system} is older than 5.12 and cannot hand GPU memory on as dma-buf"
            yield self.context.diagnostic_at(
                path, codes.DMABUF_KERNEL, message, notes=notes, help_="peermem can", fix="peermem"
            )
        if not self._open(pool):
            message = "dma-buf needs the open kernel modules"
            yield self.context.diagnostic_at(
                path,
                codes.DMABUF_MODULES,
                message,
                notes=(self._because(name, pool),),
                help_="peermem works with both kinds",
                fix="peermem",
            )

    def _open(self, pool: NodePool) -> bool:
        assert pool.gpu  # noqa: S101 - asked only of pools with GPUs
        return runs_open(pool.driver.kernel_modules, self.context.catalog.gpu(pool.gpu.product))

    def _because(self, name: str, pool: NodePool) -> Note:
        if pool.driver.kernel_modules == "proprietary":
            return self.context.note((*POOLS, name, "driver", "kernelModules"), "proprietary modules set here")
        return self.context.note((*POOLS, name, "gpu", "product"), "a GPU without open modules")

    def _storage(self, name: str, pool: NodePool, network: PoolNetwork) -> Iterator[Diagnostic]:
        path: Path = (*POOLS, name, "network", "gds")
        fabric = network.fabric or ""
        owner = network.driver or owners(fabric, self.context.spec.cluster.distribution)[0]
        if not self._open(pool):
            yield self.context.diagnostic_at(
                path,
                codes.GDS_MODULES,
                "nvidia-fs needs the open kernel modules",
                notes=(self._because(name, pool),),
                help_="remove gds, or use open modules",
            )
        if fabric not in RDMA or owner == PROVIDER:
            notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
            message = f"nvidia-fs is built against DOCA-OFED, and nodes with {fabric} here have none of ours"
            yield self.context.diagnostic_at(
                path, codes.GDS_WITHOUT_OFED, message, notes=notes, help_="make sure that the node image has it"
            )
        elif network.resource and not network.resource.startswith(f"{SHARED_PREFIX}/"):
            notes = (self.context.note((*path[:-1], "resource"), "whole cards are handed out because of this"),)
            message = "with gds every container with a GPU gets all RDMA devices of its node"
            yield self.context.diagnostic_at(
                path, codes.GDS_SHARES_CARDS, message, notes=notes, help_="share the cards, or remove gds"
            )

    def together(self) -> Iterator[Diagnostic]:
        """One ClusterPolicy has one set of modules beside its driver."""
        operator = self.context.spec.components.get("gpu-operator")
        if operator is None or operator.settings.get("driverObjects") != NEVER:
            return
        owned = list(self._drivers.owned().items())
        for name, pool in owned[1:]:
            first_name, first = owned[0]
            for key in _MODULES:
                mine, theirs = (bool(each.network and getattr(each.network, key)) for each in (pool, first))
                if mine != theirs:
                    with_it, without = (name, first_name) if mine else (first_name, name)
                    path: Path = (*POOLS, with_it, "network", key)
                    never = ("spec", "components", "gpu-operator", "settings", "driverObjects")
                    notes = (self.context.note(never, "one driver for all because of this"),)
                    message = f"one ClusterPolicy loads {key} everywhere or nowhere: {without} does without"
                    yield self.context.diagnostic_at(
                        path,
                        codes.MODULES_DIFFER,
                        message,
                        notes=notes,
                        help_="make the pools alike, or remove driverObjects",
                    )
