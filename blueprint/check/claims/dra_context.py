"""Which driver serves device claims on this platform, and which devices can be claimed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from blueprint.catalog.component_files.devices import Devices, load_devices
from blueprint.data import data_folder
from blueprint.records import Record

if TYPE_CHECKING:
    from blueprint.allocation.devices import NodeGroup


class PoolDevices(Record):
    """The GPUs of one pool, as far as the catalogue is certain.

    Attributes:
        pool: The pool's name.
        count: The number of GPUs per node.
        names: The names in NVML; None if unknown.
        architecture: The architecture in NVML; None if unknown.
        memory_mib: The memory that NVML reports; None if unknown.
        profiles: The MIG profiles that they support; None if unknown.
        cut: The MIG profiles of the layout; empty if the GPUs are not partitioned.
        switched: Whether NVSwitches connect them; None if unknown.
        unified_memory: Whether they have only the machine's memory, and publish no capacity of their own.
    """

    pool: str
    count: int
    names: tuple[str, ...] | None
    architecture: str | None
    memory_mib: int | None
    profiles: tuple[str, ...] | None
    cut: tuple[str, ...]
    switched: bool | None
    unified_memory: bool = False


class DraContext(Record, dict=True):
    """How claims are served.

    Attributes:
        driver: The version of the DRA driver, `0.5.0`; None if this platform has none.
        kubernetes: The declared minor version.
        open: The enabled feature gates of the driver.
        domains: Whether its compute-domain part runs.
        managed: Whether users cannot enable Kubernetes feature gates.
        products: The GPUs of the pools.
        gpus: Whether its GPU part runs.
        nodes: Returns the nodes with the devices that drivers will publish; called only if something is claimed.
    """

    driver: str | None
    kubernetes: str
    open: frozenset[str]
    domains: bool
    managed: bool
    products: tuple[PoolDevices, ...]
    gpus: bool = True
    nodes: Callable[[], tuple[NodeGroup, ...]] = tuple

    @cached_property
    def devices(self) -> Devices:
        """The devices that the driver publishes."""
        return load_devices(next(data_folder("components").glob("*/devices.yaml")).parent)

    @property
    def dynamic_mig(self) -> bool:
        """Whether MIG instances are created on demand."""
        return "DynamicMIG" in self.open
