"""Resolved admission checks: which workloads start only when an autoscaler has found or created nodes for them.

A check has a name in the blueprint and covers pools. The queue of each tenant with quota for one of them refers to it.
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
    """One check. `name` is the name that users see in their workloads."""

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
        """The pools whose nodes are requested, as far as they use Kueue."""
        return tuple(pool for pool in self._pools if pool.name in self.pool_names)

    @tracked_property
    def answered(self) -> ProvisioningClass:
        """The autoscaler that handles the requests."""
        return load_provisioning_classes()[self._spec.provisioning_class]

    @tracked_property
    def managed_resources(self) -> tuple[str, ...]:
        """The GPUs of the pools, or all of their resources: pod sets that request none of them are not checked."""
        offered = {each.resource for pool in self.pools for each in pool.offered.values()}
        found = {each for each in offered if each not in NODE_RESOURCES}
        return tuple(sorted(found or offered))

    @tracked_property
    def parameters(self) -> dict[str, str]:
        """Additional parameters of each request."""
        return dict(sorted(plain(self._spec.parameters).items()))

    @tracked_property
    def retries(self) -> int:
        """The number of retries by Kueue."""
        return int(self._spec.retries)

    @tracked_property
    def retry_base_seconds(self) -> int:
        """The delay before the first retry, in seconds."""
        return int(self._spec.retry_base_seconds)

    @tracked_property
    def retry_max_seconds(self) -> int:
        """The maximum delay before a retry, in seconds."""
        return int(self._spec.retry_max_seconds)

    @tracked_property
    def merge(self) -> str | None:
        """Which pod sets are merged in the request, in Kueue's notation; None if they are separate."""
        word = self._spec.merge or self.answered.merge
        return _MERGE[word] if word else None

    @tracked_property
    def node_labels(self) -> dict[str, str]:
        """Labels of the created nodes, by the detail of the response that contains the value."""
        return dict(sorted({**self.answered.node_labels, **plain(self._spec.node_labels)}.items()))
