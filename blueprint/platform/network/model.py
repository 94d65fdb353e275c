"""The fabric of each pool: who brings its driver, what pods request, and how GPUs reach the network cards."""

from __future__ import annotations

from typing import Any

from blueprint.catalog.distribution import Distribution
from blueprint.platform.tracking.recorder import decided_by, tracked_property
from blueprint.platform.tracking.tracked import read_fact
from blueprint.platform.views import PlatformView, PoolView

OPERATOR, HOST, PROVIDER = "networkOperator", "host", "provider"
RDMA = ("infiniband", "roce")
"""Fabrics whose cards NVIDIA's Network Operator knows."""
PROBED_FABRICS = ("infiniband", "roce", "efa")
"""Fabrics whose cards a node probe can tell from others."""
SHARED_PREFIX = "rdma"
"""Resources with this prefix are handed out by the RDMA shared device plugin, all others card by card."""
EFA_RESOURCE = "vpc.amazonaws.com/efa"
CARD_VENDOR = "15b3"
"""PCI vendor of NVIDIA's (Mellanox's) network cards."""
_LINKS = {"infiniband": "infiniband", "roce": "ether"}
_OLD_KERNELS = ("rhel-8.", "rocky-8.")
"""Systems whose kernel is older than 5.12, from which on dma-buf carries GPU memory."""


def owners(fabric: str, distribution: Distribution) -> tuple[str, ...]:
    """Who may bring the driver of a fabric's cards there, the usual one first."""
    if fabric in ("tcpx", "tcpxo") or fabric in distribution.fabrics:
        return (PROVIDER,)
    return (HOST, PROVIDER) if fabric == "efa" else (OPERATOR, HOST, PROVIDER)


def resource_of(fabric: str, owner: str) -> str | None:
    """What pods request where the blueprint does not say; None where the cloud decides it and nobody knows."""
    if fabric == "efa":
        return EFA_RESOURCE
    if owner == PROVIDER:
        return None
    return f"{SHARED_PREFIX}/{'ib' if fabric == 'infiniband' else 'roce'}"


def owner_of(network: Any, distribution: Distribution) -> str:
    """Who brings the driver of the cards, of the `network` of a pool as it is written, with a fabric."""
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
        """`infiniband`, `roce`, `efa`, `tcpx` or `tcpxo`; resolve() refuses pools of which nobody says it."""
        return str(self._spec.fabric)

    @tracked_property
    def owner(self) -> str:
        """Who brings the driver of the cards."""
        return self._spec.driver or owners(self.fabric, self._platform.cluster.distribution_facts)[0]

    @tracked_property
    def resource(self) -> str | None:
        """What pods request; None where the cloud decides it."""
        return self._spec.resource or resource_of(self.fabric, self.owner)

    @tracked_property
    def nics(self) -> int | None:
        """Cards in each node; None if unknown."""
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
        """`dmaBuf` or `peermem` as the blueprint says it, whether or not it can be so."""
        return str(self._spec.gpu_direct) if self._spec.gpu_direct else None

    @tracked_property
    def gpu_direct(self) -> str | None:
        """`dmaBuf` or `peermem`; None without GPUs, and where the fabric has its own way."""
        if self._pool.gpu is None or self.fabric not in RDMA or self.owner == PROVIDER:
            return None
        if self.declared_gpu_direct:
            return self.declared_gpu_direct
        return "dmaBuf" if self._open_by_blueprint and not self.old_kernel else "peermem"

    @tracked_property
    def open_modules(self) -> bool:
        """Whether the open kernel modules drive the pool's GPUs."""
        written = self._pool.driver.written.kernel_modules
        if written and written.value != "auto":
            return written.read() != "proprietary"
        return self._open_by_blueprint

    @tracked_property
    def _open_by_blueprint(self) -> bool:
        """The same as the pool says, or as `auto` chooses: by this the way into GPU memory is chosen."""
        product = self._pool.gpu.facts if self._pool.gpu and self._pool.gpu.catalogued else None
        if product is None or self._driver.kernel_modules != "auto":
            return bool(self._driver.kernel_modules != "proprietary")
        modules = read_fact(product.kernel_modules)
        decided_by(self._driver.kernel_modules)  # so that the line of the pool stands last
        return "open" in modules

    @tracked_property
    def old_kernel(self) -> bool:
        """Whether the nodes' kernel is too old for dma-buf with GPU memory."""
        return self._platform.cluster.os.startswith(_OLD_KERNELS)

    @tracked_property
    def component(self) -> str | None:
        """The component that advertises the cards; None where the cloud does."""
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
        """Whether the Network Operator advertises the cards."""
        return self.fabric in RDMA and self.owner != PROVIDER

    @tracked_property
    def by_efa_plugin(self) -> bool:
        """Whether our EFA device plugin advertises the interfaces."""
        return self.fabric == "efa" and self.owner != PROVIDER

    @tracked_property
    def shared(self) -> bool:
        """Whether pods share the cards, instead of having some to themselves."""
        return (self.resource or "").startswith(f"{SHARED_PREFIX}/")

    @tracked_property
    def link(self) -> str:
        """What device plugins call the link of the fabric's cards."""
        return _LINKS[self.fabric]

    def same(self) -> tuple[Any, ...]:
        """Equal for networks that one NicClusterPolicy can set up together."""
        return self.owner, self.resource, self.fabric
