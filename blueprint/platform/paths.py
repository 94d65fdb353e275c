"""Paths of sections of a blueprint, where values are read and diagnostics point."""

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
    """The line of a blueprint that decides a stack."""
    return ALLOCATION if stack in WITH_CLAIMS else GPU_STACK
