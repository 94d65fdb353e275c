"""What goes together: driver and GPU by the catalogue's facts, everything else by its rules.

Asked of the resolved platform, so that a default is judged like a value that somebody wrote, and every line that took
part is known. What is not known fits no rule: it gives neither an error nor a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.catalog.rules import Rule
from blueprint.diagnostics import Code, Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.compatibility import codes
from blueprint.platform.drivers import codes as driver_codes
from blueprint.platform.drivers.branches import usable_branches
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import record, recording
from blueprint.platform.tracking.sources import WRITTEN, Source, Sources, by_relevance, flatten
from blueprint.platform.tracking.tracked import read_fact
from blueprint.versions import version_key


def check_compatibility(context: CheckContext) -> Iterator[Diagnostic]:
    """Everything that does not go together, pool by pool."""
    for pool in context.platform.gpu_pools:
        yield from _driver(pool, context.release)
        for rule in context.platform.rules:
            yield from _forbidden(rule, pool)


def demands(rule: Rule, pools: tuple[GpuPool, ...]) -> Iterator[str]:
    """What a rule demands, once, if it applies to any of the pools. The lines that decide are recorded."""
    for pool in pools:
        if rule.demands and _applies(rule, pool):
            record(Source("hardware", rule.span("demands"), "demands"))
            yield rule.demands
            return


def _driver(pool: GpuPool, release: Release) -> Iterator[Diagnostic]:
    gpu = pool.gpu.facts
    with recording() as seen:
        branch, version = pool.driver.branch, pool.driver.version
    if branch is None:
        return
    driver = _Told(pool, tuple(seen), gpu)
    newest, oldest = gpu.maximum_driver, gpu.minimum_driver
    if newest and int(branch) > int(newest.value):
        message = f"driver branch {branch} no longer knows {gpu.product}; {newest.value} is the last that does"
        yield driver.about(newest, driver_codes.DRIVER_TOO_NEW, message, f"branch: {newest.value}")
    if oldest and version and _before(version, oldest.value):
        message = f"driver {version} does not know {gpu.product}; it needs {oldest.value} or newer"
        yield driver.about(
            oldest, driver_codes.DRIVER_TOO_OLD, message, "a newer version of the branch, or a newer branch"
        )
    elif oldest and not oldest.certain and int(branch) < version_key(oldest.value)[0]:
        message = f"driver branch {branch} does not know {gpu.product}, which is said to need {oldest.value}"
        yield driver.about(oldest, driver_codes.DRIVER_DOUBTED, message, "check the driver's release notes")
    yield from _chosen(pool, release, driver)
    yield from _modules(pool, driver)


def _before(version: str, oldest: str) -> bool:
    """Whether an exact version is of the same branch as `oldest`, and older. Older branches are told as branches."""
    mine, theirs = version_key(version), version_key(oldest)
    return mine[0] == theirs[0] and mine < theirs


def _chosen(pool: GpuPool, release: Release, driver: _Told) -> Iterator[Diagnostic]:
    """Why another branch than the release's default was taken, or that there is none to take."""
    usual, branch = release.driver.default_branch.value, pool.driver.branch or ""
    said = any(source.layer in WRITTEN and ".driver." in source.path for source in driver.sources)
    if said or not pool.driver.enabled:
        return
    if branch != usual:
        message = f"pool {pool.name} gets driver branch {branch}: {usual}, the release's default, does not know its GPU"
        yield driver.at(driver_codes.DRIVER_CHOSEN, message, f'say driver: {{branch: "{branch}"}} to keep it')
    elif driver.gpu and not usable_branches(driver.gpu, release):
        message = f"no driver of release {release.release} knows {driver.gpu.product}"
        yield driver.at(driver_codes.NO_DRIVER_FITS, message, "driver: {owner: host}, or another release")


def _modules(pool: GpuPool, driver: _Told) -> Iterator[Diagnostic]:
    modules = driver.gpu.kernel_modules
    with recording() as seen:
        said = pool.driver.kernel_modules
    if said != "auto" and said not in modules.value and not modules.certain:
        message = f"{driver.gpu.product} is said not to run with {said} kernel modules"
        told = _Told(pool, tuple(seen), driver.gpu)
        yield told.about(modules, driver_codes.MODULES_DOUBTED, message, "kernelModules: auto chooses")


class _Told:
    """What is told about a value of a pool: at the line that decided it, with the GPU's line and the catalogue's."""

    def __init__(self, pool: GpuPool, sources: Sources, gpu: Gpu) -> None:
        self.sources = flatten(by_relevance(sources))
        self.gpu = gpu
        with recording() as seen:
            _ = pool.gpu.product
        self._product = flatten(by_relevance(seen))

    def at(self, code: Code, message: str, help_: str, *notes: Note) -> Diagnostic:
        """A diagnostic at the first written line, else at the GPU's."""
        written = [source for source in (*self.sources, *self._product) if source.layer in WRITTEN]
        place = next((s for s in written if ".driver." in s.path or "." not in s.path), self._product[0])
        beside = [Note("product set here", s.span) for s in self._product if s.layer in WRITTEN and s != place]
        return Diagnostic(code, message, at=place.span, path=place.path, help=help_, notes=(*beside, *notes))

    def about(self, fact: Fact[Any], code: Code, message: str, help_: str) -> Diagnostic:
        """The same because of a fact; one that is not certain gives no error."""
        told = self.at(code, message, help_, Note(f"{fact.source} ({fact.confidence})", fact.span))
        return told if fact.certain else replace(told, override=Severity.WARNING)


def _applies(rule: Rule, pool: GpuPool) -> bool:
    return all(condition.holds(_SUBJECTS[subject](pool)) for subject, condition in rule.when.items())


def _forbidden(rule: Rule, pool: GpuPool) -> Iterator[Diagnostic]:
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
    """A fact about the pool's GPU; None where nobody knows it for certain."""
    fact = read(pool.gpu.facts)
    if fact is None or not fact.certain:
        return None
    value = read_fact(fact)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mig(pool: GpuPool) -> str:
    """`whole`, `cut`, or `mixed` where a node has both."""
    cut = {bool(each.instances) for each in pool.partition.cuts}
    return "mixed" if len(cut) > 1 else "cut" if True in cut else "whole"


_SUBJECTS: dict[str, Callable[[GpuPool], str | None]] = {
    "arch": lambda pool: pool.place.arch,
    "distribution": lambda pool: pool.platform.distribution,
    "driverBranch": lambda pool: pool.driver.branch,
    "driverOwner": lambda pool: pool.driver.owner,
    "driverVersion": lambda pool: pool.driver.version,
    "fabricManager": lambda pool: _fact(pool, lambda gpu: gpu.fabric_manager),
    "gpuArchitecture": lambda pool: _fact(pool, lambda gpu: gpu.architecture),
    "gpuStack": lambda pool: pool.platform.gpu_stack,
    "kernelModules": lambda pool: pool.driver.kernel_modules,
    "kubernetes": lambda pool: pool.platform.kubernetes_minor,
    "mig": _mig,
    "nvlinkDomain": lambda pool: _flag(value=pool.place.domain_nodes is not None),
    "os": lambda pool: pool.platform.os,
    "precompiled": lambda pool: _flag(value=pool.driver.precompiled),
    "product": lambda pool: pool.gpu.product,
    "topologyManager": lambda pool: pool.place.kubelet.get("topologyManagerPolicy"),
}
