"""Prerequisites from the catalogue's compatibility rules."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.compatibility.checks import demands
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.tracked import read_fact


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The rules' prerequisites for the cluster as a whole; each one records its own sources."""
    for rule in platform.rules:
        if rule.scope == "cluster":
            yield demands(rule, platform.gpu_pools)


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The rules' prerequisites for a GPU pool; each one records its own sources."""
    if isinstance(pool, GpuPool) and not pool.passes_gpus:
        yield _oldest_driver(pool)
        for rule in platform.rules:
            if rule.scope == "pool":
                yield demands(rule, (pool,))


def _oldest_driver(pool: GpuPool) -> Iterator[str]:
    """The minimum driver version of the GPU, if the blueprint declares only a branch, or nothing."""
    oldest = pool.gpu.facts.minimum_driver
    if oldest and oldest.certain and "." in oldest.value and not pool.driver.version and not pool.driver.enabled:
        yield f"The driver of the nodes is {read_fact(oldest)} or newer, as {pool.gpu.product} requires."
