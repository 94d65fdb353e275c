"""A node pool, resolved. Every property records the lines it was decided by (see `tracking`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.distribution import Mode
from blueprint.catalog.hardware import Gpu as Product
from blueprint.platform.drivers.model import POOL_LABEL, PoolDriver, deploy, mode_of_pool
from blueprint.platform.network.model import PoolNetwork
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.partitioning.model import Partition
from blueprint.platform.topology.model import Place
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain, read_fact
from blueprint.spec.pools import NodePool
from blueprint.spec.pools import PoolGpu as PoolGpuSpec

if TYPE_CHECKING:
    from blueprint.platform.model import Platform


WORKLOAD_LABEL = "nvidia.com/gpu.workload.config"
"""What a node runs, said to the GPU Operator; in a blueprint the selector of its pool says it."""
CONTAINER, PASSTHROUGH = "container", "vm-passthrough"
"""The values of that label that the platform knows."""


_WITH_DEVICE = len("10de:25b6")


class PoolGpu:
    """The GPUs of each node of a pool."""

    def __init__(self, spec: PoolGpuSpec, platform: Platform, catalog: Catalog) -> None:
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

    @tracked_property
    def facts(self) -> Product:
        """What the catalogue knows of the product, or the blueprint's own file."""
        if (named_at := self._catalog.named_at(self.product)) is not None:
            record(self._platform.origins.source(named_at))
        product = self._catalog.gpu(self.product)
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


class Pool:
    """One node pool, resolved."""

    def __init__(self, name: str, spec: NodePool, platform: Platform, catalog: Catalog) -> None:
        self.name = name
        self._spec = spec
        self._platform = platform
        self._catalog = catalog

    @tracked_property
    def nodes_min(self) -> int:
        """Fewest nodes."""
        return self._spec.nodes.min

    @tracked_property
    def nodes_max(self) -> int:
        """Most nodes."""
        return self._spec.nodes.max

    @tracked_property
    def selector(self) -> dict[str, str]:
        """Labels by which the nodes are known."""
        return dict(plain(self._spec.selector))

    @tracked_property
    def taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes, by key."""
        texts = sorted(plain(self._spec.taints).items())
        return tuple(Taint(key, *text.split(":")) for key, text in texts)

    def taint_source(self, taint: Taint) -> Source:
        """The line that gives the nodes this taint."""
        return self._platform.origins.source(("spec", "nodePools", self.name, "taints", taint.key))

    @tracked_property
    def runs_machines(self) -> bool:
        """Whether its nodes run virtual machines, which get their GPUs."""
        return self._platform.runs_machines and self.selector.get(WORKLOAD_LABEL) == PASSTHROUGH

    @tracked_property
    def _gpu(self) -> PoolGpu | None:
        return PoolGpu(self._spec.gpu, self._platform, self._catalog) if self._spec.gpu is not None else None

    @property
    def gpu(self) -> PoolGpu | None:
        """The GPUs of each node, or None."""
        return self._gpu

    @tracked_property
    def driver(self) -> PoolDriver:
        """The driver of its nodes."""
        return PoolDriver(self._spec.driver, self, self._platform)

    @tracked_property
    def network(self) -> PoolNetwork | None:
        """The fabric that joins its nodes; None without one, or where nobody says which."""
        spec = self._spec.network
        return PoolNetwork(self, spec, self._spec.driver, self._platform) if spec and spec.fabric else None

    @tracked_property
    def place(self) -> Place:
        """What its nodes are made of and where they stand."""
        return Place(self, self._spec, self._platform)

    @tracked_property
    def expect_ecc(self) -> bool | None:
        """Whether ECC must be on; None if nothing is declared."""
        return self._spec.expect.ecc

    @tracked_property
    def expect_persistence_mode(self) -> bool | None:
        """Whether persistence mode must be on; None if nothing is declared."""
        return self._spec.expect.persistence_mode

    @tracked_property
    def cost_per_gpu_hour(self) -> float | None:
        """What one GPU costs in an hour; None if nobody said."""
        return self._spec.cost_per_gpu_hour

    @tracked_property
    def own_label(self) -> str:
        """Value of the label that says which pool a node belongs to: the pool's name."""
        record(self._platform.origins.source(("spec", "nodePools", self.name)))
        return self.name

    @tracked_property
    def mode(self) -> Mode:
        """Who brings driver, toolkit and device plugin."""
        owner = self._spec.owner
        return mode_of_pool(self, self._spec.driver.owner, owner.toolkit, owner.device_plugin)

    @property
    def platform(self) -> Platform:
        """The platform that the pool is part of."""
        return self._platform

    @tracked_property
    def runs_operands(self) -> bool:
        """Whether a GPU Operator looks at labels of these nodes."""
        return self._platform.gpu_stack != "standalone"

    @tracked_property
    def deploy_driver(self) -> str | None:
        """`false` where the operator installs drivers, but must leave these nodes alone; otherwise None."""
        return deploy(self, "driver")

    @tracked_property
    def deploy_toolkit(self) -> str | None:
        """`false` where the operator installs toolkits, but must leave these nodes alone; otherwise None."""
        return deploy(self, "toolkit")

    @tracked_property
    def deploy_device_plugin(self) -> str | None:
        """`false` where the operator runs device plugins, but another one advertises these GPUs; otherwise None."""
        return deploy(self, "device_plugin")

    @property
    def labels(self) -> dict[str, str]:
        """Labels that the nodes carry besides the selector's."""
        return {key: value for key, read in LABELS.items() if (value := read(self)) is not None}


class GpuPool(Pool):
    """A node pool whose nodes have GPUs."""

    @property
    def gpu(self) -> PoolGpu:
        """The GPUs of each node."""
        gpu = self._gpu
        if gpu is None:
            raise TypeError(f"pool {self.name} has no GPUs")
        return gpu

    @tracked_property
    def partition(self) -> Partition:
        """How its GPUs are cut and shared."""
        return Partition(self, self._spec.gpu, self._platform)


def _partition(pool: Pool) -> Partition | None:
    return pool.partition if pool.gpu and isinstance(pool, GpuPool) else None


LABELS: dict[str, Callable[[Pool], str | None]] = {
    POOL_LABEL: lambda pool: pool.own_label,
    "gpublueprint.dev/gpu-product": lambda pool: pool.gpu.product if pool.gpu else None,
    "nvidia.com/gpu.deploy.driver": lambda pool: pool.deploy_driver,
    "nvidia.com/gpu.deploy.container-toolkit": lambda pool: pool.deploy_toolkit,
    "nvidia.com/gpu.deploy.device-plugin": lambda pool: pool.deploy_device_plugin,
    "nvidia.com/mig.config": lambda pool: found.mig_config_name if (found := _partition(pool)) else None,
    "nvidia.com/device-plugin.config": lambda pool: found.plugin_config_name if (found := _partition(pool)) else None,
}
"""The labels that pools may put on nodes, each with how its value is read; None leaves it out."""
