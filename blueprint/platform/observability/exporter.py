"""The exporter of GPU metrics: the operator's, that of its DRA stack, or the standalone one."""

from __future__ import annotations

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component, ExporterFacts
from blueprint.catalog.distribution import WITH_DEVICE_PLUGIN, WITHOUT_OPERATOR
from blueprint.catalog.hardware import Architecture, Gpu
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.views import ComponentView, PlatformView, PoolView

NVLINK_5 = 5
_BEFORE_NVLINK_5: frozenset[Architecture] = frozenset({"Pascal", "Volta", "Turing", "Ampere", "Ada Lovelace", "Hopper"})


def may_have_nvlink5(gpu: Gpu | None) -> bool:
    """Whether a product may report NVLink errors in the fields for NVLink 5; True if unknown."""
    if gpu is None:
        return True
    link = gpu.nvlink
    if link and link.generation:
        return link.generation.value >= NVLINK_5
    if link and link.links and not link.links.value:
        return False
    return gpu.architecture.value not in _BEFORE_NVLINK_5


class Exporter:
    """The exporter of this platform's stack, as a scrape target."""

    def __init__(self, platform: PlatformView, catalog: Catalog) -> None:
        self._platform = platform
        self._catalog = catalog

    @tracked_property
    def alone(self) -> bool:
        """Whether it runs without the operator."""
        return self._platform.stack in WITHOUT_OPERATOR

    @tracked_property
    def claimed(self) -> bool:
        """Whether pods claim GPUs of any pool."""
        return self._platform.dra.publishes_gpus

    @tracked_property
    def by_number(self) -> bool:
        """Whether pods request GPUs by number. Otherwise nothing counts requests, and no operator reports its state."""
        return any(stack in WITH_DEVICE_PLUGIN for stack in self._platform.stacks)

    @property
    def _known(self) -> tuple[Component, ExporterFacts]:
        return self._catalog.exporter_of(self._platform.stack)

    @property
    def name(self) -> str:
        """The name of the component that installs it, even if it is absent."""
        return self._known[0].name

    @property
    def facts(self) -> ExporterFacts:
        """The catalogue's facts about this component's exporter."""
        return self._known[1]

    @property
    def component(self) -> ComponentView | None:
        """The component that installs it; None if another platform does."""
        return self._platform.components.get(self.name)

    @tracked_property
    def namespace(self) -> str:
        """The namespace of the exporter, and of the operator, if there is one."""
        found = self.component
        return found.namespace if found is not None else self.name

    @tracked_property
    def selector(self) -> dict[str, str]:
        """Labels of its Service."""
        return dict(self.facts.service[self._platform.stack])

    @tracked_property
    def port(self) -> str:
        """The name of its Service's port."""
        return self.facts.port

    @tracked_property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the pods that make GPUs usable."""
        parts = [part for part in self._platform.components.values() if part.component.monitored]
        return tuple(sorted({part.namespace for part in parts} | {self.namespace}))

    @tracked_property
    def counts_nvlink5(self) -> bool:
        """Whether a pool may have GPUs with NVLink 5."""
        return any(self.counts_nvlink5_of(pool) for pool in self._platform.gpu_pools)

    def counts_nvlink5_of(self, pool: PoolView | None) -> bool:
        """Whether the GPUs of this pool may have NVLink 5."""
        return pool is not None and pool.gpu is not None and may_have_nvlink5(pool.gpu.facts)
