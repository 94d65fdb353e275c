"""The owners and queues of each pool's GPUs: every tenant's share of every pool."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from blueprint.platform.nodes.offered import shown_amount
from blueprint.platform.queueing.engines import KAI, QueuedPool, SharedPlatform
from blueprint.platform.queueing.kai import queue_name
from blueprint.platform.tenants.lending import Lending
from blueprint.platform.tenants.model import Tenant
from blueprint.records import Record


class NamesQueues(Protocol):
    """Returns the names of Kueue's queues."""

    def queue_of(self, shares: Mapping[str, object]) -> str | None:
        """The name of the queue in the namespaces of a tenant with these quotas; None without one."""


class TenantShare(Record, kw_only=True):
    """A tenant's share of a pool.

    Attributes:
        tenant: The tenant.
        pool: The pool.
        engine: The engine of the pool.
        queue: The queue that its workloads specify.
        own: The guaranteed amount, as `4 gpu, 16 cpu`.
        most: The maximum that it can get while others use nothing.
        borrows: Whether the maximum exceeds the guaranteed amount.
        lends: Whether the blueprint limits what it lends.
        workloads: The kinds of workloads that are rendered for it.
    """

    tenant: str
    pool: str
    engine: str
    queue: str
    own: str
    most: str
    borrows: bool
    lends: bool
    workloads: tuple[str, ...]


def tenant_shares(platform: SharedPlatform, kueue: NamesQueues) -> Iterator[TenantShare]:
    """The shares of all tenants with namespaces, by tenant."""
    lending = platform.tenants.lending
    pools = {pool.name: pool for pool in platform.pools}
    for tenant in platform.tenants.users:
        for name in tenant.shares:
            if name in pools:
                yield _share(tenant, pools[name], kueue, lending)


def _share(tenant: Tenant, pool: QueuedPool, kueue: NamesQueues, lending: Lending) -> TenantShare:
    names = [name for name in pool.offered if name in tenant.shares[pool.name]]
    own = {name: lending.own(tenant, pool.name, name) for name in names}
    most = {name: lending.obtainable(tenant, pool.name, name) for name in names}
    queue = queue_name(tenant.name, pool.name) if pool.queue == KAI else kueue.queue_of(tenant.shares)
    return TenantShare(
        tenant=tenant.name, pool=pool.name, engine=pool.queue, queue=queue or "",
        own=", ".join(f"{shown_amount(name, own[name])} {name}" for name in names),
        most=", ".join(f"{shown_amount(name, most[name])} {name}" for name in names),
        borrows=most != own, lends=any(each.lend is not None for each in tenant.quota.get(pool.name, {}).values()),
        workloads=tenant.workloads,
    )  # fmt: skip
