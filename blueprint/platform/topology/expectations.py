"""What nodes must show of their place: the NVLink domain, and the kubelet's policies."""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.platform.pool import GpuPool
from blueprint.probe.checks.nvlink_domain import Domain


def nvlink_domain(pool: GpuPool) -> Domain | None:
    """The NVLink domain across nodes."""
    place = pool.place
    return Domain(place.domain_nodes, place.domain_label or "") if place.domain_nodes else None


def kubelet(pool: GpuPool) -> Mapping[str, str] | None:
    """The declared settings of the kubelet."""
    return pool.place.kubelet or None
