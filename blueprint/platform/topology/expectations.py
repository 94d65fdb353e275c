"""Expectations about the location of nodes: the NVLink domain, and the kubelet's policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.platform.derivation import Derivation
from blueprint.platform.pool import GpuPool
from blueprint.probe.checks.kubelet import kubelet
from blueprint.probe.checks.nvlink_domain import Domain, nvlink_domain


def domain(pool: GpuPool) -> Domain | None:
    """The NVLink domain across nodes."""
    topology = pool.topology
    return Domain(topology.domain_nodes, topology.domain_label or "") if topology.domain_nodes else None


def kubelet_policies(pool: GpuPool) -> Mapping[str, str] | None:
    """The declared settings of the kubelet."""
    return pool.topology.kubelet or None


EXPECTATIONS: tuple[Derivation[Any], ...] = (
    Derivation(nvlink_domain, domain),
    Derivation(kubelet, kubelet_policies),
)
