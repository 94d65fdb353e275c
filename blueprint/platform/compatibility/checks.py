"""Checks of compatibility: the catalogue's rules, applied to the resolved platform.

Defaults are checked like values in the blueprint, and all contributing lines are recorded. Unknown values match no
rule: they cause neither an error nor a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.rules import CompatibilityRule
from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.compatibility import codes
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import record, recording
from blueprint.platform.tracking.sources import WRITTEN, Source, by_relevance, flatten
from blueprint.platform.tracking.tracked import read_fact


def check_compatibility(context: CheckContext) -> Iterator[Diagnostic]:
    """Report all incompatibilities, pool by pool."""
    for pool in context.platform.gpu_pools:
        for rule in context.platform.rules:
            yield from _forbidden(rule, pool)


def demands(rule: CompatibilityRule, pools: tuple[GpuPool, ...]) -> Iterator[str]:
    """The requirements of a rule, once, if it applies to any of the pools. The deciding lines are recorded."""
    for pool in pools:
        if rule.demands and _applies(rule, pool):
            record(Source("hardware", rule.span("demands"), "demands"))
            yield rule.demands
            return


def _applies(rule: CompatibilityRule, pool: GpuPool) -> bool:
    return all(condition.holds(_SUBJECTS[subject](pool)) for subject, condition in rule.when.items())


def _forbidden(rule: CompatibilityRule, pool: GpuPool) -> Iterator[Diagnostic]:
    if rule.forbids is None or rule.blames is None:
        return
    with recording() as seen:
        applies = _applies(rule, pool)
    if not applies:
        return
    with recording() as blamed:
        _SUBJECTS[rule.blames](pool)
    place, *_ = flatten(by_relevance(blamed))
    others = [s for s in flatten(by_relevance(seen)) if s.layer in WRITTEN and s != place]
    notes = [Note("together with this", source.span) for source in others]
    doubted = rule.severity == "warning" or rule.confidence == "unverified"
    yield Diagnostic(
        codes.INCOMPATIBLE,
        f"pool {pool.name}: {rule.forbids}",
        at=place.span,
        path=place.path,
        help=rule.help,
        notes=(*notes, Note(f"{rule.source} ({rule.confidence})", rule.span("forbids"))),
        override=Severity.WARNING if doubted else None,
    )


def _flag(*, value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _fact(pool: GpuPool, read: Callable[[Gpu], Fact[Any] | None]) -> str | None:
    """A fact about the pool's GPU; None if it is not certain."""
    fact = read(pool.gpu.facts)
    if fact is None or not fact.certain:
        return None
    value = read_fact(fact)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _in_compute_domains(pool: GpuPool) -> bool:
    """Whether the DRA driver includes the pool's nodes in compute domains."""
    return pool.topology.domain_nodes is not None and pool.platform.dra.joins(pool)


def _mig(pool: GpuPool) -> str:
    """`whole`, `partitioned`, or `mixed` if a node has both."""
    partitioned = {bool(group.instances) for group in pool.partition.groups}
    return "mixed" if len(partitioned) > 1 else "partitioned" if True in partitioned else "whole"


_SUBJECTS: dict[str, Callable[[GpuPool], str | None]] = {
    "arch": lambda pool: pool.hardware.arch,
    "computeDomains": lambda pool: _flag(value=_in_compute_domains(pool)),
    "distribution": lambda pool: pool.platform.cluster.distribution,
    "driverBranch": lambda pool: pool.driver.branch,
    "driverOwner": lambda pool: pool.driver.owner,
    "driverVersion": lambda pool: pool.driver.version,
    "fabricManager": lambda pool: _fact(pool, lambda gpu: gpu.fabric_manager),
    "gpuArchitecture": lambda pool: _fact(pool, lambda gpu: gpu.architecture),
    "stack": lambda pool: pool.stack,
    "kernelModules": lambda pool: pool.driver.kernel_modules,
    "kubernetes": lambda pool: pool.platform.cluster.kubernetes_minor,
    "mig": _mig,
    "nvlinkDomain": lambda pool: _flag(value=pool.topology.domain_nodes is not None),
    "os": lambda pool: pool.platform.cluster.os,
    "precompiled": lambda pool: _flag(value=pool.driver.precompiled),
    "product": lambda pool: pool.gpu.product,
    "toolkitOwner": lambda pool: pool.mode.toolkit,
    "topologyManager": lambda pool: pool.topology.kubelet.get("topologyManagerPolicy"),
}
