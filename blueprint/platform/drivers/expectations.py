"""What nodes must show of their driver: its version, the kernel modules, and the system that it is built for."""

from __future__ import annotations

from blueprint.platform.pool import GpuPool
from blueprint.probe.checks.driver_version import DriverVersion
from blueprint.probe.checks.operating_system import OperatingSystem


def driver_version(pool: GpuPool) -> DriverVersion | None:
    """The branch, and the exact version where it is known."""
    driver = pool.driver
    if driver.version:
        return DriverVersion(driver.branch or "", driver.version)
    return DriverVersion(driver.branch) if driver.branch else None


def no_nouveau(pool: GpuPool) -> bool | None:
    """Where the operator installs the driver, the kernel's own must keep away."""
    return pool.driver.enabled or None


def kernel_modules(pool: GpuPool) -> str | None:
    """The flavour that the pool declares; where it leaves it open, the one that dma-buf needs."""
    if (declared := pool.driver.kernel_modules) != "auto":
        return declared
    return "open" if pool.network is not None and pool.network.gpu_direct == "dmaBuf" else None


def operating_system(pool: GpuPool) -> OperatingSystem | None:
    """The system for which the operator has its driver image; nothing where the driver is the host's."""
    return OperatingSystem.parse(pool.platform.cluster.os) if pool.driver.enabled else None
