"""Paths of sections of a blueprint, where values are read and diagnostics point."""

from __future__ import annotations

from blueprint.source.paths import Path

CLUSTER: Path = ("spec", "cluster")
COMPONENTS: Path = ("spec", "components")
GPU_STACK: Path = ("spec", "gpuStack")
POOLS: Path = ("spec", "nodePools")
