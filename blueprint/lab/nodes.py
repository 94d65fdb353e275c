"""The nodes of a bundle's pools as objects, marked as simulated.

They have neither a machine nor a kubelet. They have what the provisioner of the nodes would set: the pool's selector,
and with `nodeLabels: provisioner` also its labels and taints. Labels that discovery would set on a real node are
included as far as the platform determines them (`blueprint/lab/discovery.py`). Nodes of a pool whose GPUs are claimed
do not offer them as an extended resource.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.drift.capacity import offers_resources
from blueprint.lab.components import SIMULATED

_ROOM = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
"""Enough for any pod, so that in a lab with a scheduler only GPUs, labels and taints matter."""


def fewest_nodes(pool: BundlePool) -> int:
    """The minimum number of nodes of the pool, or one if the pool can shrink to zero."""
    return pool.nodes_min or 1


def simulated_nodes(
    bundle: Bundle,
    number: Callable[[BundlePool], int] = fewest_nodes,
    discovered: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    beside: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
) -> Iterator[dict[str, Any]]:
    """One manifest per node.

    Args:
        bundle: The bundle with the pools.
        number: Returns the number of nodes for a pool.
        discovered: Labels that discovery would set, by pool.
        beside: What programs on the nodes would offer in addition to GPUs, by pool.
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
    """The maximum number of nodes of the pool, limited to `most`."""
    return min(max(pool.nodes_max, 1), most)


def offered_resources(bundle: Bundle, pool: BundlePool) -> Mapping[str, int]:
    """The resources that a device plugin would offer on each node of a pool; empty if pods claim devices."""
    return pool.resources if offers_resources(bundle, pool) else {}


def _made_of(pool: BundlePool) -> dict[str, str]:
    """The labels that the kubelet and the cloud would set."""
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
