"""Virtual machines: which nodes run them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.views import PlatformView, PoolView

WORKLOAD_LABEL = "nvidia.com/gpu.workload.config"
"""The node label by which the GPU Operator knows what a node runs; in a blueprint the selector of its pool has it."""
SANDBOX = "sandboxWorkloads"
"""The setting that lets nodes run virtual machines where no pool says so."""
CONTAINER, PASSTHROUGH = "container", "vm-passthrough"
"""The values of that label that the platform knows."""


class MachinePool(PoolView, Protocol):
    """A pool, and who gets its GPUs."""

    @property
    def passes_gpus(self) -> bool:
        """Whether its GPUs go to virtual machines."""


class MachinePlatform(PlatformView, Protocol):
    """The platform, and who gets the GPUs of its pools."""

    @property
    def pools(self) -> Sequence[MachinePool]:
        """All pools."""


class Virtualization:
    """What the GPU Operator does for virtual machines."""

    def __init__(self, platform: MachinePlatform) -> None:
        self._platform = platform

    @tracked_property
    def enabled(self) -> bool:
        """Whether the operator lets nodes run virtual machines: a pool does, or a setting says so."""
        if self._platform.stack != "clusterPolicy":
            return False
        return self.requested or self._platform.setting(SANDBOX) is True

    @tracked_property
    def requested(self) -> bool:
        """Whether a pool passes its GPUs to virtual machines. The first one suffices; no others are recorded."""
        with untracked():
            found = next((pool for pool in self._platform.pools if pool.passes_gpus), None)
        return found is not None and found.passes_gpus

    @tracked_property
    def default_workload(self) -> str:
        """What nodes run that no label speaks of."""
        return str(self._platform.setting("defaultWorkload") or CONTAINER) if self.enabled else CONTAINER

    @tracked_property
    def advertised(self) -> bool:
        """Whether a device plugin advertises the GPUs of such nodes."""
        return self._platform.setting("kataDevicePlugin") is not False
