"""Pools whose GPUs KAI shares among pods."""

from __future__ import annotations

from typing import Protocol

from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.queueing.engines import KAI
from blueprint.units import quantity_value

_GPU, _RESOURCE = "gpu", "nvidia.com/gpu"


class SharesGpus(Protocol):
    """KAI's configuration of GPU sharing."""

    @property
    def gpu_sharing(self) -> bool:
        """Whether pods may request fractional GPUs."""


def gpus_shared_by_kai(pool: Pool, kai: SharesGpus | None) -> int:
    """The number of GPUs per node that pods may share: whole ones that are not claimed; otherwise 0."""
    offered = pool.offered.get(_GPU)
    if kai is None or not kai.gpu_sharing or pool.queue != KAI or pool.claimed or not isinstance(pool, GpuPool):
        return 0
    partitioned = any(group.instances for group in pool.partition.groups)
    whole = offered is not None and offered.resource == _RESOURCE and not partitioned
    return int(quantity_value(offered.amount or "0")) if offered and whole else 0
