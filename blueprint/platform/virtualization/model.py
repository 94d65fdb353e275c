"""Virtual machines: which nodes run them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.views import PlatformView, PoolView

WORKLOAD_LABEL = "nvidia.com/gpu.workload.config"
"""The node label with which the GPU Operator determines the workload type of a node; in a blueprint, it is in the
pool's selector.
"""
SANDBOX = "sandboxWorkloads"
"""The setting that allows nodes to run virtual machines even if no pool declares it."""
CONTAINER, PASSTHROUGH = "container", "vm-passthrough"
"""The values of that label that the platform supports."""


class MachinePool(PoolView, Protocol):
    """A pool, and what gets its GPUs."""

    @property
    def passes_gpus(self) -> bool:
        """Whether its GPUs are passed to virtual machines."""


class MachinePlatform(PlatformView, Protocol):
    """The platform, and what gets the GPUs of its pools."""

    @property
    def pools(self) -> Sequence[MachinePool]:
        """All pools."""


class Virtualization:
    """The GPU Operator's functions for virtual machines."""

    def __init__(self, platform: MachinePlatform) -> None:
        self._platform = platform

    @tracked_property
    def enabled(self) -> bool:
        """Whether the operator allows nodes to run virtual machines: because of a pool, or a setting."""
        if self._platform.stack != "clusterPolicy":
            return False
        return self.requested or self._platform.setting(SANDBOX) is True

    @tracked_property
    def requested(self) -> bool:
        """Whether a pool passes its GPUs to virtual machines. Only the first one is recorded."""
        with untracked():
            found = next((pool for pool in self._platform.pools if pool.passes_gpus), None)
        return found is not None and found.passes_gpus

    @tracked_property
    def default_workload(self) -> str:
        """The workload type of nodes without the label."""
        return str(self._platform.setting("defaultWorkload") or CONTAINER) if self.enabled else CONTAINER

    @tracked_property
    def advertised(self) -> bool:
        """Whether a device plugin advertises the GPUs of nodes that run virtual machines."""
        return self._platform.setting("kataDevicePlugin") is not False
