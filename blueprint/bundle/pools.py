"""Node pools of a bundle: values of the platform, each with the lines that decided it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from blueprint.bundle.model import BundlePool, SourcesByKey
from blueprint.platform.pool import LABELS, GpuPool, Pool
from blueprint.platform.tracking.recorder import recording
from blueprint.platform.tracking.sources import Sources, by_relevance, flatten

if TYPE_CHECKING:
    from blueprint.platform.dra.published import Publication

T = TypeVar("T")


class _SourcedReads:
    """Reads values, and records for each key the lines that they came from."""

    def __init__(self) -> None:
        self.sources: dict[str, Sources] = {}

    def __call__(self, key: str, read: Callable[[], T]) -> T:
        with recording() as sources:
            value = read()
        self.sources[key] = by_relevance(sources)
        return value


def bundle_pool(pool: Pool) -> BundlePool:
    """The pool, with the sources of each value."""
    read = _SourcedReads()
    gpu = read("gpu", lambda: (pool.gpu.product, pool.gpu.count) if pool.gpu else None)
    machine = read("machine", lambda: pool.hardware.machine)
    topology = read("topology", lambda: pool.topology.labels)
    least, most = read("nodes", lambda: (pool.nodes_min, pool.nodes_max))
    selector = read("selector", lambda: pool.selector)
    resources = read("resources", lambda: pool.partition.resources if pool.gpu and isinstance(pool, GpuPool) else {})
    published = read("slices", lambda: _published(pool))
    labels = {key: read(f"labels.{key}", partial(label, pool)) for key, label in LABELS.items()}
    taints = read("taints", lambda: pool.taints)
    for taint in taints:
        all_of_them = read.sources["taints"]
        ends = (f'["{taint.key}"]', f".{taint.key}")
        own = tuple(source for source in flatten(all_of_them) if source.path.endswith(ends))
        read.sources[f"taints.{taint.key}:{taint.effect}"] = own or all_of_them
    product, count = gpu or (None, 0)
    provisioned = pool.provisioning is not None
    return BundlePool(
        name=pool.name, selector=selector, nodes_min=least, nodes_max=most,
        labels={key: value for key, value in labels.items() if value is not None}, taints=taints,
        machine=machine, topology=topology, gpu_product=product, gpu_count=count, resources=resources,
        slices={pool.name: published} if published else {},
        sources=SourcesByKey(read.sources), provisioned=provisioned,
    )  # fmt: skip


def _published(pool: Pool) -> tuple[Publication, ...]:
    """The devices that DRA drivers publish for its nodes. The DRA topic is imported only if pods claim GPUs."""
    if not pool.gpu or not pool.platform.dra.version:
        return ()
    from blueprint.platform.dra.prediction import published_by

    return published_by(pool)
