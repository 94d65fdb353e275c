"""The resolved GPUs of a pool's nodes."""

from __future__ import annotations

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.hardware import Gpu as Product
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.tracking.tracked import read_fact
from blueprint.platform.views import PlatformView
from blueprint.spec.pools import PoolGpu as PoolGpuSpec

_WITH_DEVICE = len("10de:25b6")


class PoolGpu:
    """The GPUs of each node of a pool."""

    def __init__(self, spec: PoolGpuSpec, platform: PlatformView, catalog: Catalog) -> None:
        self._spec = spec
        self._platform = platform
        self._catalog = catalog

    @tracked_property
    def product(self) -> str:
        """Name in the catalogue."""
        return self._spec.product

    @tracked_property
    def count(self) -> int:
        """GPUs per node."""
        return self._spec.count

    @property
    def catalogued(self) -> Product | None:
        """The catalogue's facts about the product; None for a product that is not in it."""
        return self._catalog.gpu(self.product)

    @tracked_property
    def facts(self) -> Product:
        """The facts about the product, from the catalogue or from the blueprint's own file."""
        if (named_at := self._catalog.named_at(self.product)) is not None:
            record(self._platform.origins.source(named_at))
        product = self.catalogued
        if product is None:
            raise LookupError(f"{self.product} is not in the catalogue: resolve() was to refuse it")
        return product

    @tracked_property
    def subsystems(self) -> dict[str, str]:
        """If other products share its PCI device ID: the product of each known subsystem, such as `25B6:10DE:157E`."""
        own = read_fact(self.facts.pci_device_ids)
        if self.facts.device_ids:
            return {}
        devices = {each[:_WITH_DEVICE] for each in own}
        products = (self._catalog.gpu(name) for name in self._catalog.products)
        ids = {each: p.product for p in products if p for each in p.pci_device_ids.value if len(each) > _WITH_DEVICE}
        ids |= {each: self.product for each in own if len(each) > _WITH_DEVICE}
        found = {each: product for each, product in sorted(ids.items()) if each[:_WITH_DEVICE] in devices}
        return {each.removeprefix("10de:").upper(): product for each, product in found.items()}
