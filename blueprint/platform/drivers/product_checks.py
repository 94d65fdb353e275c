"""Checks of drivers against GPU products: branches, versions and kernel modules according to the catalogue.

Defaults are checked like values in the blueprint. A fact that is not verified causes a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from blueprint.catalog.facts import Fact
from blueprint.diagnostics import Code, Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.branches import knows, usable_branches
from blueprint.platform.paths import CLUSTER
from blueprint.platform.pool import GpuPool
from blueprint.platform.tracking.recorder import decided_by, recording
from blueprint.platform.tracking.sources import WRITTEN, Source, by_relevance, flatten
from blueprint.records import replace
from blueprint.versions import version_key
from blueprint.wording import joined


def check_drivers_of_products(context: CheckContext) -> Iterator[Diagnostic]:
    """Check all pools whose product is in the catalogue."""
    for pool in context.platform.gpu_pools:
        for check in _CHECKS if pool.driver.branch is not None else ():
            yield from check(context, pool)


def _too_new(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that no longer supports the product."""
    product, branch = pool.gpu.facts, pool.driver.branch or ""
    newest = product.maximum_driver
    if newest and int(branch) > int(newest.value) and not _no_branch(context, pool):
        message = f"driver branch {branch} no longer supports {product.product}; {newest.value} is the last that does"
        help_ = f"use branch {newest.value}"
        if not context.release.driver.has_image(newest.value, context.platform.cluster.os):
            help_ += f" on another operating system: it has no image for {context.platform.cluster.os}"
        yield _because_of(newest, _at_driver(pool, codes.DRIVER_TOO_NEW, message, help_))


def _version_too_old(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A version of the first supporting branch that precedes the first supporting version; older branches are checked
    as branches.
    """
    product, version = pool.gpu.facts, pool.driver.version
    oldest = product.minimum_driver
    if oldest and version and _before_within_branch(version, oldest.value):
        message = f"driver {version} does not support {product.product}; it needs {oldest.value} or newer"
        help_ = "use a newer version of the branch, or a newer branch"
        yield _because_of(oldest, _at_driver(pool, codes.DRIVER_TOO_OLD, message, help_))


def _before_within_branch(version: str, oldest: str) -> bool:
    mine, theirs = version_key(version), version_key(oldest)
    return mine[0] == theirs[0] and mine < theirs


def _doubted(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that is probably older than the product."""
    product, branch = pool.gpu.facts, pool.driver.branch or ""
    oldest = product.minimum_driver
    if oldest and not oldest.certain and int(branch) < version_key(oldest.value)[0]:
        message = (
            f"driver branch {branch} does not support {product.product}, which is documented to need {oldest.value}"
        )
        help_ = "check the driver's release notes"
        yield _because_of(oldest, _at_driver(pool, codes.DRIVER_DOUBTED, message, help_))


def _other_default(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A default branch that is not the release's."""
    usual, branch = context.release.driver.default_branch.value, pool.driver.branch
    if pool.driver.enabled and not _is_declared(pool) and branch != usual:
        lacking_image = f"has no image for {context.platform.cluster.os}"
        why = lacking_image if knows(pool.gpu.facts, usual) else "does not support its GPU"
        message = f"pool {pool.name} gets driver branch {branch}: {usual}, the release's default, {why}"
        yield _at_driver(pool, codes.DRIVER_CHOSEN, message, f'set driver: {{branch: "{branch}"}} to keep it')


def _no_driver_fits(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A product that no driver of the release supports, or none with an image for the system."""
    if not _no_branch(context, pool):
        return
    release, product, system = context.release, pool.gpu.facts, context.platform.cluster.os
    without = [name for name in release.driver.branches if not release.driver.has_image(name, system)]
    if known := [name for name in without if knows(product, name)]:
        message = (
            f"no driver of release {release.release} fits {product.product} on {system}:"
            f" branch {joined(sorted(known), 'or')} has no image for this system"
        )
        help_ = "use another operating system, or set owner: {driver: host}"
        notes: tuple[Note, ...] = (context.note((*CLUSTER, "os"), "operating system set here"),)
    else:
        message = f"no driver of release {release.release} supports {product.product}"
        help_, notes = "set owner: {driver: host}, or use another release", ()
    found = _at_driver(pool, codes.NO_DRIVER_FITS, message, help_)
    yield replace(found, notes=(*found.notes, *notes))


def _no_branch(context: CheckContext, pool: GpuPool) -> bool:
    """Whether the operator should choose a branch, and none is suitable."""
    chosen = pool.driver.enabled and not _is_declared(pool)
    return (
        chosen
        and not usable_branches(pool.gpu.facts, context.release, context.platform.cluster.os)
        and (pool.driver.branch == context.release.driver.default_branch.value)
    )


def _doubted_modules(_: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Kernel modules that the product probably does not support."""
    product, wanted = pool.gpu.facts, pool.driver.kernel_modules
    modules = product.kernel_modules
    if wanted != "auto" and wanted not in modules.value and not modules.certain:
        message = f"{product.product} is documented not to support {wanted} kernel modules"
        lines = _lines(lambda: pool.driver.kernel_modules)
        yield _because_of(
            modules,
            _at(lines, pool, codes.MODULES_DOUBTED, message, "use kernelModules: auto, which selects a suitable kind"),
        )


def _driver_lines(pool: GpuPool) -> tuple[Source, ...]:
    return _lines(lambda: (pool.driver.branch, pool.driver.version))


def _lines(read: Callable[[], object]) -> tuple[Source, ...]:
    """The sources that determine the value read, the most relevant first."""
    with recording() as sources:
        decided_by(read())
    return flatten(by_relevance(sources))


def _is_declared(pool: GpuPool) -> bool:
    """Whether the blueprint itself determines the driver's branch."""
    return pool.driver.written.version is not None or any(
        source.layer in WRITTEN and ".driver." in source.path for source in _driver_lines(pool)
    )


def _at_driver(pool: GpuPool, code: Code, message: str, help_: str) -> Diagnostic:
    return _at(_driver_lines(pool), pool, code, message, help_)


def _at(lines: tuple[Source, ...], pool: GpuPool, code: Code, message: str, help_: str) -> Diagnostic:
    """A diagnostic at the first line that a user wrote, otherwise at the GPU's."""
    product = _lines(lambda: pool.gpu.product)
    written = [source for source in (*lines, *product) if source.layer in WRITTEN]
    overruling = set(pool.driver.written.sources)
    ours = (s for s in written if ".driver." in s.path or "." not in s.path or s in overruling)
    place = next(ours, product[0])
    notes = tuple(Note("product set here", s.span) for s in product if s.layer in WRITTEN and s != place)
    return Diagnostic(code, message, at=place.span, path=place.path, help=help_, notes=notes)


def _because_of(fact: Fact[Any], found: Diagnostic) -> Diagnostic:
    """The diagnostic with the underlying fact; an uncertain fact causes no error."""
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
