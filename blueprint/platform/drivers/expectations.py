"""Expectations about drivers: the version, the kernel modules, and the operating system."""

from __future__ import annotations

from typing import Any

from blueprint.platform.derivation import Derivation
from blueprint.platform.pool import GpuPool
from blueprint.probe.checks.driver_version import DriverVersion, driver_version
from blueprint.probe.checks.module_flavour import kernel_modules
from blueprint.probe.checks.nouveau import nouveau
from blueprint.probe.checks.operating_system import OperatingSystem, operating_system


def version(pool: GpuPool) -> DriverVersion | None:
    """The branch, and the exact version if known."""
    driver = pool.driver
    if driver.version:
        return DriverVersion(driver.branch or "", driver.version)
    return DriverVersion(driver.branch) if driver.branch else None


def nouveau_away(pool: GpuPool) -> bool | None:
    """If the operator installs the driver, the nouveau module must not be loaded."""
    return pool.driver.enabled or None


def modules(pool: GpuPool) -> str | None:
    """The declared kernel module type; if it is open, the type that dma-buf needs."""
    if (declared := pool.driver.kernel_modules) != "auto":
        return declared
    return "open" if pool.network is not None and pool.network.gpu_direct == "dmaBuf" else None


def system(pool: GpuPool) -> OperatingSystem | None:
    """The operating system for which the operator has a driver image; None if the host provides the driver."""
    return OperatingSystem.parse(pool.platform.cluster.os) if pool.driver.enabled else None


EXPECTATIONS: tuple[Derivation[Any], ...] = (
    Derivation(driver_version, version),
    Derivation(nouveau, nouveau_away),
    Derivation(kernel_modules, modules),
    Derivation(operating_system, system),
)
