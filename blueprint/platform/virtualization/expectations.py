"""Expectations about nodes that run virtual machines: NVML sees no GPUs there, so the kernel's files are used."""

from __future__ import annotations

from typing import Any

from blueprint.platform.derivation import Derivation
from blueprint.platform.pool import Pool
from blueprint.probe.checks.guests import kvm, memory_encryption
from blueprint.probe.checks.passed_gpus import iommu_groups, no_host_driver, passed_gpus


def _passes(pool: Pool) -> bool | None:
    return pool.passes_gpus or None


def _runs(pool: Pool) -> bool | None:
    return pool.kata is not None or None


EXPECTATIONS: tuple[Derivation[Any], ...] = (
    Derivation(passed_gpus, lambda pool: pool.gpu.count if pool.gpu and pool.passes_gpus else None, machines=True),
    Derivation(no_host_driver, _passes, machines=True),
    Derivation(iommu_groups, _passes, machines=True),
    Derivation(kvm, _runs, machines=True),
    Derivation(memory_encryption, lambda pool: pool.kata.confidential if pool.kata else None, machines=True),
)
"""The expectations for pools with `kata`, with or without GPUs."""
