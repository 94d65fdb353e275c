"""How a new driver is rolled out: to which pools, to how many nodes at once, and what happens to their pods."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.changes.change import ChangedObject
from blueprint.effective.operator import CLUSTER_POLICY, NVIDIA_DRIVER
from blueprint.kubernetes.label_index import LabelIndex
from blueprint.records import Record
from blueprint.wording import counted, joined

DEPLOYED = "nvidia.com/gpu.deploy.driver"
_WORKLOAD = "nvidia.com/gpu.workload.config"
"""Nodes with this label from the platform run virtual machines, which have their own driver."""
_AUTOMATIC = {"autoUpgrade": True, "maxParallelUpgrades": 1, "maxUnavailable": "25%"}
"""The upgrade policy of an NVIDIADriver that declares none (GPU Operator 26.7)."""


class Rollout(Record):
    """The pools and the policies of a rollout. `policy` is the upgrade policy in the custom resource, `daemonsets` that
    of operands.
    """

    pools: tuple[BundlePool, ...]
    policy: Mapping[str, Any]
    daemonsets: Mapping[str, Any]

    @property
    def automatic(self) -> bool:
        """Whether the operator replaces drivers automatically."""
        return bool(self.policy.get("autoUpgrade"))

    @property
    def nodes(self) -> tuple[int, int]:
        """The minimum and maximum number of affected nodes."""
        return sum(pool.nodes_min for pool in self.pools), sum(pool.nodes_max for pool in self.pools)

    @property
    def where(self) -> str:
        """The pools with their sizes, in words."""
        named = [f"{pool.name} ({span_of_nodes(pool.nodes_min, pool.nodes_max)})" for pool in self.pools]
        return f"pool{'s' * (len(named) != 1)} {joined(named)}"

    @property
    def at_once(self) -> int:
        """The number of nodes that may be upgraded at the same time; 0 if none may be unavailable."""
        most = self.nodes[1]
        parallel = int(self.policy.get("maxParallelUpgrades", 1)) or most
        return min(parallel, most, scaled(self.policy.get("maxUnavailable", "25%"), most))

    @property
    def waves(self) -> int:
        """The number of waves of that size, for the largest size of the pools."""
        return math.ceil(self.nodes[1] / self.at_once) if self.at_once else 0

    @property
    def operands(self) -> str:
        """How pods other than the driver's are replaced."""
        if self.daemonsets.get("updateStrategy") == "OnDelete":
            return "updateStrategy is OnDelete: each node changes when its pods are deleted"
        most = (self.daemonsets.get("rollingUpdate") or {}).get("maxUnavailable", "1")
        return f"{most} of {span_of_nodes(*self.nodes)} at a time"

    def notes(self) -> tuple[str, ...]:
        """The steps of a driver upgrade with this policy."""
        limits = f"maxParallelUpgrades {self.policy.get('maxParallelUpgrades', 1)}"
        limits += f", maxUnavailable {self.policy.get('maxUnavailable', '25%')}"
        if not self.at_once:
            return (f"no node may be unavailable ({limits}), so nothing is rolled out",)
        up_to = "up to " * (self.nodes[0] != self.nodes[1])
        waves = f"{up_to}{counted(self.waves, 'wave')}"
        pace = f"{self.at_once} of {span_of_nodes(*self.nodes)} at a time ({limits}): {waves}"
        deletion, drain = self.policy.get("podDeletion") or {}, self.policy.get("drain") or {}
        volumes = "also with" if deletion.get("deleteEmptyDir") else "not those with"
        pods = f"pods that hold GPUs are deleted ({volumes} data in emptyDir volumes)"
        after = (
            f"a node that is still in use is then drained ({_seconds(drain)})" if drain.get("enable") else "no drain"
        )
        waits = int((self.policy.get("waitForCompletion") or {}).get("timeoutSeconds", 0))
        jobs = f"jobs get {waits} s to finish" if waits else "the wait for jobs has no time limit"
        return (pace, f"{pods}; {after}; {jobs}")

    def evidence(self) -> tuple[tuple[str, str], ...]:
        """The facts about the rollout as evidence of a diagnostic: pools, nodes, batch size and number of batches."""
        named = ", ".join(pool.name for pool in self.pools)
        return (("pools", named), ("nodes", str(self.nodes[1])), ("at once", str(self.at_once)),
                ("waves", str(self.waves)))  # fmt: skip


class Rollouts:
    """The rollouts of one platform: its ClusterPolicy, and the pools whose nodes run its drivers. Computed once."""

    def __init__(self, after: Iterable[Mapping[str, Any]], pools: Iterable[BundlePool]) -> None:
        self._policy: Mapping[str, Any] = next((d["spec"] for d in after if d.get("kind") == CLUSTER_POLICY), {})
        driven = (
            pool
            for pool in pools
            if pool.gpu_product and pool.labels.get(DEPLOYED) != "false" and _WORKLOAD not in pool.labels
        )
        self._pools = LabelIndex((pool, {**pool.selector, **pool.labels}) for pool in driven)

    def rollout(self, changed: ChangedObject) -> Rollout:
        """The rollout caused by a change of a ClusterPolicy or an NVIDIADriver."""
        upgrade = (self._policy.get("driver") or {}).get("upgradePolicy") or {}
        spec = (changed.after or {}).get("spec") or {}
        selector: Mapping[str, str] = {}
        if changed.change.id.kind == NVIDIA_DRIVER:
            selector = spec.get("nodeSelector") or {}
            upgrade = spec.get("upgradePolicy") or upgrade or _AUTOMATIC
        return Rollout(tuple(self._pools.matching(selector)), upgrade, self._policy.get("daemonsets") or {})


def scaled(amount: Any, total: int) -> int:
    """A number of nodes, or a percentage rounded up, as computed by the operator's controller."""
    text = str(amount)
    return math.ceil(total * int(text[:-1]) / 100) if text.endswith("%") else int(text)


def span_of_nodes(least: int, most: int) -> str:
    """`8 nodes`, or `0 to 8 nodes`."""
    return counted(most, "node") if least == most else f"{least} to {most} nodes"


def _seconds(policy: Mapping[str, Any]) -> str:
    seconds = policy.get("timeoutSeconds", 300)
    return f"at most {seconds} s" if seconds else "for as long as it takes"
