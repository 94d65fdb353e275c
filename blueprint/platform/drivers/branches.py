"""Selects the default driver branch of a pool."""

from __future__ import annotations

from blueprint.catalog.hardware import Gpu
from blueprint.catalog.releases import Release
from blueprint.platform.tracking.tracked import read_fact
from blueprint.versions import version_key


def usable_branches(gpu: Gpu | None, release: Release, system: str) -> list[str]:
    """The release's driver branches that are maintained, support the GPU and have an image, oldest first."""
    month = release.release.replace(".", "-")
    maintained = [name for name, branch in release.driver.branches.items() if branch.supported_until >= month]
    return [name for name in sorted(maintained) if knows(gpu, name) and release.driver.has_image(name, system)]


def default_branch(gpu: Gpu | None, release: Release, system: str) -> str:
    """The default driver branch of a pool: the release's, or the newest usable one if that is not suitable.

    Records the lines that determine it. If no branch is suitable, the release's default is returned anyway, which is an
    error (BP3163).
    """
    usual = read_fact(release.driver.default_branch, "release")
    if knows(gpu, usual) and release.driver.has_image(usual, system):
        return usual
    for limit in (gpu.maximum_driver, gpu.minimum_driver) if gpu else ():
        if limit is not None and limit.certain:
            read_fact(limit)
    if release.driver.unpublished is not None:
        read_fact(release.driver.unpublished, "release")
    return next(reversed(usable_branches(gpu, release, system)), usual)


def knows(gpu: Gpu | None, branch: str) -> bool:
    """Whether a branch supports the GPU, as far as this is certain."""
    return gpu is None or not (_too_new(gpu, branch) or _too_old(gpu, branch))


def _too_new(gpu: Gpu, branch: str) -> bool:
    limit = gpu.maximum_driver
    return bool(limit and limit.certain and int(branch) > int(limit.value))


def _too_old(gpu: Gpu, branch: str) -> bool:
    limit = gpu.minimum_driver
    return bool(limit and limit.certain and int(branch) < version_key(limit.value)[0])
