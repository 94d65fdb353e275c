"""Checks of drivers: each pool's against the release and its GPUs, then all of them together."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueprint.catalog.hardware import Gpu
from blueprint.diagnostics import Code, Diagnostic, Note, known_names
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers import codes
from blueprint.platform.drivers.model import NEVER
from blueprint.platform.paths import CLUSTER, POOLS
from blueprint.platform.pool import GpuPool
from blueprint.source.paths import Path
from blueprint.versions import version_key


def check_drivers(context: CheckContext) -> Iterator[Diagnostic]:
    """Check drivers independently of the release."""
    for pool in context.gpu_pools:
        yield from _kernel_modules(context, pool)
        yield from _fields_of_the_operator(context, pool)
    yield from _one_driver(context)


def check_drivers_in_release(context: CheckContext) -> Iterator[Diagnostic]:
    """Check branches and versions of drivers against those in the release."""
    for pool in context.gpu_pools:
        unknown = [*_unknown_branch(context, pool)]
        yield from unknown
        for check in _IN_RELEASE if not unknown else _PRECOMPILED:
            yield from check(context, pool)


def _diagnostic(
    context: CheckContext,
    pool: GpuPool,
    key: str,
    code: Code,
    message: str,
    *,
    help_: str | None = None,
    fix: str | None = None,
    notes: tuple[Note, ...] = (),
) -> Diagnostic:
    """A diagnostic at the line that determines a field of the driver: in the pool, or in what overrides it."""
    written = pool.driver.written
    deciding = {"kernelModules": written.kernel_modules, "precompiled": written.precompiled}.get(key, written.version)
    if deciding:
        at = deciding.source
        return Diagnostic(code, message, at=at.span, path=at.path, help=help_, notes=notes)
    path: Path = (*POOLS, pool.name, "driver", key)
    return context.diagnostic_at(path, code, message, help_=help_, fix=fix, notes=notes)


def _product(pool: GpuPool) -> Gpu | None:
    return pool.gpu.catalogued


def _kernel_modules(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Kernel modules that the product does not support."""
    product, wanted = _product(pool), pool.driver.declared.kernel_modules
    modules = product.kernel_modules if product else None
    if product and modules and wanted != "auto" and modules.certain and wanted not in modules.value:
        message = f"{product.product} does not support {wanted} kernel modules"
        help_ = f"it supports {', '.join(modules.value)}; auto selects a suitable kind"
        notes, code = (context.product_note(pool.name),), codes.KERNEL_MODULES_UNSUPPORTED
        yield _diagnostic(context, pool, "kernelModules", code, message, help_=help_, fix="auto", notes=notes)


def _fields_of_the_operator(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Fields that apply only to a driver installed by the operator."""
    at: Path = (*POOLS, pool.name, "driver")
    for key in ("kernelModules", "precompiled") if pool.driver.owner != "operator" else ():
        if context.root.get((*at, key)) and not context.is_inherited((*at, key)):
            message = f"the driver of pool {pool.name} is the {pool.driver.owner}'s, so {key} has"
            yield context.no_effect((*at, key), (*POOLS, pool.name, "owner", "driver"), message)


def _unknown_branch(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch for which the release has no driver."""
    declared, branches = pool.driver.declared, context.release.driver.branches
    path, what = (*POOLS, pool.name, "driver", "branch"), "driver branch"
    where = f" in release {context.release.release}"
    if pool.driver.written.version:
        branch = None if pool.driver.image else pool.driver.branch
        if branch and pool.driver.enabled and branch not in branches:
            message, help_ = f"there is no {what} {branch}{where}", known_names(branch, branches)
            yield _diagnostic(context, pool, "branch", codes.DRIVER_BRANCH_UNKNOWN, message, help_=help_)
    elif declared.branch and not declared.version and pool.driver.enabled and declared.branch not in branches:
        yield context.unknown_name(path, codes.DRIVER_BRANCH_UNKNOWN, what, branches, where)


def _other_branch(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A version that does not belong to the branch."""
    declared = pool.driver.declared
    if declared.version and declared.branch and declared.version.partition(".")[0] != declared.branch:
        message = f"driver {declared.version} does not belong to branch {declared.branch}"
        notes = (context.note((*POOLS, pool.name, "driver", "branch"), "branch set here"),)
        path, help_ = (*POOLS, pool.name, "driver", "version"), "remove one of them"
        yield context.diagnostic_at(path, codes.DRIVER_OTHER_BRANCH, message, help_=help_, notes=notes)


def _untested(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A version that was not tested with the release."""
    declared, release = pool.driver.declared, context.release
    version = declared.version
    if version is None or not pool.driver.enabled or pool.driver.precompiled or pool.driver.image:
        return
    tested = {branch.version for branch in release.driver.branches.values()}
    if version not in tested and declared.branch in (None, version.partition(".")[0]):
        message = f"driver {version} is not among the drivers of release {release.release}"
        help_ = f"drivers of this release: {', '.join(sorted(tested))}"
        yield _diagnostic(context, pool, "version", codes.DRIVER_UNTESTED, message, help_=help_)


def _too_old(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that is older than the product."""
    product, branch = _product(pool), pool.driver.branch
    oldest = product.minimum_driver if product else None
    if product and branch and oldest and oldest.certain and int(branch) < version_key(oldest.value)[0]:
        message = f"driver branch {branch} does not support {product.product}; it needs {oldest.value} or newer"
        notes = (context.product_note(pool.name),)
        help_ = f"branches of this release: {', '.join(sorted(context.release.driver.branches))}"
        key = _branch_key(pool)
        yield _diagnostic(context, pool, key, codes.DRIVER_TOO_OLD, message, help_=help_, notes=notes)


def _end_of_life(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A declared branch that is no longer maintained."""
    declared, branch, release = pool.driver.declared, pool.driver.branch, context.release
    known = release.driver.branches.get(branch or "") if declared.branch or declared.version else None
    if known and known.supported_until < release.release.replace(".", "-"):
        message = f"driver branch {branch} has not been maintained since {known.supported_until}"
        yield _diagnostic(context, pool, _branch_key(pool), codes.RELEASE_OLD_DRIVER, message)


def _branch_key(pool: GpuPool) -> str:
    """The key that declares the branch of a pool: the version, if only that is set."""
    declared = pool.driver.declared
    return "version" if declared.version and not declared.branch else "branch"


def _precompiled_version(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A precompiled driver with an exact version."""
    if pool.driver.enabled and pool.driver.precompiled and pool.driver.declared.version:
        message = f"a precompiled driver has no exact version: pool {pool.name} gets the one for its kernel"
        notes = (context.note((*POOLS, pool.name, "driver", "precompiled"), "because of this"),)
        code, help_ = codes.PRECOMPILED_UNSUPPORTED, "use branch instead"
        yield _diagnostic(context, pool, "version", code, message, help_=help_, notes=notes)


def _precompiled_branch(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A branch that is not precompiled for the kernels of the nodes."""
    system, built = context.platform.cluster.os, context.release.driver.precompiled.value
    wanted = pool.driver.enabled and pool.driver.precompiled and not pool.driver.declared.version
    if wanted and pool.driver.branch not in built.get(system, ()):
        message = f"NVIDIA publishes no precompiled driver of branch {pool.driver.branch} for {system}"
        known = "; ".join(f"{system}: {', '.join(branches)}" for system, branches in built.items())
        notes = (
            context.note(("spec", "cluster", "os"), "operating system set here"),
            context.note((*POOLS, pool.name, "driver", "branch"), "branch set here"),
        )
        code, help_ = codes.PRECOMPILED_UNSUPPORTED, f"precompiled branches: {known}"
        yield _diagnostic(context, pool, "precompiled", code, message, help_=help_, notes=notes)


def _no_image(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """A declared branch without a driver image for the nodes' system."""
    declared, drivers, branch, system = (
        pool.driver.declared,
        context.release.driver,
        pool.driver.branch,
        context.platform.cluster.os,
    )
    written = (declared.branch or declared.version) and pool.driver.enabled and not pool.driver.precompiled
    if written and not pool.driver.image and branch and not drivers.has_image(branch, system):
        message = f"NVIDIA publishes no driver image of branch {branch} for {system}"
        there = sorted(name for name in drivers.branches if drivers.has_image(name, system))
        notes = [context.note((*CLUSTER, "os"), "operating system set here")]
        if missing := drivers.unpublished:
            notes.append(Note(f"{missing.source} ({missing.confidence})", missing.span))
        help_ = f"use a branch with an image ({', '.join(there)}), another operating system, or owner: {{driver: host}}"
        key, code = _branch_key(pool), codes.IMAGE_UNPUBLISHED
        yield _diagnostic(context, pool, key, code, message, help_=help_, notes=tuple(notes))


def _one_driver(context: CheckContext) -> Iterator[Diagnostic]:
    """Different drivers although only the ClusterPolicy installs them."""
    if context.platform.setting("driverObjects") != NEVER:
        return
    pools = [pool for pool in context.gpu_pools if pool.driver.enabled and not pool.mode_conflict]
    for first, pool in zip(pools[:1] * len(pools), pools, strict=True):
        if difference := _difference(first, pool):
            key, theirs, mine = difference
            message = (
                f"one driver must fit all pools, but driver.{key} is {mine} in {pool.name} and {theirs} in {first.name}"
            )
            notes = (
                context.note((*POOLS, first.name, "driver", key), f"pool {first.name}"),
                context.note(context.setting_path("driverObjects"), "the pools share one driver because of this"),
            )
            path, help_ = (
                (*POOLS, pool.name, "driver", key),
                "set the same driver in all pools, or remove driverObjects",
            )
            yield context.diagnostic_at(path, codes.DRIVERS_DIFFER, message, notes=notes, help_=help_)


def _difference(first: GpuPool, other: GpuPool) -> tuple[str, object, object] | None:
    """The first field in which two drivers differ, and its two values. Additional modules are covered by BP3322."""

    def fields(pool: GpuPool) -> dict[str, object]:
        """The fields in which two pools with one driver object must agree, by the key of the blueprint."""
        driver = pool.driver
        return {
            "branch": driver.branch,
            "kernelModules": pool.driver.declared.kernel_modules,
            "precompiled": driver.precompiled,
            "version": driver.version,
        }

    pairs = zip(fields(first).items(), fields(other).values(), strict=True)
    return next(((key, theirs, mine) for (key, theirs), mine in pairs if theirs != mine), None)


_Check = Callable[[CheckContext, GpuPool], Iterator[Diagnostic]]
_PRECOMPILED: tuple[_Check, ...] = (_precompiled_version, _precompiled_branch)
_IN_RELEASE: tuple[_Check, ...] = (_other_branch, _untested, _too_old, _end_of_life, _no_image, *_PRECOMPILED)
