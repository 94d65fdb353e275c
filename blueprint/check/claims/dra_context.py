"""Who serves claims of devices in this platform, and what there is to claim."""

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
        count: GPUs of a node.
        names: What NVML calls them; None if unknown.
        architecture: As NVML has it; None if unknown.
        memory_mib: What NVML counts; None if unknown.
        profiles: What they can be cut into; None if unknown.
        cut: What the layout cuts them into; empty where they stay whole.
        switched: Whether NVSwitches join them; None if unknown.
        unified_memory: Whether they have the machine's memory alone, and publish no capacity of their own.
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
        driver: The version of the DRA driver, `0.5.0`; None: this platform has none.
        kubernetes: The declared minor.
        open: The gates of the driver that are open.
        domains: Whether its part for compute domains runs.
        managed: Whether nobody opens gates of Kubernetes.
        products: The GPUs of the pools.
        gpus: Whether its part for GPUs runs.
        nodes: Gives the nodes with the devices that drivers are going to publish; asked where something is claimed.
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
        """What the driver publishes."""
        return load_devices(next(data_folder("components").glob("*/devices.yaml")).parent)

    @property
    def dynamic_mig(self) -> bool:
        """Whether an instance is cut when it is claimed."""
        return "DynamicMIG" in self.open
