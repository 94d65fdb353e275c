"""Resolved drivers: those of each pool, and what the GPU Operator installs for all of them.

A common driver for all pools is a field of the ClusterPolicy, as upstream does it. A GPUCluster has no such field, so
one NVIDIADriver object is used for all pools instead. If pools differ, each pool whose driver the operator owns gets
its own object, named after the pool. A new branch then changes the object, and the operator replaces drivers node by
node, instead of one object being deleted and another one created.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from blueprint.platform.drivers.branches import default_branch
from blueprint.platform.drivers.written import NOTHING_WRITTEN, WrittenDriver, branch_of, exact_version
from blueprint.platform.tracking.recorder import decided_by, tracked_property
from blueprint.platform.tracking.tracked import read_fact
from blueprint.platform.views import GpuPoolView, NetworkView, PlatformView, PoolView
from blueprint.records import Record
from blueprint.spec.driver import PoolDriver as PoolDriverSpec

POOL_LABEL = "gpublueprint.dev/pool"
NEVER, ALWAYS = "never", "always"
DRA = "dra"
"""Pods claim GPUs, and the DRA driver allocates them; otherwise pods request a number of them, and the device plugin
does.
"""


class DriverPlatform(PlatformView, Protocol):
    """The platform with the drivers of its pools."""

    @property
    def gpu_pools(self) -> Sequence[DriverGpuPool]:
        """The pools whose nodes have GPUs."""

    @property
    def written_drivers(self) -> Mapping[str, WrittenDriver]:
        """Driver settings that users wrote into rendered objects, by pool."""

    def driver_version(self, branch: str) -> str | None:
        """The exact version of a branch in the release."""

    def driver_digest(self, branch: str) -> str | None:
        """The digest with which an operator's bundle pins the driver of a branch."""

    def first_with(self, part: str) -> PoolView | None:
        """The first pool on whose nodes the operator installs a part."""


class DriverPool(PoolView, Protocol):
    """A pool with its driver and its fabric."""

    @property
    def driver(self) -> PoolDriver:
        """The driver of its nodes."""

    @property
    def network(self) -> NetworkView | None:
        """The fabric that connects its nodes."""

    @property
    def platform(self) -> DriverPlatform:
        """The platform that the pool is part of."""


class DriverGpuPool(DriverPool, GpuPoolView, Protocol):
    """The view of a pool with GPUs that the driver topic needs."""


class DeclaredDriver(Record):
    """The declared driver of a pool, before defaults are applied."""

    branch: str | None
    version: str | None
    kernel_modules: str


class PoolDriver:
    """The driver of a pool: the exact version if the operator installs it, otherwise what the blueprint declares."""

    def __init__(self, spec: PoolDriverSpec, pool: DriverPool, platform: DriverPlatform) -> None:
        self._spec = spec
        self._pool = pool
        self._platform = platform
        self.written = platform.written_drivers.get(pool.name, NOTHING_WRITTEN)

    @tracked_property
    def owner(self) -> str:
        """`operator`, `host` or `provider`."""
        return self._pool.mode.driver

    @tracked_property
    def enabled(self) -> bool:
        """Whether the operator installs it."""
        if self._pool.passes_gpus:
            return False
        if self.written.enabled:
            return self.written.enabled.read()
        return self.owner == "operator"

    @tracked_property
    def declared(self) -> DeclaredDriver:
        """The declared driver; users' settings in rendered objects take precedence over the blueprint's."""
        spec, written = self._spec, self.written
        modules = written.kernel_modules.value if written.kernel_modules else spec.kernel_modules
        if written.version:
            branch, exact = branch_of(written.version.value), exact_version(written.version.value)
            return DeclaredDriver(None if exact else branch, exact, modules)
        return DeclaredDriver(spec.branch, spec.version, modules)

    @tracked_property
    def branch(self) -> str | None:
        """The branch; None if it is determined elsewhere and not declared."""
        if written := self.written.version:
            return branch_of(written.read())
        if branch := self._spec.branch:
            return branch
        if version := self._spec.version:
            return version.partition(".")[0]
        if not self.enabled:
            return None
        gpu, platform = self._pool.gpu, self._platform
        return default_branch(gpu.facts if gpu and gpu.catalogued else None, platform.release, platform.cluster.os)

    @tracked_property
    def version(self) -> str | None:
        """The exact version: the declared one, or, if the operator installs the driver, that of its branch in this
        release.

        A precompiled driver has none: the newest one that was built for a node's kernel is used.
        """
        if self.precompiled:
            return None
        if written := self.written.version:
            return exact_version(written.read())
        if declared := self._spec.version:
            return declared
        if not self.enabled:
            return None
        decided_by(self._platform.release_name)  # before the branch, which has more effects
        return self._platform.driver_version(self.branch or "")

    @tracked_property
    def precompiled(self) -> bool:
        """Whether precompiled kernel modules for the nodes' kernel are used."""
        if self.written.precompiled:
            return self.written.precompiled.read()
        return self._spec.precompiled

    @tracked_property
    def image(self) -> str | None:
        """The repository and name of an image other than NVIDIA's public one; None for the public one."""
        return self.written.image.read() if self.written.image else None

    @tracked_property
    def vgpu(self) -> bool:
        """Whether it is a guest driver for virtual GPUs."""
        return self.written.vgpu.read() if self.written.vgpu else False

    @tracked_property
    def operator_driver_version(self) -> str:
        """The version in the operator's format: for a precompiled driver only the branch, with OLM a digest."""
        if self.written.version:
            return self.written.version.read()
        if self._platform.cluster.uses_olm:
            return self._platform.driver_digest(self.branch or "") or ""
        return (self.branch if self.precompiled else self.version) or ""

    @tracked_property
    def kernel_modules(self) -> str:
        """`auto`, `open` or `proprietary`; with nvidia-fs, `auto` is not supported and becomes `open`."""
        if self.written.kernel_modules:
            return self.written.kernel_modules.read()
        declared: str = self._spec.kernel_modules
        return "open" if declared == "auto" and self.gds else declared

    @tracked_property
    def peermem(self) -> bool:
        """Whether nvidia-peermem is loaded in addition."""
        return self._pool.network.peermem if self._pool.network else False

    @tracked_property
    def host_ofed(self) -> bool:
        """Whether nvidia-peermem is built against the OFED of the node image."""
        return self._pool.network.host_ofed if self._pool.network else False

    @tracked_property
    def gds(self) -> bool:
        """Whether nvidia-fs is loaded in addition."""
        return self._pool.network.gds if self._pool.network else False

    @tracked_property
    def gdrcopy(self) -> bool:
        """Whether gdrdrv is loaded in addition."""
        return self._pool.network.gdrcopy if self._pool.network else False

    def same(self) -> tuple[str | bool, ...]:
        """A key that is equal for drivers that one ClusterPolicy can install together."""
        beside = (self.peermem, self.host_ofed, self.gds, self.gdrcopy)
        return self.operator_driver_version, self.kernel_modules, self.precompiled, *beside


class DriverObject:
    """The single NVIDIADriver object for all pools, if there is no ClusterPolicy that could specify the driver."""

    name = "default"
    selector = None
    default = True

    def __init__(self, driver: PoolDriver) -> None:
        self.driver = driver


class PoolDriverObject:
    """The NVIDIADriver object of one pool."""

    default = False

    def __init__(self, pool: DriverGpuPool) -> None:
        self.driver = pool.driver
        self._pool = pool

    @tracked_property
    def name(self) -> str:
        """The pool's name."""
        return self._pool.own_label

    @tracked_property
    def selector(self) -> dict[str, str]:
        """The only label that no two pools share."""
        return {POOL_LABEL: self._pool.own_label}


class OperatorDriver:
    """The driver that the operator installs on the pools that declare no other driver."""

    def __init__(self, platform: DriverPlatform) -> None:
        self._platform = platform

    @tracked_property
    def _owned(self) -> list[PoolDriver]:
        return [pool.driver for pool in self._platform.gpu_pools if pool.driver.enabled]

    @tracked_property
    def enabled(self) -> bool:
        """Whether any pool leaves its driver to the operator."""
        return bool(self._owned)

    @tracked_property
    def per_pool(self) -> bool:
        """Whether each pool has an NVIDIADriver object."""
        when = self._platform.setting("driverObjects")
        if when in (ALWAYS, NEVER):
            return self.enabled and when == ALWAYS
        return len(self._owned) > 1 and len({driver.same() for driver in self._owned}) > 1

    @tracked_property
    def objects(self) -> list[PoolDriverObject] | list[DriverObject]:
        """The NVIDIADriver objects: one per pool, or, without a ClusterPolicy, the one for all of them."""
        if self._shared and self._platform.dra.publishes_gpus:
            return [DriverObject(self._shared)]
        if not self.per_pool:
            return []
        return [PoolDriverObject(pool) for pool in self._platform.gpu_pools if pool.driver.enabled]

    @tracked_property
    def _shared(self) -> PoolDriver | None:
        return self._owned[0] if self._owned and not self.per_pool else None

    @tracked_property
    def version(self) -> str:
        """The version in the ClusterPolicy; the release's default if the operator installs no driver."""
        if self._shared:
            return self._shared.operator_driver_version
        usual = read_fact(self._platform.release.driver.default_branch, "release")
        by_branch = self._platform.driver_digest if self._platform.cluster.uses_olm else self._platform.driver_version
        return by_branch(usual) or ""

    @tracked_property
    def kernel_modules(self) -> str:
        """The ClusterPolicy's value for kernel modules."""
        return self._shared.kernel_modules if self._shared else "auto"

    @tracked_property
    def precompiled(self) -> bool:
        """The ClusterPolicy's value for precompiled drivers."""
        return self._shared.precompiled if self._shared else False

    @tracked_property
    def peermem(self) -> bool:
        """The ClusterPolicy's value for nvidia-peermem."""
        return self._shared.peermem if self._shared else False

    @tracked_property
    def host_ofed(self) -> bool:
        """The ClusterPolicy's value for OFED in the node image."""
        return self._shared.host_ofed if self._shared else False

    @tracked_property
    def gds(self) -> bool:
        """Whether nvidia-fs is loaded on any node: the device plugin then passes its device files to pods."""
        return any(driver.gds for driver in self._owned)

    @tracked_property
    def gdrcopy(self) -> bool:
        """Whether gdrdrv is loaded on any node: the device plugin then passes its device file to pods."""
        return any(driver.gdrcopy for driver in self._owned)

    @tracked_property
    def tags(self) -> list[str]:
        """All tags of the driver image that nodes will pull, without the name of the operating system.

        Those of precompiled drivers contain the node's kernel version, which is unknown here.
        """
        return sorted({driver.operator_driver_version for driver in self._owned if not driver.precompiled})


def deploy(pool: DriverPool, part: str) -> str | None:
    """`false` if the operator runs `part` on other pools' nodes, but must not run it on these; otherwise None.

    `part` is `driver`, `toolkit` or `device_plugin`, as in a Mode.
    """
    ours = pool.gpu and not pool.passes_gpus and getattr(pool.mode, part) != "operator" and pool.runs_operands
    elsewhere = pool.platform.first_with(part) if ours else None
    return "false" if elsewhere and elsewhere.gpu and getattr(elsewhere.mode, part) == "operator" else None


def runs(platform: DriverPlatform, part: str) -> bool:
    """Whether this platform provides `part` (as in a Mode) on the nodes of any pool."""
    return any(getattr(pool.mode, part) == "operator" for pool in platform.gpu_pools)
