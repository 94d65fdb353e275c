"""Checks of drivers against GPU products: branches, versions and kernel modules by the catalogue's facts.

A default is judged like a value that is written in the blueprint. A fact that is not verified gives a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from blueprint.catalog.facts import Fact
from blueprint.diagnostics import Code, Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.branches import usable_branches
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import decided_by, recording
from blueprint.platform.tracking.sources import WRITTEN, Source, by_relevance, flatten
from blueprint.versions import version_key


def check_drivers_of_products(context: CheckContext) -> Iterator[Diagnostic]:
    """Every pool whose product the catalogue knows."""
    for pool in context.platform.gpu_pools:
        for check in _CHECKS if pool.driver.branch is not None else ():
            yield from check(context, pool)


def _too_new(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that has dropped the product."""
    product, branch = pool.gpu.facts, pool.driver.branch or ""
    newest = product.maximum_driver
    if newest and int(branch) > int(newest.value):
        message = f"driver branch {branch} no longer knows {product.product}; {newest.value} is the last that does"
        yield _because_of(newest, _at_driver(pool, codes.DRIVER_TOO_NEW, message, f"branch: {newest.value}"))


def _version_too_old(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A version of the branch that first had the product, and of before; older branches are checked as branches."""
    product, version = pool.gpu.facts, pool.driver.version
    oldest = product.minimum_driver
    if oldest and version and _before_within_branch(version, oldest.value):
        message = f"driver {version} does not know {product.product}; it needs {oldest.value} or newer"
        help_ = "a newer version of the branch, or a newer branch"
        yield _because_of(oldest, _at_driver(pool, codes.DRIVER_TOO_OLD, message, help_))


def _before_within_branch(version: str, oldest: str) -> bool:
    mine, theirs = version_key(version), version_key(oldest)
    return mine[0] == theirs[0] and mine < theirs


def _doubted(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that is probably older than the product."""
    product, branch = pool.gpu.facts, pool.driver.branch or ""
    oldest = product.minimum_driver
    if oldest and not oldest.certain and int(branch) < version_key(oldest.value)[0]:
        message = f"driver branch {branch} does not know {product.product}, which is said to need {oldest.value}"
        help_ = "check the driver's release notes"
        yield _because_of(oldest, _at_driver(pool, codes.DRIVER_DOUBTED, message, help_))


def _other_default(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A default branch that is not the release's."""
    usual, branch = context.release.driver.default_branch.value, pool.driver.branch
    if pool.driver.enabled and not _is_declared(pool) and branch != usual:
        message = f"pool {pool.name} gets driver branch {branch}: {usual}, the release's default, does not know its GPU"
        yield _at_driver(pool, codes.DRIVER_CHOSEN, message, f'say driver: {{branch: "{branch}"}} to keep it')


def _no_driver_fits(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A product that no driver of the release knows."""
    usual, release, product = context.release.driver.default_branch.value, context.release, pool.gpu.facts
    unfit = pool.driver.branch == usual and not usable_branches(product, release)
    if pool.driver.enabled and not _is_declared(pool) and unfit:
        message = f"no driver of release {release.release} knows {product.product}"
        yield _at_driver(pool, codes.NO_DRIVER_FITS, message, "driver: {owner: host}, or another release")


def _doubted_modules(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Kernel modules with which the product probably does not run."""
    product, wanted = pool.gpu.facts, pool.driver.kernel_modules
    modules = product.kernel_modules
    if wanted != "auto" and wanted not in modules.value and not modules.certain:
        message = f"{product.product} is said not to run with {wanted} kernel modules"
        lines = _lines(lambda: pool.driver.kernel_modules)
        yield _because_of(modules, _at(lines, pool, codes.MODULES_DOUBTED, message, "kernelModules: auto chooses"))


def _driver_lines(pool: GpuPool) -> tuple[Source, ...]:
    return _lines(lambda: (pool.driver.branch, pool.driver.version))


def _lines(read: Callable[[], object]) -> tuple[Source, ...]:
    """The lines that decide what is read, the most relevant first."""
    with recording() as sources:
        decided_by(read())
    return flatten(by_relevance(sources))


def _is_declared(pool: GpuPool) -> bool:
    """Whether the blueprint itself decides the driver's branch."""
    return pool.driver.written.version is not None or any(
        source.layer in WRITTEN and ".driver." in source.path for source in _driver_lines(pool)
    )


def _at_driver(pool: GpuPool, code: Code, message: str, help_: str) -> Diagnostic:
    return _at(_driver_lines(pool), pool, code, message, help_)


def _at(lines: tuple[Source, ...], pool: GpuPool, code: Code, message: str, help_: str) -> Diagnostic:
    """A diagnostic at the first written line, else at the GPU's."""
    product = _lines(lambda: pool.gpu.product)
    written = [source for source in (*lines, *product) if source.layer in WRITTEN]
    overruling = set(pool.driver.written.sources)
    ours = (s for s in written if ".driver." in s.path or "." not in s.path or s in overruling)
    place = next(ours, product[0])
    notes = tuple(Note("product set here", s.span) for s in product if s.layer in WRITTEN and s != place)
    return Diagnostic(code, message, at=place.span, path=place.path, help=help_, notes=notes)


def _because_of(fact: Fact[Any], found: Diagnostic) -> Diagnostic:
    """The diagnostic with the fact behind it; one that is not certain gives no error."""
    notes = (*found.notes, Note(f"{fact.source} ({fact.confidence})", fact.span))
    return replace(found, notes=notes, override=None if fact.certain else Severity.WARNING)


_CHECKS: tuple[Callable[[CheckContext, GpuPool], Iterator[Diagnostic]], ...] = (
    _too_new,
    _version_too_old,
    _doubted,
    _other_default,
    _no_driver_fits,
    _doubted_modules,
)
