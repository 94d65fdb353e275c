"""Checks of admission checks: whether a pool's autoscaler can handle requests for nodes."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, known_names, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.provisioning.model import karpenter_path
from blueprint.platform.queueing import codes
from blueprint.platform.queueing.checks import KUEUE as SECTION
from blueprint.platform.queueing.engines import KUEUE, NONE
from blueprint.platform.queueing.provisioned import ProvisioningCheck
from blueprint.source.paths import Path
from blueprint.wording import joined

CHECKS: Path = (*SECTION, "provisioningRequests")


def check_provisioned(context: CheckContext) -> Iterator[Diagnostic]:
    """Check each admission check alone, then pools with two checks."""
    queueing = context.platform.queueing
    seen: dict[str, Path] = {}
    for check in queueing.kueue.checks if queueing and queueing.kueue else ():
        yield from _class(context, check)
        yield from _retries(context, check)
        for index, name in enumerate(check.pool_names):
            path = (*CHECKS, check.name, "pools", index)
            yield from _pool(context, check, name, path)
            if name in seen:
                message = f"pool {name} has two admission checks, {seen[name][-3]} and {check.name}"
                notes = (context.note(seen[name], "the other check"),)
                yield context.diagnostic_at(path, codes.PROVISIONED_TWICE, message, notes=notes)
            seen.setdefault(name, path)


def _class(context: CheckContext, check: ProvisioningCheck) -> Iterator[Diagnostic]:
    """Check that the class is available on the cluster's distribution."""
    only, here = check.answered.distributions, context.platform.cluster.distribution
    if only and here not in only:
        path = (*CHECKS, check.name, "class")
        message = f"{check.answered.name} is supported only on {joined(only)}, but the cluster is {here}"
        help_ = "with Cluster Autoscaler, use class: atomicScaleUp"
        yield context.diagnostic_at(path, codes.PROVISIONING_CLASS_NOT_THERE, message, help_=help_)


def _retries(context: CheckContext, check: ProvisioningCheck) -> Iterator[Diagnostic]:
    first, longest = check.retry_base_seconds, check.retry_max_seconds
    if first > longest:
        message = f"check {check.name} has a first retry delay of {first} s, which exceeds its maximum of {longest} s"
        key = "retryBaseSeconds" if context.is_written((*CHECKS, check.name, "retryBaseSeconds")) else "retryMaxSeconds"
        yield context.diagnostic_at((*CHECKS, check.name, key), codes.RETRY_ORDER, message)


def _pool(context: CheckContext, check: ProvisioningCheck, name: str, path: Path) -> Iterator[Diagnostic]:
    """Check whether nodes of a pool can be requested."""
    pool = context.pools.get(name)
    if pool is None:
        if not context.is_written((*POOLS, name)):  # errors in an existing pool are reported there
            names = sorted(context.pools)
            help_, fix = known_names(name, names), nearest(name, names)
            message = f"there is no pool {name}"
            yield context.diagnostic_at(path, codes.PROVISIONED_POOL_UNKNOWN, message, help_=help_, fix=fix)
    elif pool.queue != KUEUE:
        message = f"pool {name} belongs to {pool.queue}" if pool.queue != NONE else f"no engine queues for pool {name}"
        message += ", but admission checks apply only to workloads of Kueue"
        yield context.diagnostic_at(path, codes.PROVISIONED_POOL_NOT_QUEUED, message)
    elif pool.provisioning:
        message = f"Karpenter creates the nodes of pool {name}, but does not handle ProvisioningRequests"
        notes = (context.note(karpenter_path(name), "because of this"),)
        help_ = "remove the pool; only Cluster Autoscaler and GKE's queued provisioning handle them"
        yield context.diagnostic_at(path, codes.PROVISIONED_BY_KARPENTER, message, notes=notes, help_=help_)
    elif pool.gpu and pool.claimed:
        message = f"pods claim the GPUs of pool {name}, but requests for nodes contain no claims"
        help_ = "remove the pool, or let a device plugin offer its GPUs"
        yield context.diagnostic_at(path, codes.PROVISIONED_CLAIMS, message, help_=help_)
    else:
        yield from _size(context, check, pool, path)


def _size(context: CheckContext, check: ProvisioningCheck, pool: Pool, path: Path) -> Iterator[Diagnostic]:
    """Check that nodes are added exactly where this is possible."""
    notes = (context.note((*POOLS, pool.name, "nodes"), "nodes"),)
    grows = pool.nodes_min < pool.nodes_max
    if check.answered.adds_nodes and not grows:
        message = (
            f"check {check.name} requests additional nodes, but pool {pool.name} has a fixed size of {pool.nodes_max}"
        )
        help_ = "set nodes: {min, max}, or use class: checkCapacity"
        yield context.diagnostic_at(path, codes.PROVISIONED_POOL_FIXED, message, notes=notes, help_=help_)
    elif grows and not check.answered.adds_nodes:
        message = (
            f"check {check.name} considers only existing nodes, so the autoscaler never adds any to pool "
            f"{pool.name} for pending workloads"
        )
        help_ = "use class: atomicScaleUp"
        yield context.diagnostic_at(path, codes.CAPACITY_ONLY_CHECKED, message, notes=notes, help_=help_)
