"""What can be wrong about the feature gates of the DRA driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from blueprint.catalog.components import Component
from blueprint.catalog.gates import ClusterGate, Gate, load_gates
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.dra import codes as dra
from blueprint.platform.drivers.model import ALWAYS, NEVER
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.versions import minor_of

OPERATOR = "gpu-operator"
SETTINGS: Path = ("spec", "components", OPERATOR, "settings")
GATES: Path = (*SETTINGS, "draFeatureGates")


def gate_checks(context: CheckContext, component: Component) -> Iterator[Diagnostic]:
    """Every gate that the blueprint names, then what its variables need."""
    spec = context.spec.components.get(OPERATOR)
    said = spec.settings.get("draFeatureGates", {}) if spec else {}
    if spec is None or not isinstance(said, dict) or not all(isinstance(value, bool) for value in said.values()):
        return
    gates = _Gates(context, component, said)
    for name in said:
        yield from gates.one(name)
    env = spec.settings.get("draEnv", {})
    if "CONSUMABLE_SHARES" in env and "ConsumableShares" not in gates.open:
        message = "the gate ConsumableShares is closed, so what CONSUMABLE_SHARES says"
        yield context.no_effect((*SETTINGS, "draEnv", "CONSUMABLE_SHARES"), GATES, message)


class _Gates:
    """The gates as the blueprint has them, and as this version of the driver knows them."""

    def __init__(self, context: CheckContext, component: Component, said: Mapping[str, bool]) -> None:
        self.context = context
        self.said = said
        self.version = component.images["dra-driver"].tag or ""
        self.all = load_gates(component.folder)
        self.known = self.all.known_to(self.version)
        self.open = self.all.open(said, self.version)

    def one(self, name: str) -> Iterator[Diagnostic]:
        """What is wrong about one gate that is named."""
        gate, at = self.known.get(name), (*GATES, name)
        if gate is None:
            yield self._unknown(name, at)
            return
        yield from self._conflicts(name, gate, at)
        if name in self.open:
            if gate.cluster:
                yield from self._cluster(name, gate.cluster, at)
            yield from self._useless(name, gate, at)
            if gate.mig:
                yield from self._cutting(name, at)

    def _unknown(self, name: str, at: Path) -> Diagnostic:
        later = self.all.gates.get(name)
        message = f"the DRA driver {self.version} knows no feature gate {name}"
        help_ = f"it came with {later.since}" if later else f"known: {', '.join(sorted(self.known))}"
        told = self.context.unknown_setting(at, message, self.known)
        return replace(told, code=dra.GATE_UNKNOWN, help=help_)

    def _conflicts(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        """Each pair once: at the later of the two, or at the one that closes what the other needs."""
        earlier = list(self.said)[: list(self.said).index(name)]
        for other in (*gate.excludes, *gate.discouraged) if name in self.open else ():
            if other in earlier and other in self.open:
                hard = other in gate.excludes
                message = f"{name} and {other} {'exclude each other' if hard else 'are not to be used together'}"
                notes = (self.context.note((*GATES, other), f"{other} is opened here"),)
                told = self.context.diagnostic_at_key(
                    at, dra.GATES_CONFLICT, message, notes=notes, help_="open one of them"
                )
                yield told if hard else replace(told, override=Severity.WARNING)
        for other in gate.requires if name in self.open else ():
            if other not in self.open and other not in self.said:
                message = f"{name} needs {other}, which is closed"
                yield self.context.diagnostic_at_key(at, dra.GATES_CONFLICT, message, help_=f"{other}: true as well")
        for other, needy in self.known.items():
            if name in needy.requires and name not in self.open and other in self.open:
                message = f"{other} needs {name}, which is closed here"
                yield self.context.diagnostic_at_key(at, dra.GATES_CONFLICT, message, help_=f"{other}: false as well")

    def _cluster(self, name: str, needed: ClusterGate, at: Path) -> Iterator[Diagnostic]:
        version = self.context.spec.cluster.kubernetes
        if needed.open_in(minor_of(version)):
            return
        distribution = self.context.spec.cluster.distribution
        managed = self.context.catalog.distribution(distribution).managed_control_plane
        message = f"{name} needs the gate {needed.gate} of Kubernetes, which is not open by itself in {version}"
        message += f", and {distribution} lets nobody open it" if managed else ""
        notes = (self.context.note(("spec", "cluster", "kubernetes"), "Kubernetes set here"),)
        help_ = f"open by itself from {needed.open_from} on" if needed.open_from else "open by itself in no version yet"
        told = self.context.diagnostic_at_key(at, dra.GATE_NEEDS_CLUSTER, message, notes=notes, help_=help_)
        yield told if managed else replace(told, override=Severity.WARNING)

    def _useless(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        settings = self.context.spec.components[OPERATOR].settings
        when = settings.get("computeDomains")
        declared = any(pool.nvlink_domain for pool in self.context.spec.node_pools.values())
        if gate.part == "computeDomains" and (when == NEVER or (when != ALWAYS and not declared)):
            message = f"compute domains are off, so {name} changes nothing"
            help_ = "a pool with nvlinkDomain, or computeDomains: always, switches them on"
            yield self.context.diagnostic_at_key(at, dra.GATE_USELESS, message, help_=help_)
        if gate.variable and gate.variable not in settings.get("draEnv", {}):
            message = f"{name} does nothing without the variable {gate.variable}"
            yield self.context.diagnostic_at_key(
                at, dra.GATE_USELESS, message, help_=f"draEnv: {{{gate.variable}: memory}}"
            )

    def _cutting(self, name: str, at: Path) -> Iterator[Diagnostic]:
        """Who else cuts GPUs, and whether any can be cut."""
        can: list[bool] = []
        for pool_name, pool in self.context.spec.node_pools.items():
            product = self.context.catalog.gpu(pool.gpu.product) if pool.gpu else None
            if pool.gpu and pool.gpu.mig:
                notes = (self.context.note(at, f"{name} is opened here"),)
                message = f"{name} cuts GPUs when they are claimed, and pool {pool_name} says how they are cut before"
                path: Path = (*POOLS, pool_name, "gpu", "mig")
                yield self.context.diagnostic_at_key(
                    path, dra.DRA_TWO_CUTTERS, message, notes=notes, help_="remove one of the two"
                )
            if product:
                can.append(product.mig.supported.value or not product.mig.supported.certain)
        if can and not any(can):
            message = f"no GPU here can be cut, so {name} changes nothing"
            yield self.context.diagnostic_at_key(at, dra.GATE_USELESS, message, help_="remove it")
