"""Virtual machines: which nodes run them."""

from __future__ import annotations

from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.views import PlatformView

WORKLOAD_LABEL = "nvidia.com/gpu.workload.config"
"""The node label by which the GPU Operator knows what a node runs; in a blueprint the selector of its pool has it."""
CONTAINER, PASSTHROUGH = "container", "vm-passthrough"
"""The values of that label that the platform knows."""


class Virtualization:
    """What the GPU Operator does for virtual machines."""

    def __init__(self, platform: PlatformView) -> None:
        self._platform = platform

    @tracked_property
    def enabled(self) -> bool:
        """Whether the operator lets nodes run virtual machines."""
        stack = self._platform.stack
        return stack == "clusterPolicy" and self._platform.setting("sandboxWorkloads") is True

    @tracked_property
    def default_workload(self) -> str:
        """What nodes run that no label speaks of."""
        return str(self._platform.setting("defaultWorkload") or CONTAINER) if self.enabled else CONTAINER

    @tracked_property
    def advertised(self) -> bool:
        """Whether a device plugin advertises the GPUs of such nodes."""
        return self._platform.setting("kataDevicePlugin") is not False
