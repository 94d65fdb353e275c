"""Which engine queues workloads for which pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from blueprint.platform.nodes.offered import Offered
from blueprint.platform.tenants.model import Tenants
from blueprint.platform.tracking.recorder import decided_by, untracked
from blueprint.platform.views import GpuView, PoolView
from blueprint.spec.queueing import QueueingSpec

KUEUE = "kueue"
KAI = "kai"
NONE = "none"
"""What a pool says for which nothing queues."""
SHARD_LABEL = "kai.scheduler/node-pool"
"""The label of nodes, queues and workloads that names a shard of KAI: a pool."""


class LevelsView(Protocol):
    """Where the nodes of a pool stand."""

    @property
    def labels(self) -> Mapping[str, int]:
        """Labels that say where a node stands, widest first."""


class QueuedPool(PoolView, Protocol):
    """A pool whose nodes tenants share."""

    @property
    def nodes_max(self) -> int:
        """Most nodes."""

    @property
    def selector(self) -> Mapping[str, str]:
        """Labels by which the nodes are known."""

    @property
    def made_for_pods(self) -> bool:
        """Whether its nodes are made only when pods wait for them."""

    @property
    def topology(self) -> LevelsView:
        """Where its nodes stand."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """What pods can request of each node, by the name that quotas have for it."""

    @property
    def queue(self) -> str:
        """The queueing engine that admits its workloads; None without one."""

    @property
    def declares_queue(self) -> bool:
        """Whether it says so itself."""


class OwnedPool(Protocol):
    """A pool that tenants may share."""

    @property
    def name(self) -> str:
        """Its name in the blueprint."""

    @property
    def gpu(self) -> GpuView | None:
        """The GPUs of each node."""


class SharedPlatform(Protocol):
    """A platform whose pools belong to engines."""

    @property
    def pools(self) -> Sequence[QueuedPool]:
        """All pools."""

    @property
    def tenants(self) -> Tenants:
        """Everybody who shares it."""


def engines_of(spec: QueueingSpec | None) -> tuple[str, ...]:
    """The engines of a blueprint, by their keys in `queueing`."""
    if spec is None:
        return ()
    present: Mapping[str, object] = {KUEUE: spec.kueue, KAI: spec.kai}
    return tuple(name for name, engine in present.items() if engine is not None)


def is_shared(pool: OwnedPool, tenants: Tenants) -> bool:
    """Whether an engine queues for a pool: it has GPUs, or a tenant has quota of it."""
    with untracked():
        return pool.gpu is not None or any(pool.name in tenant.quota for tenant in tenants.every)


def engine_of(declared: str | None, engines: Sequence[str]) -> str:
    """The engine of a pool: the one that it names, or the only one."""
    return declared or (engines[0] if len(engines) == 1 else NONE)


def pools_of(engine: str, platform: SharedPlatform) -> tuple[QueuedPool, ...]:
    """The pools for which an engine queues."""
    with untracked():
        pools = platform.pools
        declared = [pool for pool in pools if pool.declares_queue]
        chosen = tuple(pool for pool in pools if pool.queue == engine and is_shared(pool, platform.tenants))
    decided_by(*(pool.queue for pool in declared))
    return chosen
