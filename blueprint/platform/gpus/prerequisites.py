"""Prerequisites of GPUs: the GPUs of each node."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, Pool


def pool_prerequisites(pool: Pool, _: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the GPUs on a pool's nodes."""
    if isinstance(pool, GpuPool):
        yield _gpus(pool)


def _gpus(pool: GpuPool) -> Iterator[str]:
    yield f"Each node has {pool.gpu.count} x {pool.gpu.product}, all visible to the operating system."
