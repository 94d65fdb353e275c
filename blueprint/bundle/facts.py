"""Facts of a bundle besides objects, pools and expectations, with the lines that decided them, so that `trace` can
answer for any line of a blueprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from blueprint.bundle.images import PulledImage
from blueprint.bundle.model import BundleFact, Source
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.delivery.model import delivery_in_words
from blueprint.platform.model import Platform
from blueprint.platform.partitioning.layout import MigGroup
from blueprint.platform.pool import GpuPool
from blueprint.platform.prerequisites import Prerequisite
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import by_relevance
from blueprint.source.layers import Layered


def facts_of(
    platform: Platform, layered: Layered, images: Iterable[PulledImage], needs: Iterable[Prerequisite]
) -> tuple[BundleFact, ...]:
    """Identity and cluster, components and drivers, prerequisites, images, and the overlays that contributed."""
    found = [_noted(read) for read in _readings(platform)]
    found += [BundleFact(f"the prerequisite of {need.scope}: {need.what}", need.noted) for need in needs]
    found += [BundleFact(f"the image {image.ref}", image.sources) for image in images]
    for reference in layered.references:
        source = Source(reference.layer, reference.at, reference.path)
        found.append(BundleFact(f"that {reference.name} is extended", (source,)))
    return tuple(fact for fact in found if fact.noted)


def _noted(read: Callable[[], str]) -> BundleFact:
    with recording() as sources:
        what = read()
    return BundleFact(what, by_relevance(sources))


def _readings(platform: Platform) -> Iterator[Callable[[], str]]:
    yield lambda: f"the name {platform.name}"
    yield lambda: f"the version {platform.version}"
    yield lambda: f"the owners {', '.join(platform.owners) or 'none'}"
    yield lambda: f"the release {platform.release_name}"
    yield lambda: f"the API that objects are checked against: Kubernetes {platform.cluster.kubernetes}"
    yield lambda: f"the distribution {platform.cluster.distribution}"
    yield lambda: f"the operating system {platform.cluster.os}"
    yield lambda: f"the cluster that apply accepts: {platform.cluster.uid or 'any'}"
    yield lambda: f"the mirrors of {', '.join(platform.cluster.mirrors) or 'no registry'}"
    yield lambda: f"the pull secrets {', '.join(platform.cluster.pull_secrets) or 'none'}"
    yield lambda: f"the GPU stack {', '.join(platform.stacks)}"
    yield lambda: f"who labels nodes: {platform.node_labels}"
    if platform.delivery:
        yield lambda: f"the delivery {delivery_in_words(platform.delivery)}"
    for name, component in platform.components.items():
        yield partial(_ownership, name, component)
    for pool in platform.gpu_pools:
        yield partial(_driver, pool)
        for group in pool.partition.groups:
            yield partial(_mig_group, pool, group)


def _ownership(name: str, component: PlatformComponent) -> str:
    return f"the ownership of {name}: {component.ownership}"


def _mig_group(pool: GpuPool, group: MigGroup) -> str:
    """The placements of a group's instances, which prove that they fit."""
    return f"the GPUs of pool {pool.name}: {pool.partition.describe(group)}"


def _driver(pool: GpuPool) -> str:
    driver = pool.driver
    return f"the driver of pool {pool.name}: {driver.owner}, {driver.version or driver.branch}, {driver.kernel_modules}"
