"""Prerequisites of queues: autoscalers that handle requests for nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.platform.model import Platform
from blueprint.platform.pool import Pool
from blueprint.platform.queueing.provisioned import ProvisioningCheck


def cluster_prerequisites(platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of the cluster for each check; sentences common to several checks are combined."""
    for check in _checks(platform):
        yield iter(check.answered.needs)


def pool_prerequisites(pool: Pool, platform: Platform) -> Iterator[Iterator[str]]:
    """The prerequisites of one pool's autoscaler."""
    for check in _checks(platform):
        yield _of_pool(check, pool)


def _of_pool(check: ProvisioningCheck, pool: Pool) -> Iterator[str]:
    if pool in check.pools:
        yield from check.answered.pool_needs
        yield f"The autoscaler handles ProvisioningRequests of class {check.answered.name} for nodes of the pool."


def _checks(platform: Platform) -> tuple[ProvisioningCheck, ...]:
    queueing = platform.queueing
    return queueing.kueue.checks if queueing and queueing.kueue else ()
