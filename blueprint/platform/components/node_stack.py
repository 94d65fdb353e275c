"""The GPU stack of nodes: the container toolkit and device plugin fields of the GPU Operator's custom resources."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from blueprint.catalog.distribution import WITH_CLAIMS, WITHOUT_OPERATOR
from blueprint.platform.nodes.placement import on_nodes_of
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.views import GpuPoolView, PlatformView, PoolView

SOCKET = "CONTAINERD_SOCKET"
"""The container toolkit's variable for containerd's socket."""
USUAL_SOCKET = "/run/containerd/containerd.sock"
PODS_PER_NODE = 20
"""More than the number of operator pods on one GPU node, including replacements during an update."""


class StackPool(PoolView, Protocol):
    """A pool, and its maximum number of nodes."""

    @property
    def nodes_max(self) -> int:
        """The maximum number of nodes."""


class SelectedPool(GpuPoolView, Protocol):
    """A GPU pool, and how its nodes are selected."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the nodes."""


class StackPlatform(PlatformView, Protocol):
    """The platform, and the image of its nodes."""

    @property
    def pools(self) -> Sequence[StackPool]:
        """All pools."""

    @property
    def gpu_pools(self) -> Sequence[SelectedPool]:
        """The pools whose nodes have GPUs."""


class NodeStack:
    """Container toolkit, device plugin and related pods."""

    def __init__(self, platform: StackPlatform) -> None:
        self._platform = platform

    @tracked_property
    def policy_name(self) -> str:
        """The name of the ClusterPolicy: on OpenShift that of the operator's bundle, and therefore of its
        documentation.
        """
        return "gpu-cluster-policy" if self.driver_toolkit else "cluster-policy"

    @tracked_property
    def driver_toolkit(self) -> bool:
        """Whether the driver is compiled with OpenShift's driver toolkit."""
        return self._platform.cluster.uses_olm and self._platform.cluster.distribution_facts.operators == "olm"

    @tracked_property
    def runtime_class(self) -> str:
        """The RuntimeClass of the GPU stack's pods. All pools have the same one (BP3212)."""
        return next((pool.mode.runtime_class for pool in self._platform.gpu_pools), "nvidia")

    @tracked_property
    def named_runtime(self) -> str | None:
        """The RuntimeClass with which pods select NVIDIA's runtime if it is not the default one."""
        named = self._platform.cluster.distribution_facts.named_runtime(self._platform.cluster.os)
        return named.runtime_class if named and self._platform.stack in WITHOUT_OPERATOR else None

    @tracked_property
    def runs_toolkit(self) -> bool:
        """Whether this platform installs the container toolkit on any node."""
        return any(pool.mode.toolkit == "operator" for pool in self._platform.gpu_pools)

    @tracked_property
    def runs_device_plugin(self) -> bool:
        """Whether this platform advertises the GPUs of any node."""
        return any(pool.mode.device_plugin == "operator" for pool in self._platform.gpu_pools if not pool.claimed)

    def placed(self, affinity: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """The affinity of a device plugin: to the nodes of its own pools, if pods claim the GPUs of others.

        A device plugin and the DRA driver on one node would both allocate all of its GPUs.
        """
        if len(self._platform.stacks) == 1:
            return affinity
        return on_nodes_of([pool.selector for pool in self._platform.gpu_pools if not pool.claimed], affinity)

    @tracked_property
    def toolkit_env(self) -> list[dict[str, str]]:
        """Variables that the container toolkit needs on these nodes, in addition to those in the blueprint."""
        own, known = self._platform.setting("toolkitEnv") or {}, self._platform.cluster.image.toolkit_env
        return [{"name": name, "value": value} for name, value in known.items() if name not in own]

    @tracked_property
    def containerd_socket(self) -> str:
        """The socket of containerd for the container toolkit: from the blueprint, or from the node image."""
        env = self._platform.setting("toolkitEnv") or {}
        return env.get(SOCKET) or self._platform.cluster.image.toolkit_env.get(SOCKET) or USUAL_SOCKET

    @tracked_property
    def discovers_gpus(self) -> bool:
        """Whether GPU feature discovery labels nodes: with the operator or the device plugin, but not with claims."""
        if all(stack in WITH_CLAIMS for stack in self._platform.stacks):
            return False
        return bool(self._platform.setting("gfd"))

    @tracked_property
    def critical_pods(self) -> str:
        """The number of system-priority pods that a namespace must admit, as a quantity: those of all nodes, in
        thousands.
        """
        nodes = max(1, sum(pool.nodes_max for pool in self._platform.pools))
        thousands = math.ceil(PODS_PER_NODE * nodes / 1000)
        return f"{thousands}k" if thousands % 1000 else f"{thousands // 1000}M"
