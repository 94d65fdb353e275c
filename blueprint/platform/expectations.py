"""The expectations for all nodes of a pool, topic by topic.

A fact that is neither declared nor known causes no expectation: the probe then reports this, instead of a pass. A
topic's expectations are in its `expectations` module.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.derivation import portable
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.topics import TOPICS
from blueprint.probe.checks.gpu_count import gpu_count
from blueprint.probe.expectations import Expectation
from blueprint.records import replace
from blueprint.source.paths import format_path


def expectations(platform: Platform) -> tuple[Expectation, ...]:
    """The expectations of all pools, by pool. Nodes for virtual machines without `kata` have none."""
    pools = (pool for pool in platform.pools if pool.kata is not None or not pool.runs_virtual_machines)
    return tuple(found for pool in pools for found in _of_pool(platform, pool))


def _of_pool(platform: Platform, pool: Pool) -> Iterator[Expectation]:
    containers = isinstance(pool, GpuPool) and not pool.passes_gpus
    if not containers and not pool.passes_gpus:
        yield _without_gpus(platform, pool)
    for derivation in (each for topic in TOPICS for each in topic.expectations):
        wanted = pool.kata is not None if derivation.machines else containers
        if wanted and (found := derivation.expectation(pool)):
            yield found


def _without_gpus(platform: Platform, pool: Pool) -> Expectation:
    """A pool that declares no GPUs must not have any. The finding points at its name."""
    path = ("spec", "nodePools", pool.name)
    named = replace(platform.origins.source(path), span=platform.origins.key(path), path=format_path(path))
    return gpu_count.expectation(pool.name, 0, [portable(named)])
