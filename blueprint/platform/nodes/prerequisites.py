"""Prerequisites of nodes: their number, labels and taints."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool


def pool_prerequisites(pool: Pool, _: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of a pool's nodes; each one records its own sources."""
    yield _nodes(pool)
    yield _labels(pool)


def _nodes(pool: Pool) -> Iterator[str]:
    if pool.provisioning:
        return
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pool.selector.items()))
    count = str(pool.nodes_min) if pool.nodes_min == pool.nodes_max else f"{pool.nodes_min} to {pool.nodes_max}"
    yield f"{count} node{' has' if count == '1' else 's have'} the labels {labels}."


def _labels(pool: Pool) -> Iterator[str]:
    if pool.marked_by == "apply" or pool.provisioning:
        return
    labels = ", ".join(f"{key}={value}" for key, value in sorted(pool.labels.items()))
    yield f"The node provisioner also sets the labels {labels}."
    if taints := ", ".join(f"{t.key}={t.value}:{t.effect}" for t in pool.taints):
        yield f"The node provisioner sets the taints {taints}."
