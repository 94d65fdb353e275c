"""Resolved provisioning: the configuration of Karpenter for the pools whose nodes it creates.

Each such pool is one NodePool with its name. A node class is rendered if `spec.karpenter` declares it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from blueprint.catalog.machines import NodeClassKind
from blueprint.platform.components.pod_settings import PerKey
from blueprint.platform.nodes.offered import Offered
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.paths import POOLS
from blueprint.platform.provisioning.node_classes import NodeClass
from blueprint.platform.tracking.recorder import tracked_property, untracked
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import PlatformView, PoolView
from blueprint.source.paths import Path
from blueprint.spec.karpenter import KARPENTER, PURCHASES, KarpenterSpec, PoolKarpenter, Purchase
from blueprint.units import binary_quantity, canonical_quantity, quantity_value

NODE_POOL_LABEL = "karpenter.sh/nodepool"
"""The label with the name of the NodePool that created a node; Karpenter sets it itself."""
CAPACITY_LABEL = "karpenter.sh/capacity-type"
"""The label with the purchase type of a node."""
INSTANCE_TYPE_LABEL = "node.kubernetes.io/instance-type"
ZONE_LABEL = "topology.kubernetes.io/zone"
_ARCH = "kubernetes.io/arch"
_OF_THE_NODE = (
    NODE_POOL_LABEL,
    CAPACITY_LABEL,
    INSTANCE_TYPE_LABEL,
    _ARCH,
    ZONE_LABEL,
    "topology.kubernetes.io/region",
    "kubernetes.io/os",
)
"""Labels that Karpenter, the cloud or the kubelet set on nodes: a template cannot, or need not, set them."""
_POLICIES = {"empty": "WhenEmpty", "underutilized": "WhenEmptyOrUnderutilized", "never": "WhenEmpty"}
_REASONS = {"empty": "Empty", "underutilized": "Underutilized", "drifted": "Drifted"}
GPU_RESOURCE = "nvidia.com/gpu"
"""The resource with which instance types advertise their GPUs, whatever pods request."""


def karpenter_path(pool: str, *steps: str | int) -> Path:
    """The path of a pool's Karpenter configuration."""
    return (*POOLS, pool, KARPENTER, *steps)


class ProvisionedPool(PoolView, Protocol):
    """A pool whose nodes Karpenter creates."""

    @property
    def nodes_max(self) -> int:
        """The maximum number of nodes."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the nodes."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the nodes in addition to the selector's."""

    @property
    def label_reads(self) -> Mapping[str, Callable[[], str]]:
        """Functions that read the value of each label."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """The resources that pods can request from each node."""


class Requirement:
    """A requirement of Karpenter on nodes: a label with one of several values."""

    def __init__(self, key: str, values: Callable[[], Sequence[str]]) -> None:
        self.key = key
        self._values = values

    @property
    def values(self) -> list[str]:
        """The values."""
        return [*self._values()]


class Budget:
    """The number of nodes that may be disrupted at the same time."""

    def __init__(self, nodes: str, reasons: Sequence[str], schedule: str | None, duration: str | None) -> None:
        self.nodes = nodes
        self.reasons = [_REASONS[each] for each in reasons]
        self.schedule = schedule
        self.duration = duration


class PoolProvisioning:
    """How Karpenter creates the nodes of one pool."""

    def __init__(self, pool: ProvisionedPool, spec: PoolKarpenter, platform: PlatformView) -> None:
        self.pool = pool
        self._spec = spec
        self._platform = platform

    @tracked_property
    def node_class(self) -> str:
        """The name of the node class."""
        return self._spec.node_class

    @tracked_property
    def instance_types(self) -> tuple[str, ...]:
        """The possible instance types of a node."""
        return tuple(self._spec.instance_types)

    @tracked_property
    def node_class_kind(self) -> NodeClassKind | None:
        """The kind of its node class; None if Karpenter does not support these machines."""
        return self._platform.node_class_kind

    @tracked_property
    def purchases(self) -> tuple[Purchase, ...]:
        """The purchase types of nodes, the most reliable first, without duplicates."""
        declared = self._spec.capacity
        return tuple(each for each in PURCHASES if each in declared)

    @tracked_property
    def zones(self) -> tuple[str, ...]:
        """Availability zones; empty if the node class determines them."""
        return tuple(self._spec.zones)

    @tracked_property
    def static(self) -> bool:
        """Whether all nodes exist permanently."""
        return self._spec.static

    @tracked_property
    def replicas(self) -> int | None:
        """The permanent number of nodes; None if it depends on pods."""
        return self.pool.nodes_max if self.static else None

    @tracked_property
    def weight(self) -> int | None:
        """If pods fit into several pools, the one with the higher weight is tried first."""
        return self._spec.weight

    @property
    def requirements(self) -> list[Requirement]:
        """The requirements on nodes."""
        found = [
            Requirement(_ARCH, lambda: [arch] if (arch := self.pool.hardware.machine.get("arch")) else []),
            Requirement(CAPACITY_LABEL, lambda: sorted(self.purchases)),
            Requirement(INSTANCE_TYPE_LABEL, lambda: sorted(set(self.instance_types))),
            Requirement(ZONE_LABEL, lambda: sorted(set(self.zones))),
        ]
        with untracked():
            return [each for each in found if each.values]

    @property
    def labels(self) -> PerKey:
        """Labels of the nodes that the template sets."""
        own = [key for key in self.pool.selector if key not in _OF_THE_NODE]
        reads: dict[str, Callable[[], str]] = {key: partial(self._selected, key) for key in own}
        return PerKey(dict(sorted({**self.pool.label_reads, **reads}.items())))

    def _selected(self, key: str) -> str:
        return self.pool.selector[key]

    @tracked_property
    def startup_taints(self) -> tuple[Taint, ...]:
        """Taints of new nodes until something removes them."""
        return tuple(_taint(text) for text in self._spec.startup_taints)

    @tracked_property
    def most_gpus(self) -> int | None:
        """The total number of GPUs of all nodes; None if they have none."""
        return self.pool.nodes_max * self.pool.gpu.count if self.pool.gpu else None

    @tracked_property
    def limits(self) -> dict[str, str]:
        """The total limits for all nodes, as quantities: GPUs, or CPU and memory if they have none."""
        if self.static:
            return {}
        if self.most_gpus is not None:
            return {GPU_RESOURCE: canonical_quantity(self.most_gpus)}
        offered = {name: self.pool.offered[name].amount for name in _LIMITED}
        total = {name: int(quantity_value(each) * self.pool.nodes_max) for name, each in offered.items() if each}
        return {name: _LIMITED[name](value) for name, value in total.items()}

    @tracked_property
    def consolidation_policy(self) -> str:
        """The nodes that may be consolidated."""
        return _POLICIES[self._spec.disruption.when]

    @tracked_property
    def evicts(self) -> bool:
        """Whether nodes are removed while pods are running on them."""
        return self._spec.disruption.when == "underutilized"

    @tracked_property
    def consolidate_after(self) -> str:
        """The time for which a node must be a candidate before it is consolidated."""
        disruption = self._spec.disruption
        return "Never" if disruption.when == "never" else disruption.after

    @tracked_property
    def expire_after(self) -> str:
        """The age at which a node is removed, regardless of what runs on it."""
        return self._spec.disruption.expire_after

    @tracked_property
    def grace_period(self) -> str | None:
        """The maximum time for which pods that resist eviction can delay the removal of a node; None for no limit."""
        return self._spec.disruption.grace_period

    @tracked_property
    def budgets(self) -> tuple[Budget, ...]:
        """The disruption budgets."""
        if (declared := self._spec.disruption.budgets) is not None:
            return tuple(Budget(each.nodes, plain(each.reasons), each.schedule, each.duration) for each in declared)
        if self.evicts:
            return (Budget("10%", (), None, None),)
        return (Budget("100%", ("empty",), None, None), Budget("0", ("underutilized", "drifted"), None, None))


def _taint(text: str) -> Taint:
    """`key=value:Effect` as a taint."""
    name, _, effect = text.rpartition(":")
    key, _, value = name.partition("=")
    return Taint(key, value, effect)


_LIMITED: dict[str, Callable[[int], str]] = {"cpu": str, "memory": binary_quantity}
"""The limits for nodes without GPUs, and the formats of their totals."""


class MaybeProvisioned(Protocol):
    """A pool whose nodes Karpenter may create."""

    @property
    def provisioning(self) -> PoolProvisioning | None:
        """How it creates them; None if it does not."""


class ProvisioningPlatform(PlatformView, Protocol):
    """The platform, as seen by Karpenter's configuration."""

    @property
    def pools(self) -> Sequence[MaybeProvisioned]:
        """All pools, by name."""


class Provisioning:
    """The configuration of Karpenter."""

    def __init__(self, spec: KarpenterSpec | None, platform: ProvisioningPlatform) -> None:
        self._spec = spec
        self._platform = platform

    @tracked_property
    def node_classes(self) -> tuple[NodeClass, ...]:
        """The node classes that the blueprint declares, by name."""
        if self._spec is None:
            return ()
        with untracked():
            classes, kind = self._spec.node_classes, self._platform.node_class_kind
            return tuple(NodeClass(name, classes[name], kind, self._platform) for name in sorted(classes))

    def node_class(self, name: str) -> NodeClass | None:
        """The node class declared with this name."""
        with untracked():
            return next((each for each in self.node_classes if each.name == name), None)

    @tracked_property
    def pools(self) -> tuple[PoolProvisioning, ...]:
        """The pools whose nodes Karpenter creates, by name."""
        with untracked():
            return tuple(pool.provisioning for pool in self._platform.pools if pool.provisioning)

    @tracked_property
    def has_static(self) -> bool:
        """Whether some pool has permanent nodes."""
        return any(pool.static for pool in self.pools)

    @tracked_property
    def is_managed(self) -> bool:
        """Whether Karpenter itself is installed with this platform."""
        controller = self._platform.component_with("interruptionQueue")
        return controller is not None and controller.ownership == "managed"
