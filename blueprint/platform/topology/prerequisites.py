"""Prerequisites of hardware and topology: machines, labels of domains, kubelets."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool

CLIQUE = "nvidia.com/gpu.clique"
"""The label that GPU feature discovery, or the DRA driver, sets if the driver reports the domain."""


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of a pool's nodes; each one records its own sources."""
    yield _machine(pool)
    yield _levels(pool)
    yield _domain(pool, platform)
    yield _kubelet(pool)


def _machine(pool: Pool) -> Iterator[str]:
    machine = pool.hardware.machine
    if kind := machine.get("instanceType"):
        yield f"Each node is of the type {kind}."
    processors = " ".join(machine[key] for key in ("cpu", "arch") if key in machine)
    memory = f"{machine['memory']} of memory" if "memory" in machine else ""
    if parts := " and ".join(filter(None, (processors and f"{processors} processors", memory))):
        yield f"Each node has {parts}."


def _levels(pool: Pool) -> Iterator[str]:
    levels = {key: size for key, size in pool.topology.labels.items() if key != pool.topology.domain_label}
    for level, size in levels.items():
        yield f"Each node has the label {level}, whose value names its domain" + (
            f"; each domain has {size} node{'s' if size > 1 else ''} of this pool." if size else ".")  # fmt: skip


def _domain(pool: Pool, platform: Platform) -> Iterator[str]:
    label, nodes = pool.topology.domain_label, pool.topology.domain_nodes
    if label and nodes:
        who = _labeller(platform) if label == CLIQUE else "The node provisioner"
        yield (
            f"Every {nodes} nodes form one NVLink domain. {who} gives them the label {label}, with one value"
            " per domain."
        )


def _labeller(platform: Platform) -> str:
    if platform.node_stack.discovers_gpus:
        return "GPU feature discovery"
    return "The DRA driver" if platform.dra.compute_domains else "The node provisioner"


def _kubelet(pool: Pool) -> Iterator[str]:
    if settings := ", ".join(f"{key}: {value}" for key, value in pool.topology.kubelet.items()):
        yield (
            f"The kubelet's configuration has {settings}. Before a policy changes on a running node, drain the node and"
            " remove the kubelet's state files."
        )
