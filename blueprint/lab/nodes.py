"""The nodes of a bundle's pools, as objects: simulated, and marked so.

There is no machine and no kubelet behind them. They carry what the provisioner of the nodes would give them:
the pool's selector, and under `nodeLabels: provisioner` its labels and taints too. What discovery would find on a
real node is there as far as the platform knows it (`blueprint/lab/discovery.py`). A pool whose GPUs pods claim offers
no number of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.drift.capacity import offers_resources
from blueprint.lab.components import SIMULATED

_ROOM = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
"""Enough for any pod, so that in a lab with a scheduler only GPUs, labels and taints decide."""


def fewest_nodes(pool: BundlePool) -> int:
    """The fewest nodes that the pool may have, or one where it may shrink to none."""
    return pool.nodes_min or 1


def simulated_nodes(
    bundle: Bundle,
    number: Callable[[BundlePool], int] = fewest_nodes,
    discovered: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    beside: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> Iterator[dict[str, Any]]:
    """One manifest per node.

    Args:
        bundle: Whose pools.
        number: How many nodes a pool gets.
        discovered: Labels that discovery would find, by pool.
        beside: What programs on the nodes would offer beside GPUs, by pool.
    """
    for pool in bundle.pools:
        offered = {**beside.get(pool.name, {}), **offered_resources(bundle, pool)}
        found = discovered.get(pool.name, {})
        for index in range(number(pool)):
            yield _node(pool, index, offered, found, provisioned=not bundle.labels_nodes_of(pool))


def node_name(pool: BundlePool, index: int) -> str:
    """The name of a pool's node."""
    return f"{pool.name}-{index:04}"


def node_count(pool: BundlePool, most: int) -> int:
    """As many nodes as the pool may have, but not more than `most`."""
    return min(max(pool.nodes_max, 1), most)


def offered_resources(bundle: Bundle, pool: BundlePool) -> Mapping[str, int]:
    """What a device plugin would offer on each node of a pool: nothing where pods claim devices."""
    return pool.resources if offers_resources(bundle, pool) else {}


def _made_of(pool: BundlePool) -> dict[str, str]:
    """The labels that kubelet and cloud would set."""
    kind = {"node.kubernetes.io/instance-type": pool.machine["instanceType"]} if "instanceType" in pool.machine else {}
    return {"kubernetes.io/arch": pool.machine.get("arch", "amd64"), **kind}


def _node(
    pool: BundlePool, index: int, offered: Mapping[str, int], discovered: Mapping[str, str], *, provisioned: bool
) -> dict[str, Any]:
    name = node_name(pool, index)
    made = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **_made_of(pool)}
    labels = {**discovered, **made, **pool.selector}
    labels |= {level: f"{pool.name}-{index // size if size else 0}" for level, size in pool.topology.items()}
    taints = []
    if provisioned:
        labels |= pool.labels
        taints = [{"key": t.key, "value": t.value, "effect": t.effect} for t in pool.taints]
    resources = _ROOM | {name: str(number) for name, number in offered.items()}
    resources |= {key: pool.machine[key] for key in ("cpu", "memory") if key in pool.machine}
    ready = {"type": "Ready", "status": "True", "reason": "Simulated", "message": "no machine behind it"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {SIMULATED: "true"}},
        "spec": {"taints": taints} if taints else {},
        "status": {"capacity": resources, "allocatable": resources, "conditions": [ready]},
    }
