"""What can be wrong where nodes run virtual machines: which nodes, and whose their GPUs are."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import CONTAINER, PASSTHROUGH, WORKLOAD_LABEL
from blueprint.platform.virtualization import codes
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool

_SETTINGS: Path = ("spec", "components", "gpu-operator", "settings")


def check_virtualization(context: CheckContext) -> Iterator[Diagnostic]:
    """Everything about nodes that run virtual machines."""
    operator = context.spec.components.get("gpu-operator")
    settings = operator.settings if operator and context.spec.gpu_stack == "clusterPolicy" else {}
    on = settings.get("sandboxWorkloads") is True
    for name, pool in context.spec.node_pools.items():
        yield from _label(context, name, pool, on=on)
        if on:
            yield from _gpus(context, name, pool, str(settings.get("defaultWorkload", CONTAINER)))
    if on and all(pool.selector.get(WORKLOAD_LABEL) != PASSTHROUGH for pool in context.spec.node_pools.values()):
        message = "sandboxWorkloads is on, and no pool's nodes run virtual machines"
        help_ = f"select a pool by {WORKLOAD_LABEL}: {PASSTHROUGH}"
        yield context.diagnostic_at((*_SETTINGS, "sandboxWorkloads"), codes.NO_NODE_FOR_MACHINES, message, help_=help_)
    if on and settings.get("kataDevicePlugin") is False:
        message = "nobody advertises the GPUs of nodes that run virtual machines"
        yield context.diagnostic_at(
            (*_SETTINGS, "kataDevicePlugin"), codes.NOBODY_ADVERTISES, message, help_="remove it"
        )


def _label(context: CheckContext, name: str, pool: NodePool, *, on: bool) -> Iterator[Diagnostic]:
    """What the pool's selector says its nodes run."""
    said = pool.selector.get(WORKLOAD_LABEL)
    path: Path = (*POOLS, name, "selector", WORKLOAD_LABEL)
    if said not in (None, CONTAINER, PASSTHROUGH):
        message = f"nodes of pool {name} would run {said}, which is nothing that they can run"
        near = nearest(str(said), (CONTAINER, PASSTHROUGH))
        yield context.diagnostic_at(
            path, codes.WORKLOAD_UNKNOWN, message, help_=f"{CONTAINER} or {PASSTHROUGH}", fix=near
        )
    elif said == PASSTHROUGH and not on:
        message = f"nodes of pool {name} are marked for virtual machines, and nothing here runs any"
        help_ = "gpuStack: clusterPolicy with sandboxWorkloads: true of gpu-operator, or remove the label"
        yield context.diagnostic_at(path, codes.WORKLOAD_UNUSED, message, help_=help_)


def _gpus(context: CheckContext, name: str, pool: NodePool, default: str) -> Iterator[Diagnostic]:
    """GPUs of which nothing can be promised."""
    said = pool.selector.get(WORKLOAD_LABEL)
    if pool.gpu is None or (said or default) != PASSTHROUGH:
        return
    because = (*POOLS, name, "selector", WORKLOAD_LABEL) if said else (*_SETTINGS, "defaultWorkload")
    message = f"the GPUs of pool {name} are passed through to virtual machines, which is not described here yet"
    help_ = "remove gpu" + ("" if said else f", or select the pool by {WORKLOAD_LABEL}: {CONTAINER}")
    notes = (context.note(because, "this is what the nodes run"),)
    yield context.diagnostic_at(
        (*POOLS, name, "gpu"), codes.GPUS_OF_VIRTUAL_MACHINES, message, help_=help_, notes=notes
    )
