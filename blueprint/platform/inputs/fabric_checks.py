"""Checks of a pool's fabric, as written, against its cloud and its instance type."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from blueprint.catalog.machines import Machine
from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.network import codes
from blueprint.platform.paths import POOLS
from blueprint.records import replace
from blueprint.source.paths import Path
from blueprint.spec.network import PoolNetwork
from blueprint.spec.pools import NodePool
from blueprint.wording import counted


def check_fabrics(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the fabrics of all pools whose GPUs are determined."""
    return _FabricChecks(context).found()


class _FabricChecks:
    """Checks of declared fabrics against those of the cloud."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._there = context.note(("spec", "cluster", "distribution"), "distribution set here")

    def found(self) -> Iterator[Diagnostic]:
        """All findings, pool by pool."""
        written = self._context.inputs.written.spec.node_pools
        for name in self._context.inputs.completed.spec.node_pools:
            if (network := written[name].network) is not None:
                yield from self._fabric(name, written[name], network)

    def _machine(self, pool: NodePool) -> Machine | None:
        kind = pool.machine.instance_type
        return self._context.catalog.machine(kind) if kind else None

    @cached_property
    def _fabrics(self) -> list[str]:
        """The fabrics of the cloud; empty outside of clouds."""
        clouds = self._context.catalog.clouds_of(self._context.platform.cluster.distribution)
        machines = (machine for cloud in clouds for machine in cloud.types.values())
        return sorted({machine.fabric for machine in machines if machine.fabric})

    def _fabric(self, name: str, pool: NodePool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """Check the fabric against the cloud and the machine."""
        path, machine = (*POOLS, name, "network", "fabric"), self._machine(pool)
        known = self._fabrics
        if network.fabric and known and network.fabric not in known:
            message = f"{self._context.platform.cluster.distribution_facts.title} has no nodes with {network.fabric}"
            fix = known[0] if len(known) == 1 else None
            help_ = f"available fabrics: {', '.join(known)}"
            yield self._context.diagnostic_at(
                path, codes.FABRIC_ELSEWHERE, message, notes=(self._there,), help_=help_, fix=fix
            )
        elif machine:
            yield from self._of_machine(name, network, machine)
        elif not network.fabric:
            message = f"the network fabric of pool {name} is unknown"
            yield self._context.diagnostic_at_key(
                path, codes.FABRIC_UNDECIDED, message, help_="set fabric, or machine.instanceType"
            )

    def _of_machine(self, name: str, network: PoolNetwork, machine: Machine) -> Iterator[Diagnostic]:
        at: Path = (*POOLS, name, "network")
        because = self._context.note((*POOLS, name, "machine", "instanceType"), "instance type set here")
        fabric, cards = machine.fabric, machine.adapters
        if fabric is None:
            code = codes.FABRIC_DOUBTED if network.fabric else codes.FABRIC_UNDECIDED
            message = f"the catalogue has no fast network for {machine.name}"
            yield self._context.diagnostic_at(
                (*at, "fabric"),
                code,
                message,
                notes=(because,),
                help_="look up the network of this instance type in the cloud's documentation",
            )
        elif network.fabric and network.fabric != fabric.value:
            message = f"{machine.name} has the fabric {fabric.value}, not {network.fabric}"
            found = self._context.diagnostic_at(
                (*at, "fabric"),
                codes.FABRIC_DISAGREES,
                message,
                fix=fabric.value,
                notes=(because, Note(f"{fabric.source} ({fabric.confidence})", fabric.span)),
                help_="remove the line to use the value of the instance type",
            )
            yield found if fabric.certain else replace(found, override=Severity.WARNING)
        elif network.nics and cards and network.nics > cards.value:
            message = f"{machine.name} has {counted(cards.value, 'network card')} of the fabric, not {network.nics}"
            found = self._context.diagnostic_at(
                (*at, "nics"),
                codes.CARDS_TOO_MANY,
                message,
                fix=str(cards.value),
                notes=(because, Note(f"{cards.source} ({cards.confidence})", cards.span)),
                help_="remove the line to use the value of the instance type",
            )
            yield found if cards.certain else replace(found, override=Severity.WARNING)
