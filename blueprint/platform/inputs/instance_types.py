"""What follows from a pool's machine: the GPUs, processors and memory that a blueprint leaves to the instance type.

The blueprint is completed before anything else looks at it, so that everything that reads `gpu.product` has one. Every
value that is filled in knows two lines: that of the instance type, and the catalogue's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.facts import Fact
from blueprint.catalog.machines import Machine
from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform.check_context import POOLS, Teller
from blueprint.platform.inputs import codes
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins
from blueprint.source.merge import Node
from blueprint.source.paths import Path
from blueprint.spec.model import Blueprint
from blueprint.spec.pools import NodePool, PoolGpu
from blueprint.units import quantity_value

Known = Mapping[Path, tuple[Source, ...]]
"""Where values came from that no document holds, by the path at which they are read."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A blueprint whose pools say what their machines have. Pools whose GPUs nothing decides are left out."""

    blueprint: Blueprint
    known: Known


def complete(blueprint: Blueprint, root: Node, catalog: Catalog) -> Completed:
    """Fill in what machines decide. What contradicts them, or is missing, `MachineChecks` says."""
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
    """One pool with what its machine decides, and where each such value came from."""

    def __init__(self, name: str, pool: NodePool, origins: Origins, catalog: Catalog) -> None:
        self.pool = pool
        self.known: dict[Path, tuple[Source, ...]] = {}
        self._at: Path = (*POOLS, name)
        self._origins = origins
        said = pool.machine.instance_type
        machine = catalog.machine(said) if said else None
        if machine:
            self._from_machine(machine)
        self._arch_of_gpu(catalog)
        self._by_machine = machine.product is not None if machine else bool(said) and not _says_itself(pool)

    @property
    def decided(self) -> bool:
        """Whether it is known what GPUs the pool has, none among them."""
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
            self.known[(*self._at, "gpu")] = (self._line("machine", "instanceType"),)
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
        """The fabric, and as many cards as the machine has of it."""
        network = self.pool.network
        if network is None:
            return
        fabric = self._filled(("network", "fabric"), network.fabric, machine.fabric)
        of_it = machine.adapters if machine.fabric and machine.fabric.value == fabric else None
        nics = self._filled(("network", "nics"), network.nics, of_it)
        self.pool = self.pool.model_copy(
            update={"network": network.model_copy(update={"fabric": fabric, "nics": nics})}
        )

    def _arch_of_gpu(self, catalog: Catalog) -> None:
        """A GPU beside a Grace CPU decides the processor where nothing else does."""
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

    def _filled(self, path: Path, said: Any, fact: Fact[Any] | None) -> Any:
        if said or fact is None:
            return said
        self.known[(*self._at, *path)] = (self._line("machine", "instanceType"), _catalogue(fact))
        return fact.value

    def _line(self, *path: str) -> Source:
        return self._origins.source((*self._at, *path))


def _catalogue(fact: Fact[Any]) -> Source:
    return Source("hardware", fact.span, fact.path)


def _says_itself(pool: NodePool) -> bool:
    """Whether nothing has to follow from the instance type: the pool says its GPUs, or what it has without any."""
    gpu, shape = pool.gpu, pool.machine
    return bool(gpu.product and gpu.count) if gpu else bool(shape.cpu and shape.memory)


class MachineChecks(Teller):
    """What is wrong between pools and their machines; told about the blueprint as it was written."""

    def found(self) -> Iterator[Diagnostic]:
        """Everything, pool by pool."""
        for name, pool in self.spec.node_pools.items():
            said = pool.machine.instance_type
            machine = self.catalog.machine(said) if said else None
            if machine:
                yield from self._elsewhere(name, machine)
                yield from self._agrees(name, pool, machine)
                yield from self._doubted(name, pool, machine)
            elif said:
                yield self._no_such(name, pool)
            if not said or machine:
                yield from self._undecided(name, pool, machine)
            yield from self._arch(name, pool, machine)

    def _no_such(self, name: str, pool: NodePool) -> Diagnostic:
        path = (*POOLS, name, "machine", "instanceType")
        names = [each for cloud in self.catalog.clouds for each in cloud.types]
        told = self.unknown(path, codes.UNKNOWN_INSTANCE_TYPE, "instance type", names)
        told = replace(
            told,
            message=f"the catalogue has no instance type {pool.machine.instance_type}",
            help="say arch, cpu, memory and gpu where the catalogue does not have the machine",
        )
        return replace(told, override=Severity.WARNING) if _says_itself(pool) else told

    def _elsewhere(self, name: str, machine: Machine) -> Iterator[Diagnostic]:
        runs = self.spec.cluster.distribution
        if runs in machine.cloud.distributions:
            return
        if self.catalog.clouds_of(runs):
            path = (*POOLS, name, "machine", "instanceType")
            message = f"{machine.name} is a machine of {machine.cloud.title}, where {runs} does not run"
            notes = (self.note(("spec", "cluster", "distribution"), "distribution set here"),)
            help_ = f"another distribution, or a machine of the cloud of {runs}"
            yield self.at(path, codes.MACHINE_ELSEWHERE, message, notes=notes, help_=help_)

    def _agrees(self, name: str, pool: NodePool, machine: Machine) -> Iterator[Diagnostic]:
        gpu, shape = pool.gpu, pool.machine
        rows: tuple[tuple[Path, Any, Fact[Any] | None, str], ...] = (
            (("gpu", "product"), gpu and gpu.product, machine.product, "{} as its GPU"),
            (("gpu", "count"), gpu and gpu.count, machine.gpus, "{} GPUs"),
            (("machine", "arch"), shape.arch, machine.arch, "{} processors"),
            (("machine", "cpu"), shape.cpu, machine.cpu, "{} processors"),
        )
        for path, said, fact, words in rows:
            if said and fact and said != fact.value:
                yield self._disagrees((*POOLS, name, *path), machine, fact, f"{words.format(fact.value)}, not {said}")
        memory = machine.memory_gib
        if memory and shape.memory and quantity_value(shape.memory) > memory.value * 1024**3:
            path = (*POOLS, name, "machine", "memory")
            yield self._disagrees(path, machine, memory, f"{memory.value}Gi of memory, less than {shape.memory}")

    def _disagrees(self, path: Path, machine: Machine, fact: Fact[Any], words: str) -> Diagnostic:
        notes = (
            self.note((*path[:3], "machine", "instanceType"), "instance type set here"),
            Note(f"{fact.source} ({fact.confidence})", fact.span),
        )
        told = self.at(path, codes.MACHINE_DISAGREES, f"{machine.name} has {words}", notes=notes,
                       help_="remove the line to take what the machine has, or name the right machine")  # fmt: skip
        return told if fact.certain else replace(told, override=Severity.WARNING)

    def _doubted(self, name: str, pool: NodePool, machine: Machine) -> Iterator[Diagnostic]:
        gpu, shape = pool.gpu, pool.machine
        left = {
            "gpu.product": (gpu and gpu.product, machine.product),
            "gpu.count": (gpu and gpu.count, machine.gpus),
            "machine.cpu": (shape.cpu, machine.cpu),
            "machine.memory": (shape.memory, machine.memory_gib),
        }
        doubtful = {key: fact.value for key, (said, fact) in left.items() if not said and fact and not fact.certain}
        path = (*POOLS, name, "machine", "instanceType")
        if doubtful:
            values = ", ".join(f"{key} {value}" for key, value in doubtful.items())
            message = f"what follows from {machine.name} is not verified: {values}"
            yield self.at(path, codes.MACHINE_UNVERIFIED, message, help_=f"say {', '.join(doubtful)} to be sure")
        if machine.note and not machine.gpus and gpu and gpu.count:
            yield self.at(path, codes.MACHINE_FRACTION, f"{machine.name} has {machine.note}")

    def _undecided(self, name: str, pool: NodePool, machine: Machine | None) -> Iterator[Diagnostic]:
        gpu = pool.gpu
        fact = {"product": machine and machine.product, "count": machine and machine.gpus}
        lacking = [key for key in fact if not (gpu and getattr(gpu, key)) and not fact[key]]
        if not lacking or (gpu is None and (machine is None or machine.product is None)):
            return
        path = (*POOLS, name, *(("gpu",) if gpu else ("machine", "instanceType")))
        why = f"{machine.name} has {machine.note or 'GPUs, but the catalogue does not know how many'}" if machine else (
            "there is no machine.instanceType from which it could follow")  # fmt: skip
        message = f"pool {name} does not say gpu.{' and gpu.'.join(lacking)}: {why}"
        yield self.at(path, codes.MACHINE_GPU_UNKNOWN, message, help_="say gpu: {product: ..., count: ...}")

    def _arch(self, name: str, pool: NodePool, machine: Machine | None) -> Iterator[Diagnostic]:
        product = self.catalog.gpu(pool.gpu.product) if pool.gpu and pool.gpu.product else None
        arch = pool.machine.arch or (machine.arch.value if machine and machine.arch and machine.arch.certain else None)
        host = product.host_arch if product else None
        if product and host and host.certain and arch and arch != host.value:
            key = "arch" if pool.machine.arch else "instanceType"
            notes = (self.note((*POOLS, name, "gpu", "product"), "product set here"), Note(host.source, host.span))
            message = f"{product.product} comes with {host.value} processors, not {arch}"
            fix = host.value if key == "arch" else None
            yield self.at((*POOLS, name, "machine", key), codes.ARCH_UNSUPPORTED, message, notes=notes, fix=fix,
                          help_=f"arch: {host.value}, or leave it out")  # fmt: skip
