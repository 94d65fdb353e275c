"""What machines, places and the catalogue's rules demand: prerequisites in words."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.compatibility.checks import demands
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.tracked import read_fact

CLIQUE = "nvidia.com/gpu.clique"
"""GPU feature discovery sets this label, or the DRA driver, where the driver tells them the domain."""


def of_cluster(platform: Platform) -> Iterator[Iterator[str]]:
    """What rules demand of the cluster as a whole; each reads its own lines."""
    for rule in platform.rules:
        if rule.scope == "cluster":
            yield demands(rule, platform.gpu_pools)


def of_pool(pool: Pool) -> Iterator[Iterator[str]]:
    """What must be true of a pool's nodes; each reads its own lines."""
    yield _machine(pool)
    yield _levels(pool)
    yield _domain(pool)
    yield _kubelet(pool)
    if isinstance(pool, GpuPool):
        yield _oldest_driver(pool)
        for rule in pool.platform.rules:
            if rule.scope == "pool":
                yield demands(rule, (pool,))


def _machine(pool: Pool) -> Iterator[str]:
    machine = pool.place.machine
    if kind := machine.get("instanceType"):
        yield f"Each node is a {kind}."
    processors = " ".join(machine[key] for key in ("cpu", "arch") if key in machine)
    memory = f"{machine['memory']} of memory" if "memory" in machine else ""
    if said := " and ".join(filter(None, (processors and f"{processors} processors", memory))):
        yield f"Each node has {said}."


def _levels(pool: Pool) -> Iterator[str]:
    levels = {key: size for key, size in pool.place.levels.items() if key != pool.place.domain_label}
    for level, size in levels.items():
        yield f"Each node carries the label {level}, whose value names the domain in which it stands" + (
            f"; {size} node{'s' if size > 1 else ''} of this pool in each." if size else ".")  # fmt: skip


def _domain(pool: Pool) -> Iterator[str]:
    label, nodes = pool.place.domain_label, pool.place.domain_nodes
    if label and nodes:
        who = _labeller(pool.platform) if label == CLIQUE else "Whoever makes the nodes"
        yield (
            f"Each {nodes} nodes are joined by NVLink into one domain. {who} gives them the label {label}, one value"
            " per domain."
        )


def _labeller(platform: Platform) -> str:
    if platform.compute_domains:
        return "The DRA driver"
    return "GPU feature discovery" if platform.discovers_gpus else "Whoever makes the nodes"


def _kubelet(pool: Pool) -> Iterator[str]:
    if said := ", ".join(f"{key}: {value}" for key, value in pool.place.kubelet.items()):
        yield (
            f"The kubelet's configuration has {said}. Changing a policy of a running node needs it drained and the "
            "kubelet's state files removed."
        )


def _oldest_driver(pool: GpuPool) -> Iterator[str]:
    """Where only a branch is promised, or nothing, the GPU still needs a version of it."""
    oldest = pool.gpu.facts.minimum_driver
    if oldest and oldest.certain and "." in oldest.value and not pool.driver.version and not pool.driver.enabled:
        yield f"The driver of the nodes is {read_fact(oldest)} or newer: {pool.gpu.product} needs it."
