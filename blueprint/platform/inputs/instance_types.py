"""Values derived from a pool's machine: the GPUs, CPUs and memory that a blueprint leaves to the instance type.

The blueprint is completed before anything else reads it, so that `gpu.product` is always set. Every derived value has
two sources: the line with the instance type, and the catalogue's line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.machines import Machine, shared
from blueprint.platform.paths import POOLS
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins
from blueprint.records import Record
from blueprint.source.merge import Node
from blueprint.source.paths import Path
from blueprint.spec.karpenter import KARPENTER
from blueprint.spec.model import Blueprint
from blueprint.spec.pools import NodePool, PoolGpu

Known = Mapping[Path, tuple[Source, ...]]
"""The sources of values that are not in a document, by the path at which they are read."""


class Completed(Record):
    """A blueprint whose pools contain the properties of their machines. Pools whose GPUs are undetermined are
    omitted.
    """

    blueprint: Blueprint
    known: Known


def complete(blueprint: Blueprint, root: Node, catalog: Catalog) -> Completed:
    """Add values derived from machines. `instance_type_checks` reports contradictions and missing values."""
    pools: dict[str, NodePool] = {}
    known: dict[Path, tuple[Source, ...]] = {}
    for name, pool in blueprint.spec.node_pools.items():
        filled = _Filling(name, pool, Origins(root), catalog)
        if filled.decided:
            pools[name] = filled.pool
            known |= filled.known
    spec = blueprint.spec.model_copy(update={"node_pools": pools})
    return Completed(blueprint.model_copy(update={"spec": spec}), known)


class _Filling:
    """One pool with the values derived from its machine, and their sources."""

    def __init__(self, name: str, pool: NodePool, origins: Origins, catalog: Catalog) -> None:
        self.pool = pool
        self.known: dict[Path, tuple[Source, ...]] = {}
        self._at: Path = (*POOLS, name)
        self._origins = origins
        declared = declared_types(pool)
        self._types_at: Path = next(iter(declared), ("machine", "instanceType"))[:2]
        machines = [machine for each in declared.values() if (machine := catalog.machine(each))]
        machine = shared(machines) if machines else None
        if machine:
            self._from_machine(machine)
        self._count_of_board(catalog)
        self._arch_of_gpu(catalog)
        has_gpus = any(each.product for each in machines)
        self._by_machine = has_gpus if machines else bool(declared) and not declares_its_shape(pool)

    @property
    def decided(self) -> bool:
        """Whether it is determined which GPUs the pool has, if any."""
        gpu = self.pool.gpu
        return bool(gpu.product and gpu.count) if gpu else not self._by_machine

    def _from_machine(self, machine: Machine) -> None:
        gpu = self.pool.gpu
        product = self._filled(("gpu", "product"), gpu.product if gpu else "", machine.product)
        count = self._filled(("gpu", "count"), gpu.count if gpu else 0, machine.gpus)
        if gpu:
            self.pool = self.pool.model_copy(
                update={"gpu": gpu.model_copy(update={"product": product, "count": count})}
            )
        elif product and count:
            self.known[(*self._at, "gpu")] = (self._line(*self._types_at),)
            self.pool = self.pool.model_copy(update={"gpu": PoolGpu(product=product, count=count)})
        shape = self.pool.machine
        gib = machine.memory_gib
        memory = Fact(f"{gib.value}Gi", gib.source, gib.confidence, gib.span, gib.path) if gib else None
        self._network(machine)
        self._machine(
            arch=self._filled(("machine", "arch"), shape.arch, machine.arch),
            cpu=self._filled(("machine", "cpu"), shape.cpu, machine.cpu),
            memory=self._filled(("machine", "memory"), shape.memory, memory),
        )

    def _network(self, machine: Machine) -> None:
        """Add the fabric, and the machine's number of adapters for it."""
        network = self.pool.network
        if network is None:
            return
        fabric = self._filled(("network", "fabric"), network.fabric, machine.fabric)
        adapters = machine.adapters if machine.fabric and machine.fabric.value == fabric else None
        nics = self._filled(("network", "nics"), network.nics, adapters)
        self.pool = self.pool.model_copy(
            update={"network": network.model_copy(update={"fabric": fabric, "nics": nics})}
        )

    def _count_of_board(self, catalog: Catalog) -> None:
        """Add the number of GPUs per board, if nothing else determines it and the GPU's boards have one size."""
        gpu = self.pool.gpu
        product = catalog.gpu(gpu.product) if gpu and not gpu.count else None
        if gpu is None or product is None or product.board_gpus is None:
            return
        at = (*self._at, "gpu", "product")
        because = self.known.get(at) or (self._origins.source(at),)
        self.known[(*self._at, "gpu", "count")] = (*because, _catalogue(product.board_gpus))
        self.pool = self.pool.model_copy(update={"gpu": gpu.model_copy(update={"count": product.board_gpus.value})})

    def _arch_of_gpu(self, catalog: Catalog) -> None:
        """Add the processor architecture of a GPU with a Grace CPU, if nothing else determines it."""
        gpu = self.pool.gpu
        product = catalog.gpu(gpu.product) if gpu else None
        if product is None or product.host_arch is None or self.pool.machine.arch:
            return
        at = (*self._at, "gpu", "product")
        because = self.known.get(at) or (self._origins.source(at),)
        self.known[(*self._at, "machine", "arch")] = (*because, _catalogue(product.host_arch))
        self._machine(arch=product.host_arch.value)

    def _machine(self, **values: Any) -> None:
        self.pool = self.pool.model_copy(update={"machine": self.pool.machine.model_copy(update=values)})

    def _filled(self, path: Path, declared: Any, fact: Fact[Any] | None) -> Any:
        if declared or fact is None:
            return declared
        self.known[(*self._at, *path)] = (self._line(*self._types_at), _catalogue(fact))
        return fact.value

    def _line(self, *path: str | int) -> Source:
        return self._origins.source((*self._at, *path))


def _catalogue(fact: Fact[Any]) -> Source:
    return Source("hardware", fact.span, fact.path)


def declared_types(pool: NodePool) -> dict[Path, str]:
    """The possible instance types of a pool's nodes, by the path at which they are declared."""
    if pool.karpenter is not None:
        return {(KARPENTER, "instanceTypes", index): name for index, name in enumerate(pool.karpenter.instance_types)}
    declared = pool.machine.instance_type
    return {("machine", "instanceType"): declared} if declared else {}


def declares_its_shape(pool: NodePool) -> bool:
    """Whether nothing needs to be derived from the instance type: the pool declares its GPUs, or that it has none."""
    gpu, shape = pool.gpu, pool.machine
    return bool(gpu.product and gpu.count) if gpu else bool(shape.cpu and shape.memory)
