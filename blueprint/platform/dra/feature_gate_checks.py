"""Checks of the feature gates of the DRA driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.catalog.component_files.feature_gates import ClusterGate, Gate, load_gates
from blueprint.catalog.components import Component
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.dra import codes as dra
from blueprint.platform.paths import POOLS
from blueprint.records import replace
from blueprint.source.paths import Path

GATES = "draFeatureGates"
"""The setting with the feature gates."""


def gate_checks(context: CheckContext, component: Component) -> Iterator[Diagnostic]:
    """Check all feature gates in the blueprint, then what its variables need."""
    declared: Mapping[str, bool] = context.platform.setting("draFeatureGates") or {}
    gates = _Gates(context, component, declared)
    for name in declared:
        yield from gates.one(name)
    env = context.platform.setting("draEnv") or {}
    if "CONSUMABLE_SHARES" in env and "ConsumableShares" not in gates.open:
        message = "the feature gate ConsumableShares is disabled, so CONSUMABLE_SHARES has"
        yield context.no_effect(
            context.setting_path("draEnv", "CONSUMABLE_SHARES"), context.setting_path(GATES), message
        )


class _Gates:
    """The feature gates in the blueprint, and those that this version of the driver knows."""

    def __init__(self, context: CheckContext, component: Component, declared: Mapping[str, bool]) -> None:
        self.context = context
        self.declared = declared
        self.version = component.images["dra-driver"].tag or ""
        self.all = load_gates(component.dra_folder)
        self.known = self.all.known_to(self.version)
        self.open = self.all.open(declared, self.version)

    def one(self, name: str) -> Iterator[Diagnostic]:
        """Check one feature gate."""
        gate, at = self.known.get(name), self.context.setting_path(GATES, name)
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
        message = f"the DRA driver {self.version} has no feature gate {name}"
        help_ = (
            f"the driver has it from {later.since} on"
            if later
            else f"known feature gates: {', '.join(sorted(self.known))}"
        )
        found = self.context.unknown_setting(at, message, self.known)
        return replace(found, code=dra.GATE_UNKNOWN, help=help_)

    def _conflicts(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        """Report each conflict once: at the later gate, or at the one that disables what the other needs."""
        if name in self.open:
            yield from self._exclusions(name, gate, at)
            yield from self._requirements(name, gate, at)
        else:
            yield from self._needed_by_others(name, at)

    def _exclusions(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        names = list(self.declared)
        earlier = self.open.intersection(names[: names.index(name)])
        for other in (*gate.excludes, *gate.discouraged):
            if other in earlier:
                hard = other in gate.excludes
                message = f"{name} and {other} {'are mutually exclusive' if hard else 'must not be used together'}"
                notes = (self.context.note(self.context.setting_path(GATES, other), f"{other} is enabled here"),)
                code, help_ = dra.GATES_CONFLICT, "enable only one of them"
                found = self.context.diagnostic_at_key(at, code, message, notes=notes, help_=help_)
                yield found if hard else replace(found, override=Severity.WARNING)

    def _requirements(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        for other in gate.requires:
            if other not in self.open and other not in self.declared:
                message = f"{name} needs {other}, which is disabled"
                yield self.context.diagnostic_at_key(
                    at, dra.GATES_CONFLICT, message, help_=f"set {other}: true as well"
                )

    def _needed_by_others(self, name: str, at: Path) -> Iterator[Diagnostic]:
        for other, needy in self.known.items():
            if name in needy.requires and other in self.open:
                message = f"{other} needs {name}, which is disabled here"
                yield self.context.diagnostic_at_key(
                    at, dra.GATES_CONFLICT, message, help_=f"set {other}: false as well"
                )

    def _cluster(self, name: str, needed: ClusterGate, at: Path) -> Iterator[Diagnostic]:
        platform = self.context.platform
        if needed.open_in(platform.cluster.kubernetes_minor):
            return
        version, distribution = platform.cluster.kubernetes, platform.cluster.distribution
        managed = platform.cluster.distribution_facts.managed_control_plane
        message = (
            f"{name} needs the Kubernetes feature gate {needed.gate}, which Kubernetes {version} disables by default"
        )
        message += f", and it cannot be enabled on {distribution}" if managed else ""
        notes = (self.context.note(("spec", "cluster", "kubernetes"), "Kubernetes set here"),)
        help_ = (
            f"enable the Kubernetes feature gate, or upgrade to {needed.open_from}, which enables it by default"
            if needed.open_from
            else "enable the Kubernetes feature gate; no version enables it by default yet"
        )
        found = self.context.diagnostic_at_key(at, dra.GATE_NEEDS_CLUSTER, message, notes=notes, help_=help_)
        yield found if managed else replace(found, override=Severity.WARNING)

    def _useless(self, name: str, gate: Gate, at: Path) -> Iterator[Diagnostic]:
        if gate.part == "computeDomains" and not self.context.platform.dra.compute_domains:
            message = f"compute domains are disabled, so {name} has no effect"
            help_ = "declare nvlinkDomain in a pool, or set computeDomains: always"
            yield self.context.diagnostic_at_key(at, dra.GATE_USELESS, message, help_=help_)
        env = self.context.platform.setting("draEnv") or {}
        if gate.variable and gate.variable not in env:
            message = f"{name} has no effect without the variable {gate.variable}"
            yield self.context.diagnostic_at_key(
                at, dra.GATE_USELESS, message, help_=f"set draEnv: {{{gate.variable}: memory}}"
            )

    def _cutting(self, name: str, at: Path) -> Iterator[Diagnostic]:
        """Conflicts with other components that partition GPUs, and GPUs that cannot be partitioned."""
        can: list[bool] = []
        for pool in self.context.gpu_pools:
            product = pool.gpu.catalogued
            if pool.partition.layout:
                notes = (self.context.note(at, f"{name} is enabled here"),)
                message = (
                    f"{name} partitions GPUs when they are claimed, but pool {pool.name} declares a fixed MIG layout"
                )
                path: Path = (*POOLS, pool.name, "gpu", "mig")
                yield self.context.diagnostic_at_key(
                    path, dra.DRA_TWO_CUTTERS, message, notes=notes, help_="remove one of the two"
                )
            if product:
                can.append(product.mig.supported.value or not product.mig.supported.certain)
        if can and not any(can):
            message = f"no GPU here can be partitioned, so {name} has no effect"
            yield self.context.diagnostic_at_key(at, dra.GATE_USELESS, message, help_="remove it")
