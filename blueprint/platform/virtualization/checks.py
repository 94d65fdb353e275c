"""Checks of virtual machines: which nodes run them, and what gets their GPUs."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.distribution import IN_BLUEPRINT
from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.virtualization import codes
from blueprint.platform.virtualization.kata_checks import check_kata
from blueprint.platform.virtualization.model import CONTAINER, PASSTHROUGH, WORKLOAD_LABEL
from blueprint.source.paths import Path


def check_virtualization(context: CheckContext) -> Iterator[Diagnostic]:
    """Check nodes that run virtual machines."""
    yield from check_kata(context)
    virtualization = context.platform.virtualization
    for name, pool in context.pools.items():
        yield from _label(context, name, pool)
        if virtualization.enabled:
            yield from _gpus(context, name, pool)
    if not virtualization.enabled:
        return
    if not virtualization.requested and all(
        pool.selector.get(WORKLOAD_LABEL) != PASSTHROUGH for pool in context.pools.values()
    ):
        message = "sandboxWorkloads is enabled, but no pool's nodes run virtual machines"
        help_ = f"select a pool by {WORKLOAD_LABEL}: {PASSTHROUGH}"
        path, code = context.setting_path("sandboxWorkloads"), codes.NO_NODE_FOR_MACHINES
        yield context.diagnostic_at(path, code, message, help_=help_)
    if not virtualization.advertised:
        message = "no component advertises the GPUs of nodes that run virtual machines"
        path, code = context.setting_path("kataDevicePlugin"), codes.PASSED_GPUS_NOT_ADVERTISED
        yield context.diagnostic_at(path, code, message, help_="remove it")


def _label(context: CheckContext, name: str, pool: Pool) -> Iterator[Diagnostic]:
    """The workload type of the pool's nodes, according to its selector."""
    workload = pool.selector.get(WORKLOAD_LABEL)
    path: Path = (*POOLS, name, "selector", WORKLOAD_LABEL)
    if workload not in (None, CONTAINER, PASSTHROUGH):
        message = f"pool {name} selects nodes with the workload type {workload}, which is not supported"
        near = nearest(str(workload), (CONTAINER, PASSTHROUGH))
        yield context.diagnostic_at(
            path, codes.WORKLOAD_UNKNOWN, message, help_=f"use {CONTAINER} or {PASSTHROUGH}", fix=near
        )
    elif workload == PASSTHROUGH and not context.platform.virtualization.enabled:
        message = f"nodes of pool {name} are labelled for virtual machines, but no component runs any"
        help_ = f"use {IN_BLUEPRINT['clusterPolicy']} and sandboxWorkloads: true of gpu-operator, or remove the label"
        yield context.diagnostic_at(path, codes.WORKLOAD_UNUSED, message, help_=help_)


def _gpus(context: CheckContext, name: str, pool: Pool) -> Iterator[Diagnostic]:
    """GPUs about which nothing is known in advance."""
    workload = pool.selector.get(WORKLOAD_LABEL)
    if (
        pool.gpu is None
        or pool.passes_gpus
        or (workload or context.platform.virtualization.default_workload) != PASSTHROUGH
    ):
        return
    because = (*POOLS, name, "selector", WORKLOAD_LABEL) if workload else context.setting_path("defaultWorkload")
    message = f"the GPUs of pool {name} are passed through to virtual machines, but the pool has no kata"
    help_ = "add kata: {}, or remove gpu" + (
        "" if workload else f", or select the pool by {WORKLOAD_LABEL}: {CONTAINER}"
    )
    notes = (context.note(because, "the nodes run virtual machines because of this"),)
    yield context.diagnostic_at(
        (*POOLS, name, "gpu"), codes.GPUS_OF_VIRTUAL_MACHINES, message, help_=help_, notes=notes
    )
