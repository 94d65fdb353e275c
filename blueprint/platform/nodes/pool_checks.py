"""Checks of pools: pools that never have nodes, taints of the cluster, and values without effect if there are no
GPUs.
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic
from blueprint.platform import codes as platform_codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.nodes import codes
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.virtualization.model import PASSTHROUGH, WORKLOAD_LABEL

_NEEDS_GPU = ("driver", "owner", "expect", "costPerGpuHour")
_OF_THE_CLUSTER = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node-role.kubernetes.io/control-plane")
"""Prefixes of taints that the cluster sets and removes."""


def check_pools(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool alone, then all together."""
    for pool in context.pools.values():
        yield from _without_gpu(context, pool)
        yield from _without_nodes(context, pool)
        yield from _taints_of_the_cluster(context, pool)
    yield from _none_has_gpus(context)


def _without_gpu(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Values that apply only to pools with GPUs."""
    for key in _NEEDS_GPU if pool.gpu is None else ():
        if context.root.get((*POOLS, pool.name, key)):
            message = f"pool {pool.name} has no gpu, so {key} has no effect"
            code, help_ = platform_codes.GPU_MISSING, f"add gpu, or remove {key}"
            yield context.diagnostic_at((*POOLS, pool.name, key), code, message, help_=help_)


def _without_nodes(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """A pool that never has a node."""
    if pool.nodes_max == 0:
        message, help_ = f"pool {pool.name} never has a node", "declare a maximum of at least 1"
        yield context.diagnostic_at((*POOLS, pool.name, "nodes"), codes.POOL_WITHOUT_NODES, message, help_=help_)


def _taints_of_the_cluster(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Taints with which the cluster marks the state of nodes."""
    for taint in pool.taints:
        if taint.key.startswith(_OF_THE_CLUSTER):
            message = f"pool {pool.name} declares the taint {taint.key}, which Kubernetes itself sets"
            path, help_ = (*POOLS, pool.name, "taints", taint.key), "use a key in your own domain"
            yield context.diagnostic_at_key(path, codes.TAINT_OF_THE_CLUSTER, message, help_=help_)


def _none_has_gpus(context: CheckContext) -> Iterator[Diagnostic]:
    """A platform without GPUs. Not reported for unknown instance types."""
    written = context.root.get(POOLS)
    for name in written.value if written else ():
        pool = context.pools.get(name)
        if pool is None or pool.gpu or pool.selector.get(WORKLOAD_LABEL) == PASSTHROUGH:
            return
        machine = pool.hardware.instance_type
        if machine and context.catalog.machine(machine) is None:
            return
    message = "no pool has GPUs, so the GPU stack has nothing to run on"
    yield context.diagnostic_at_key(POOLS, codes.NO_GPUS, message, help_="add gpu: {product, count} to a pool")
