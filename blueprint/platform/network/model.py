"""The fabric of each pool: who provides its driver, what pods request, and how GPUs reach the network adapters."""

from __future__ import annotations

from typing import Any

from blueprint.catalog.distribution import Distribution
from blueprint.platform.tracking.recorder import decided_by, tracked_property
from blueprint.platform.tracking.tracked import read_fact
from blueprint.platform.views import PlatformView, PoolView

OPERATOR, HOST, PROVIDER = "networkOperator", "host", "provider"
RDMA = ("infiniband", "roce")
"""Fabrics whose adapters NVIDIA's Network Operator supports."""
PROBED_FABRICS = ("infiniband", "roce", "efa")
"""Fabrics whose adapters a node probe can identify."""
SHARED_PREFIX = "rdma"
"""The RDMA shared device plugin allocates resources with this prefix; all others are allocated per adapter."""
EFA_RESOURCE = "vpc.amazonaws.com/efa"
CARD_VENDOR = "15b3"
"""The PCI vendor of NVIDIA's (Mellanox's) network adapters."""
_LINKS = {"infiniband": "infiniband", "roce": "ether"}
_OLD_KERNELS = ("rhel-8.", "rocky-8.")
"""Systems whose kernel is older than 5.12, the first one whose dma-buf supports GPU memory."""


def owners(fabric: str, distribution: Distribution) -> tuple[str, ...]:
    """The possible providers of the driver for a fabric's adapters, the usual one first."""
    if fabric in ("tcpx", "tcpxo") or fabric in distribution.fabrics:
        return (PROVIDER,)
    return (HOST, PROVIDER) if fabric == "efa" else (OPERATOR, HOST, PROVIDER)


def resource_of(fabric: str, owner: str) -> str | None:
    """The default resource that pods request; None if the cloud determines it and it is unknown."""
    if fabric == "efa":
        return EFA_RESOURCE
    if owner == PROVIDER:
        return None
    return f"{SHARED_PREFIX}/{'ib' if fabric == 'infiniband' else 'roce'}"


def owner_of(network: Any, distribution: Distribution) -> str:
    """The provider of the adapters' driver, from the `network` of a pool as written, with a fabric."""
    owner: str = network.driver or owners(network.fabric, distribution)[0]
    return owner


class PoolNetwork:
    """The network of a pool."""

    def __init__(self, pool: PoolView, spec: Any, driver: Any, platform: PlatformView) -> None:
        self._pool = pool
        self._spec = spec
        self._driver = driver
        self._platform = platform

    @tracked_property
    def fabric(self) -> str:
        """`infiniband`, `roce`, `efa`, `tcpx` or `tcpxo`; resolve() rejects pools without a known fabric."""
        return str(self._spec.fabric)

    @tracked_property
    def owner(self) -> str:
        """The provider of the adapters' driver."""
        return self._spec.driver or owners(self.fabric, self._platform.cluster.distribution_facts)[0]

    @tracked_property
    def resource(self) -> str | None:
        """The resource that pods request; None if the cloud determines it."""
        return self._spec.resource or resource_of(self.fabric, self.owner)

    @tracked_property
    def nics(self) -> int | None:
        """The number of adapters in each node; None if unknown."""
        nics: int | None = self._spec.nics
        return nics

    @tracked_property
    def gdrcopy(self) -> bool:
        """Whether gdrdrv is loaded."""
        return bool(self._spec.gdrcopy)

    @tracked_property
    def gds(self) -> bool:
        """Whether nvidia-fs is loaded."""
        return bool(self._spec.gds)

    @tracked_property
    def declared_gpu_direct(self) -> str | None:
        """`dmaBuf` or `peermem` as declared in the blueprint, whether or not it is possible."""
        return str(self._spec.gpu_direct) if self._spec.gpu_direct else None

    @tracked_property
    def gpu_direct(self) -> str | None:
        """`dmaBuf` or `peermem`; None without GPUs, and if the fabric uses its own method."""
        if self._pool.gpu is None or self.fabric not in RDMA or self.owner == PROVIDER:
            return None
        if self.declared_gpu_direct:
            return self.declared_gpu_direct
        return "dmaBuf" if self._open_by_blueprint and not self.old_kernel else "peermem"

    @tracked_property
    def open_modules(self) -> bool:
        """Whether the pool's GPUs use the open kernel modules."""
        written = self._pool.driver.written.kernel_modules
        if written and written.value != "auto":
            return written.read() != "proprietary"
        return self._open_by_blueprint

    @tracked_property
    def _open_by_blueprint(self) -> bool:
        """Whether the open kernel modules are used, as declared, or as selected by `auto`: this determines the access
        to GPU memory.
        """
        product = self._pool.gpu.facts if self._pool.gpu and self._pool.gpu.catalogued else None
        if product is None or self._driver.kernel_modules != "auto":
            return bool(self._driver.kernel_modules != "proprietary")
        modules = read_fact(product.kernel_modules)
        decided_by(self._driver.kernel_modules)  # so that the pool's line is recorded last
        return "open" in modules

    @tracked_property
    def old_kernel(self) -> bool:
        """Whether the nodes' kernel is too old for dma-buf with GPU memory."""
        return self._platform.cluster.os.startswith(_OLD_KERNELS)

    @tracked_property
    def component(self) -> str | None:
        """The component that advertises the adapters; None if the cloud does."""
        return None if self.owner == PROVIDER else self._platform.advertiser_of(self.fabric)

    @tracked_property
    def peermem(self) -> bool:
        """Whether the GPU Operator builds and loads nvidia-peermem."""
        return self.gpu_direct == "peermem" and self._pool.driver.enabled

    @tracked_property
    def host_ofed(self) -> bool:
        """Whether nvidia-peermem is built against the OFED of the node image instead of waiting for that of a pod."""
        return self.peermem and self.owner != OPERATOR

    @tracked_property
    def by_network_operator(self) -> bool:
        """Whether the Network Operator advertises the adapters."""
        return self.fabric in RDMA and self.owner != PROVIDER

    @tracked_property
    def by_efa_plugin(self) -> bool:
        """Whether our EFA device plugin advertises the interfaces."""
        return self.fabric == "efa" and self.owner != PROVIDER

    @tracked_property
    def shared(self) -> bool:
        """Whether pods share the adapters, instead of each having their own."""
        return (self.resource or "").startswith(f"{SHARED_PREFIX}/")

    @tracked_property
    def link(self) -> str:
        """The link type of the fabric's adapters in device plugin configurations."""
        return _LINKS[self.fabric]

    def same(self) -> tuple[Any, ...]:
        """A key that is equal for networks that one NicClusterPolicy can configure together."""
        return self.owner, self.resource, self.fabric
