"""The nodes of a bundle's pools, as objects: simulated, and marked so.

There is no machine and no kubelet behind them. They carry what the provisioner of the nodes would give them:
the pool's selector, and under `nodeLabels: provisioner` its labels and taints too. What a discovery would
find on a real node (the labels of GPU feature discovery) is not invented. A pool whose GPUs pods claim
offers no number of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bundle.model import Bundle, BundlePool
from blueprint.drift.capacity import offers_resources
from blueprint.lab.components import SIMULATED

_ROOM = {"cpu": "64", "memory": "512Gi", "pods": "110", "ephemeral-storage": "1Ti"}
"""Enough for any pod, so that in a lab with a scheduler only GPUs, labels and taints decide."""


def simulated_nodes(bundle: Bundle) -> Iterator[dict[str, Any]]:
    """One manifest per node: `nodes_min` of each pool, or one where a pool may shrink to none."""
    for pool in bundle.pools:
        offered = pool.resources if offers_resources(bundle, pool) else {}
        for index in range(pool.nodes_min or 1):
            yield _node(pool, index, offered, provisioned=bundle.node_labels == "provisioner")


def _made_of(pool: BundlePool) -> dict[str, str]:
    """The labels that kubelet and cloud would set."""
    kind = {"node.kubernetes.io/instance-type": pool.machine["instanceType"]} if "instanceType" in pool.machine else {}
    return {"kubernetes.io/arch": pool.machine.get("arch", "amd64"), **kind}


def _node(pool: BundlePool, index: int, offered: Mapping[str, int], *, provisioned: bool) -> dict[str, Any]:
    name = f"{pool.name}-{index:04}"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **_made_of(pool), **pool.selector}
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
