"""Checks of pools against their instance types."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from blueprint.catalog.facts import Fact
from blueprint.catalog.machines import Machine, shared
from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.inputs import codes
from blueprint.platform.inputs.instance_types import declared_types, declares_its_shape
from blueprint.platform.paths import POOLS
from blueprint.records import replace
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool
from blueprint.units import quantity_value
from blueprint.wording import counted


def check_instance_types(context: CheckContext) -> Iterator[Diagnostic]:
    """Check all pools, as written, against the catalogue's instance types."""
    return _InstanceTypeChecks(context).found()


class _InstanceTypeChecks:
    """Conflicts between pools and their machines, reported for the blueprint as written."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    def found(self) -> Iterator[Diagnostic]:
        """All findings, pool by pool."""
        for name, pool in self.context.inputs.written.spec.node_pools.items():
            declared = {(*POOLS, name, *at): each for at, each in declared_types(pool).items()}
            known = {at: machine for at, each in declared.items() if (machine := self.context.catalog.machine(each))}
            for at, machine in known.items():
                yield from self._elsewhere(at, machine)
                yield from self._agrees(at, pool, machine)
                yield from self._doubted(at, pool, machine)
            if not _has_no_gpus(pool):
                yield from (self._no_such(at, each, pool) for at, each in declared.items() if at not in known)
            differences = [*self._differ(known)]
            yield from differences
            machine = shared([*known.values()]) if known else None
            if (not declared or machine) and not differences:
                yield from self._undecided(name, pool, machine)
            yield from self._arch(name, pool, machine)

    def _differ(self, machines: Mapping[Path, Machine]) -> Iterator[Diagnostic]:
        """Differences between instance types of one pool in what its nodes must have in common."""
        first = next(iter(machines), ())
        for at, machine in machines.items():
            one = machines[first]
            facts = ((getattr(one, name), getattr(machine, name), words) for name, words in _IN_COMMON.items())
            differing = (
                (here, there, words) for here, there, words in facts if here and there and here.value != there.value
            )
            for here, there, words in [*differing][:1]:
                message = f"{machine.name} has {words(there.value)}, but {one.name} has {words(here.value)}"
                notes = (self.context.note(first, "the other instance type"),)
                help_ = "create a pool for each: quotas, expectations and limits assume identical nodes"
                yield self.context.diagnostic_at(at, codes.TYPES_DIFFER, message, notes=notes, help_=help_)

    def _no_such(self, path: Path, declared: str, pool: NodePool) -> Diagnostic:
        names = [each for cloud in self.context.catalog.clouds for each in cloud.types]
        found = self.context.unknown_name(path, codes.UNKNOWN_INSTANCE_TYPE, "instance type", names)
        found = replace(
            found,
            message=f"the catalogue has no instance type {declared}",
            help="declare arch, cpu, memory and gpu for machines that the catalogue does not have",
        )
        return replace(found, override=Severity.WARNING) if declares_its_shape(pool) else found

    def _elsewhere(self, path: Path, machine: Machine) -> Iterator[Diagnostic]:
        runs = self.context.platform.cluster.distribution
        if runs in machine.cloud.distributions:
            return
        if self.context.catalog.clouds_of(runs):
            message = f"{machine.name} is an instance type of {machine.cloud.title}, where {runs} does not run"
            notes = (self.context.note(("spec", "cluster", "distribution"), "distribution set here"),)
            help_ = f"use another distribution, or an instance type of the cloud that runs {runs}"
            yield self.context.diagnostic_at(path, codes.MACHINE_ELSEWHERE, message, notes=notes, help_=help_)

    def _agrees(self, at: Path, pool: NodePool, machine: Machine) -> Iterator[Diagnostic]:
        gpu, shape = pool.gpu, pool.machine
        of = at[:3]
        rows: tuple[tuple[Path, Any, Fact[Any] | None, str], ...] = (
            (("gpu", "product"), gpu and gpu.product, machine.product, "{} as its GPU"),
            (("gpu", "count"), gpu and gpu.count, machine.gpus, "{} GPUs"),
            (("machine", "arch"), shape.arch, machine.arch, "{} processors"),
            (("machine", "cpu"), shape.cpu, machine.cpu, "{} processors"),
        )
        for path, declared, fact, words in rows:
            if declared and fact and declared != fact.value:
                yield self._disagrees((*of, *path), at, machine, fact, f"{words.format(fact.value)}, not {declared}")
        memory = machine.memory_gib
        if memory and shape.memory and quantity_value(shape.memory) > memory.value * 1024**3:
            path = (*of, "machine", "memory")
            yield self._disagrees(path, at, machine, memory, f"{memory.value}Gi of memory, not {shape.memory}")

    def _disagrees(self, path: Path, declared: Path, machine: Machine, fact: Fact[Any], words: str) -> Diagnostic:
        notes = (
            self.context.note(declared, "instance type set here"),
            Note(f"{fact.source} ({fact.confidence})", fact.span),
        )
        found = self.context.diagnostic_at(
            path,
            codes.MACHINE_DISAGREES,
            f"{machine.name} has {words}",
            notes=notes,
            help_="remove the line to use the value of the instance type, or correct the instance type",
        )
        return found if fact.certain else replace(found, override=Severity.WARNING)

    def _doubted(self, path: Path, pool: NodePool, machine: Machine) -> Iterator[Diagnostic]:
        gpu, shape = pool.gpu, pool.machine
        left = {
            "gpu.product": (gpu and gpu.product, machine.product),
            "gpu.count": (gpu and gpu.count, machine.gpus),
            "machine.cpu": (shape.cpu, machine.cpu),
            "machine.memory": (shape.memory, machine.memory_gib),
        }
        doubtful = {
            key: fact.value for key, (declared, fact) in left.items() if not declared and fact and not fact.certain
        }
        if doubtful:
            values = ", ".join(f"{key} {value}" for key, value in doubtful.items())
            message = f"the catalogue's values for {machine.name} are not verified: {values}"
            yield self.context.diagnostic_at(
                path, codes.MACHINE_UNVERIFIED, message, help_=f"declare {', '.join(doubtful)} to be sure"
            )
        if machine.note and not machine.gpus and gpu and gpu.count:
            yield self.context.diagnostic_at(path, codes.MACHINE_FRACTION, f"{machine.name} has {machine.note}")

    def _undecided(self, name: str, pool: NodePool, machine: Machine | None) -> Iterator[Diagnostic]:
        gpu = pool.gpu
        product = self.context.catalog.gpu(gpu.product) if gpu and not gpu.count else None
        if product and product.board_gpus and not (machine and machine.gpus):
            gpus = counted(product.board_gpus.value, "GPU")
            message = f"pool {name} has {gpus} per node, as every board with {product.product} has"
            help_ = f"set count: {product.board_gpus.value} to confirm this, or set another count"
            notes = (Note(product.board_gpus.source, product.board_gpus.span),)
            path = (*POOLS, name, "gpu", "product")
            yield self.context.diagnostic_at(path, codes.COUNT_OF_BOARD, message, notes=notes, help_=help_)
            return
        fact = {"product": machine and machine.product, "count": machine and machine.gpus}
        lacking = [key for key in fact if not (gpu and getattr(gpu, key)) and not fact[key]]
        if not lacking or (gpu is None and (machine is None or machine.product is None)):
            return
        path = (*POOLS, name, *(("gpu",) if gpu else _types_of(pool)))
        why = (
            f"{machine.name} has {machine.note or 'GPUs, but the catalogue does not know how many'}"
            if machine
            else ("there is no machine.instanceType to derive it from")
        )
        message = f"pool {name} lacks gpu.{' and gpu.'.join(lacking)}: {why}"
        yield self.context.diagnostic_at(
            path, codes.MACHINE_GPU_UNKNOWN, message, help_="declare gpu: {product: ..., count: ...}"
        )

    def _arch(self, name: str, pool: NodePool, machine: Machine | None) -> Iterator[Diagnostic]:
        product = self.context.catalog.gpu(pool.gpu.product) if pool.gpu and pool.gpu.product else None
        arch = pool.machine.arch or (machine.arch.value if machine and machine.arch and machine.arch.certain else None)
        host = product.host_arch if product else None
        if product and host and host.certain and arch and arch != host.value:
            where = ("machine", "arch") if pool.machine.arch else _types_of(pool)
            notes = (
                self.context.note((*POOLS, name, "gpu", "product"), "product set here"),
                Note(host.source, host.span),
            )
            message = f"{product.product} comes with {host.value} processors, not {arch}"
            fix = host.value if pool.machine.arch else None
            yield self.context.diagnostic_at(
                (*POOLS, name, *where),
                codes.ARCH_UNSUPPORTED,
                message,
                notes=notes,
                fix=fix,
                help_=f"set arch: {host.value}, or remove it",
            )


def _has_no_gpus(pool: NodePool) -> bool:
    """Whether Karpenter may create the nodes from machines without GPUs, of which the catalogue has none."""
    return pool.karpenter is not None and pool.gpu is None and declares_its_shape(pool)


def _types_of(pool: NodePool) -> Path:
    """The path at which a pool declares its machines."""
    return next(iter(declared_types(pool)), ("machine", "instanceType"))[:2]


_IN_COMMON: dict[str, Callable[[Any], str]] = {
    "product": str,
    "gpus": lambda number: counted(number, "GPU"),
    "arch": lambda arch: f"{arch} processors",
}
"""The properties in which the machines of a pool must agree, and how they are described."""
