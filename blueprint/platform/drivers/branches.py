"""Selects the default driver branch of a pool."""

from __future__ import annotations

from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.platform.tracking.tracked import read_fact
from blueprint.versions import version_key


def usable_branches(gpu: Gpu, release: Release) -> list[str]:
    """The release's driver branches that know the GPU and are maintained in its month, oldest first."""
    month = release.release.replace(".", "-")
    maintained = [name for name, branch in release.driver.branches.items() if branch.supported_until >= month]
    return [name for name in sorted(maintained) if not _too_old(gpu, name) and not _too_new(gpu, name)]


def default_branch(gpu: Gpu | None, release: Release) -> str:
    """The driver branch of a pool that names none: the release's, or the newest usable one where that is unfit.

    Records the lines that decide. Where no branch fits, it is the release's all the same, which is refused (BP3163).
    """
    usual = read_fact(release.driver.default_branch, "release")
    if gpu is None or not (_too_new(gpu, usual) or _too_old(gpu, usual)):
        return usual
    for limit in (gpu.maximum_driver, gpu.minimum_driver):
        if limit is not None and limit.certain:
            read_fact(limit)
    return next(reversed(usable_branches(gpu, release)), usual)


def _too_new(gpu: Gpu, branch: str) -> bool:
    limit = gpu.maximum_driver
    return bool(limit and limit.certain and int(branch) > int(limit.value))


def _too_old(gpu: Gpu, branch: str) -> bool:
    limit = gpu.minimum_driver
    return bool(limit and limit.certain and int(branch) < version_key(limit.value)[0])
