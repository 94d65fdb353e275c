"""Admission checks, resolved: which workloads start only when an autoscaler has found or made nodes for them.

A check is named by the blueprint and covers pools. The queue of each tenant that has quota of one of them refers to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blueprint.catalog.component_files.provisioning_classes import ProvisioningClass, load_provisioning_classes
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.queueing.engines import QueuedPool
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.tracking.tracked import plain

_MERGE = {
    "identicalTemplates": "IdenticalPodTemplates",
    "identicalRequirements": "IdenticalWorkloadSchedulingRequirements",
}


class ProvisioningCheck:
    """One check. `name` is the name that users see at their workloads."""

    def __init__(self, name: str, checks: Any, pools: Sequence[QueuedPool]) -> None:
        self.name = name
        self._checks = checks
        self._pools = pools

    @property
    def _spec(self) -> Any:
        return self._checks[self.name]

    @property
    def pool_names(self) -> tuple[str, ...]:
        """The names of the pools, as written."""
        return tuple(self._spec.pools)

    @tracked_property
    def pools(self) -> tuple[QueuedPool, ...]:
        """The pools whose nodes are asked for, as far as they are Kueue's."""
        return tuple(pool for pool in self._pools if pool.name in self.pool_names)

    @tracked_property
    def answered(self) -> ProvisioningClass:
        """Who answers, and how."""
        return load_provisioning_classes()[self._spec.provisioning_class]

    @tracked_property
    def managed_resources(self) -> tuple[str, ...]:
        """The GPUs of the pools, or all that they offer: a set of pods that requests none of them needs no answer."""
        offered = {each.resource for pool in self.pools for each in pool.offered.values()}
        found = {each for each in offered if each not in NODE_RESOURCES}
        return tuple(sorted(found or offered))

    @tracked_property
    def parameters(self) -> dict[str, str]:
        """What each request says beside."""
        return dict(sorted(plain(self._spec.parameters).items()))

    @tracked_property
    def retries(self) -> int:
        """How often Kueue asks again."""
        return int(self._spec.retries)

    @tracked_property
    def retry_base_seconds(self) -> int:
        """How long it waits the first time."""
        return int(self._spec.retry_base_seconds)

    @tracked_property
    def retry_max_seconds(self) -> int:
        """How long it waits at most."""
        return int(self._spec.retry_max_seconds)

    @tracked_property
    def merge(self) -> str | None:
        """Which sets of pods are one set of the request, in Kueue's word; None where each is one of its own."""
        word = self._spec.merge or self.answered.merge
        return _MERGE[word] if word else None

    @tracked_property
    def node_labels(self) -> dict[str, str]:
        """Labels of the nodes that are made, by the detail of the answer that has the value."""
        return dict(sorted({**self.answered.node_labels, **plain(self._spec.node_labels)}.items()))
