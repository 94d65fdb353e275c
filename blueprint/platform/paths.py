"""Paths of blueprint sections, for reading values and for diagnostics."""

from __future__ import annotations

from blueprint.catalog.distribution import WITH_CLAIMS, Stack
from blueprint.source.paths import Path

CLUSTER: Path = ("spec", "cluster")
COMPONENTS: Path = ("spec", "components")
GPU_STACK: Path = ("spec", "gpuStack")
ALLOCATION: Path = ("spec", "allocation")
POOL_DEFAULTS: Path = ("spec", "poolDefaults")
POOLS: Path = ("spec", "nodePools")


def stack_path(stack: Stack) -> Path:
    """The path in a blueprint that determines a stack."""
    return ALLOCATION if stack in WITH_CLAIMS else GPU_STACK
