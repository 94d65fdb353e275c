"""The GPUs of a pool's nodes, resolved."""

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
        """What the catalogue knows about the product; None for a product that it does not have."""
        return self._catalog.gpu(self.product)

    @tracked_property
    def facts(self) -> Product:
        """What the catalogue knows of the product, or the blueprint's own file."""
        if (named_at := self._catalog.named_at(self.product)) is not None:
            record(self._platform.origins.source(named_at))
        product = self.catalogued
        if product is None:
            raise LookupError(f"{self.product} is not in the catalogue: resolve() was to refuse it")
        return product

    @tracked_property
    def subsystems(self) -> dict[str, str]:
        """Where other products have its PCI device id: whose each `25B6:10DE:157E` is, as far as is known."""
        own = read_fact(self.facts.pci_device_ids)
        if self.facts.device_ids:
            return {}
        devices = {each[:_WITH_DEVICE] for each in own}
        products = (self._catalog.gpu(name) for name in self._catalog.products)
        ids = {each: p.product for p in products if p for each in p.pci_device_ids.value if len(each) > _WITH_DEVICE}
        ids |= {each: self.product for each in own if len(each) > _WITH_DEVICE}
        found = {each: product for each, product in sorted(ids.items()) if each[:_WITH_DEVICE] in devices}
        return {each.removeprefix("10de:").upper(): product for each, product in found.items()}
