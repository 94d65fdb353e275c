"""Determines which engine queues workloads for which pool."""

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
"""The value of a pool's `queue` for no engine."""
SHARD_LABEL = "kai.scheduler/node-pool"
"""The label of nodes, queues and workloads with the name of a KAI shard, which is a pool."""


class LevelsView(Protocol):
    """The location of a pool's nodes."""

    @property
    def labels(self) -> Mapping[str, int]:
        """Labels for a node's location, widest first."""


class QueuedPool(PoolView, Protocol):
    """A pool whose nodes are shared by tenants."""

    @property
    def nodes_max(self) -> int:
        """The maximum number of nodes."""

    @property
    def selector(self) -> Mapping[str, str]:
        """The labels that select the nodes."""

    @property
    def made_for_pods(self) -> bool:
        """Whether its nodes are created only for pending pods."""

    @property
    def topology(self) -> LevelsView:
        """The location of its nodes."""

    @property
    def offered(self) -> Mapping[str, Offered]:
        """The resources that pods can request from each node, by the name in quotas."""

    @property
    def queue(self) -> str:
        """The queueing engine that admits its workloads; `none` without one."""

    @property
    def declares_queue(self) -> bool:
        """Whether the pool itself declares it."""


class OwnedPool(Protocol):
    """A pool that tenants may share."""

    @property
    def name(self) -> str:
        """The name in the blueprint."""

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
        """All tenants of the platform."""


def engines_of(spec: QueueingSpec | None) -> tuple[str, ...]:
    """The engines of a blueprint, by their keys in `queueing`."""
    if spec is None:
        return ()
    present: Mapping[str, object] = {KUEUE: spec.kueue, KAI: spec.kai}
    return tuple(name for name, engine in present.items() if engine is not None)


def is_shared(pool: OwnedPool, tenants: Tenants) -> bool:
    """Whether an engine queues for a pool: it has GPUs, or a tenant has quota for it."""
    with untracked():
        return pool.gpu is not None or any(pool.name in tenant.quota for tenant in tenants.every)


def engine_of(declared: str | None, engines: Sequence[str]) -> str:
    """The engine of a pool: the declared one, or the only one."""
    return declared or (engines[0] if len(engines) == 1 else NONE)


def pools_of(engine: str, platform: SharedPlatform) -> tuple[QueuedPool, ...]:
    """The pools for which an engine queues."""
    with untracked():
        pools = platform.pools
        declared = [pool for pool in pools if pool.declares_queue]
        chosen = tuple(pool for pool in pools if pool.queue == engine and is_shared(pool, platform.tenants))
    decided_by(*(pool.queue for pool in declared))
    return chosen
