"""Checks of pools whose nodes Karpenter creates: machines, node classes, disruption, and unsupported features."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from blueprint.diagnostics import Diagnostic, nearest
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import ALLOCATION, POOLS
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.provisioning import codes
from blueprint.platform.provisioning.model import (
    CAPACITY_LABEL,
    INSTANCE_TYPE_LABEL,
    NODE_POOL_LABEL,
    ZONE_LABEL,
    PoolProvisioning,
    karpenter_path,
)
from blueprint.platform.provisioning.node_classes import NODE_CLASSES
from blueprint.platform.tenants.checks import declared_at
from blueprint.platform.topology.model import HOSTNAME
from blueprint.source.paths import Path
from blueprint.wording import counted, joined

_OWN_LABELS = "karpenter.sh/"
_NO_TAINTS_OF = "nvidia.com/"
"""The prefix of taints that nothing removes from a node."""


def check_provisioning(context: CheckContext) -> Iterator[Diagnostic]:
    """Check every pool alone, then the node classes."""
    for pool in context.pools.values():
        if pool.provisioning:
            for check in _CHECKS:
                yield from check(context, pool, pool.provisioning)
        yield from _prices(context, pool)
    yield from _node_classes(context)


def check_karpenter(context: CheckContext) -> Iterator[Diagnostic]:
    """Check Karpenter itself, if the blueprint installs it, and its support for claims."""
    component = context.platform.component_with("interruptionQueue")
    pools = [pool for pool in context.pools.values() if pool.provisioning]
    managed = component is not None and component.ownership == "managed"
    for pool in pools:
        yield from _claims(context, pool, managed=managed)
    if not pools or component is None or not managed:
        return
    path: Path = ("spec", "components", component.name)
    if not component.settings["clusterName"]:
        message = f"{component.name} has no clusterName, so its controller would not start"
        yield context.diagnostic_at_key(
            path, codes.CLUSTER_NAME_MISSING, message, help_="add settings: {clusterName: NAME}"
        )
    spot = [pool.name for pool in pools if pool.provisioning and "spot" in pool.provisioning.purchases]
    if spot and not component.settings["interruptionQueue"]:
        message = (
            f"pool {spot[0]} uses spot machines, but {component.name} has no interruptionQueue to drain them in time"
        )
        notes = (context.note(karpenter_path(spot[0], "capacity"), "spot"),)
        help_ = "add settings: {interruptionQueue: NAME}"
        yield context.diagnostic_at_key(path, codes.SPOT_WITHOUT_QUEUE, message, notes=notes, help_=help_)


def _cloud(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Machines of a cloud for which no node class is rendered."""
    runs = context.platform.cluster.distribution
    if provisioning.node_class_kind is None and context.catalog.clouds_of(runs):
        message = f"Karpenter cannot create nodes of pool {pool.name}, because it is not supported on {runs}"
        notes = (context.note(("spec", "cluster", "distribution"), "distribution set here"),)
        help_ = "remove karpenter, and declare nodes: {min, max}"
        yield context.diagnostic_at_key(
            karpenter_path(pool.name), codes.NO_NODE_CLASS_KIND, message, notes=notes, help_=help_
        )
        return
    for index, name in enumerate(provisioning.instance_types):
        machine = context.catalog.machine(name)
        if machine and machine.cloud.node_class is None and runs not in machine.cloud.distributions:
            if context.catalog.clouds_of(runs):
                continue  # a machine of another cloud than the distribution's: BP3152
            message = f"{name} is an instance type of {machine.cloud.title}, for which Karpenter is not supported"
            help_ = "use instance types of EC2"
            path = karpenter_path(pool.name, "instanceTypes", index)
            yield context.diagnostic_at(path, codes.NO_NODE_CLASS_KIND, message, help_=help_)


def _machine(context: CheckContext, pool: Pool, _: PoolProvisioning) -> Iterator[Diagnostic]:
    """An instance type for existing nodes in addition to those for created ones."""
    path = (*POOLS, pool.name, "machine", "instanceType")
    if context.is_written(path):
        message = (
            f"machine.instanceType has no effect: karpenter.instanceTypes determines the machines of pool {pool.name}"
        )
        notes = (context.note(karpenter_path(pool.name, "instanceTypes"), "instance types"),)
        yield context.diagnostic_at(path, codes.MACHINE_BESIDE_TYPES, message, notes=notes, help_="remove it")


def _nodes(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """A minimum number of nodes that nothing maintains, or a static pool without a single number."""
    path = (*POOLS, pool.name, "nodes")
    if provisioning.static and pool.nodes_min != pool.nodes_max:
        message = f"pool {pool.name} is static, but has {pool.nodes_min} to {pool.nodes_max} nodes"
        notes = (context.note(karpenter_path(pool.name, "static"), "static"),)
        help_ = f"set nodes: {pool.nodes_max}"
        yield context.diagnostic_at(path, codes.STATIC_RANGE, message, notes=notes, help_=help_)
    elif not provisioning.static and pool.nodes_min:
        message = f"pool {pool.name} declares at least {counted(pool.nodes_min, 'node')}, but Karpenter keeps none"
        help_ = (
            f"set nodes: {{min: 0, max: {pool.nodes_max}}}, or karpenter: {{static: true}} and a single number of nodes"
        )
        at = (*path, "min") if context.is_written((*path, "min")) else path
        yield context.diagnostic_at(at, codes.NODES_ALWAYS_THERE, message, help_=help_)


def _selector(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Labels whose values Karpenter or the cloud determine."""
    decided = {
        NODE_POOL_LABEL: (pool.name,),
        CAPACITY_LABEL: provisioning.purchases,
        INSTANCE_TYPE_LABEL: provisioning.instance_types,
        ZONE_LABEL: provisioning.zones,
    }
    for key, values in decided.items():
        value = pool.selector.get(key)
        if value is not None and values and value not in values:
            message = f"pool {pool.name} selects {key}={value}, but its nodes have {joined(values)}"
            path = (*POOLS, pool.name, "selector", key)
            fix = values[0] if len(values) == 1 else None
            yield context.diagnostic_at(
                path, codes.SELECTOR_NEVER_MET, message, help_=f"use {joined(values, 'or')}", fix=fix
            )


def _reserved(context: CheckContext, pool: Pool, _: PoolProvisioning) -> Iterator[Diagnostic]:
    """Labels that no NodePool may set."""
    for key in pool.selector:
        own = key.startswith(_OWN_LABELS) and key not in (NODE_POOL_LABEL, CAPACITY_LABEL)
        if own or key == HOSTNAME:
            message = f"pool {pool.name} selects {key}, which Karpenter does not allow in a node pool"
            path = (*POOLS, pool.name, "selector", key)
            help_ = "use another label, or remove the selector"
            yield context.diagnostic_at_key(path, codes.SELECTOR_OF_KARPENTER, message, help_=help_)


def _startup_taints(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Taints of new nodes that nothing removes."""
    for index, taint in enumerate(provisioning.startup_taints):
        if taint.key.startswith(_NO_TAINTS_OF):
            message = f"nothing removes the startup taint {taint.key} from nodes of pool {pool.name}"
            path = karpenter_path(pool.name, "startupTaints", index)
            help_ = "remove it: pods wait for the device plugin anyway"
            yield context.diagnostic_at(path, codes.STARTUP_TAINT_STAYS, message, help_=help_)


def _disruption(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Nodes that may be removed while tenants' jobs run on them."""
    tenants = [tenant.name for tenant in context.platform.tenants.every if tenant.quota.get(pool.name)]
    ways = {
        "when": provisioning.evicts and "nodes may be removed while pods run on them",
        "expireAfter": provisioning.expire_after != "Never" and f"nodes are removed after {provisioning.expire_after}",
    }
    for key, how in ways.items() if tenants and pool.gpu else ():
        if how:
            message = f"jobs of {tenants[0]} run on pool {pool.name}, but its {how}"
            path = karpenter_path(pool.name, "disruption", key)
            help_ = {"when": "set when: empty", "expireAfter": "set expireAfter: Never"}[key]
            yield context.diagnostic_at(path, codes.JOBS_DISRUPTED, message, help_=help_)


def _spot(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Guaranteed quotas on machines that may be reclaimed at any time."""
    only = provisioning.purchases == ("spot",)
    for tenant in context.platform.tenants.users:  # the quota of a group is nobody's own
        quotas = tenant.quota.get(pool.name, {})
        names = [name for name in quotas if quotas[name].guaranteed != "0" and (name == "spot" or only)]
        if names:
            message = f"tenant {tenant.name} has a guaranteed quota on spot machines of pool {pool.name}"
            path = declared_at(context, tenant, "quota", pool.name)
            notes = (context.note(karpenter_path(pool.name, "capacity"), "spot"),)
            help_ = "guarantee on-demand machines instead, or let the tenant borrow from its group"
            yield context.diagnostic_at_key(path, codes.GUARANTEED_ON_SPOT, message, notes=notes, help_=help_)


def _instances(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Combinations of profiles and purchase types, of which quotas count only one."""
    partition = pool.partition if isinstance(pool, GpuPool) else None
    if partition and len(provisioning.purchases) > 1 and len(partition.requestable) > 1:
        message = f"quotas cannot count both profiles and purchase types, but pool {pool.name} has several of both"
        path, help_ = karpenter_path(pool.name, "capacity"), "create a pool for each purchase type"
        yield context.diagnostic_at(path, codes.PURCHASES_OF_INSTANCES, message, help_=help_)


def _reservations(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """Reserved capacity without a reservation."""
    node_class = context.platform.provisioning.node_class(provisioning.node_class)
    if node_class and "reserved" in provisioning.purchases and not node_class.reservations:
        message = f"pool {pool.name} uses reserved machines, but node class {node_class.name} selects no reservation"
        notes = (context.note((*NODE_CLASSES, node_class.name), "the node class"),)
        help_ = "add reservations: {ids: [cr-...]} to the node class"
        path = karpenter_path(pool.name, "capacity")
        yield context.diagnostic_at(path, codes.RESERVED_WITHOUT_RESERVATION, message, notes=notes, help_=help_)


def _node_class(context: CheckContext, pool: Pool, provisioning: PoolProvisioning) -> Iterator[Diagnostic]:
    """A reference to an undeclared node class."""
    names = [each.name for each in context.platform.provisioning.node_classes]
    name = provisioning.node_class
    if names and name not in names:
        message = f"pool {pool.name} uses the node class {name}, but the blueprint declares only {joined(names)}"
        path = karpenter_path(pool.name, "nodeClass")
        help_ = "declare it, or make sure that it already exists in the cluster"
        yield context.diagnostic_at(path, codes.NODE_CLASS_UNDECLARED, message, help_=help_, fix=nearest(name, names))


def _prices(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    """Prices for purchase types that the pool does not have."""
    path = (*POOLS, pool.name, "costPerGpuHour")
    node = context.root.get(path)
    for purchase in node.value if node and isinstance(node.value, dict) else ():
        if purchase not in pool.purchases:
            has = f"has {joined(pool.purchases)}" if pool.purchases else "is not created by Karpenter"
            message = f"costPerGpuHour has a price for {purchase}, but pool {pool.name} {has}"
            help_ = "remove it" if pool.purchases else "set costPerGpuHour to a single number"
            at = (*path, purchase)
            yield context.diagnostic_at_key(at, codes.PRICE_OF_ANOTHER_PURCHASE, message, help_=help_)


def _node_classes(context: CheckContext) -> Iterator[Diagnostic]:
    """Check each declared node class: whether a pool uses it, and which operating system it starts."""
    used = {pool.provisioning.node_class: pool for pool in context.pools.values() if pool.provisioning}
    written, os = context.root.get(POOLS), context.platform.cluster.os
    complete = written is not None and len(written.value) == len(context.pools)  # other pools have their own findings
    for node_class in context.platform.provisioning.node_classes:
        path = (*NODE_CLASSES, node_class.name)
        if node_class.name not in used and complete:
            message = f"no pool uses the node class {node_class.name}"
            yield context.diagnostic_at_key(path, codes.NODE_CLASS_UNUSED, message, help_="remove it")
        elif (
            node_class.system
            and node_class.name in used
            and used[node_class.name].gpu
            and os.partition("-")[0] != node_class.system
        ):
            message = f"node class {node_class.name} starts {node_class.system}, but GPU nodes of the cluster run {os}"
            notes = (context.note(("spec", "cluster", "os"), "operating system of the GPU nodes"),)
            help_ = f"set cluster: {{os: {node_class.system}-...}}, or use an image with {os}"
            at = (*path, "image") if node_class.alias else (*path, "image", "family")
            yield context.diagnostic_at(at, codes.NODE_CLASS_SYSTEM, message, notes=notes, help_=help_)


def _claims(context: CheckContext, pool: Pool, *, managed: bool) -> Iterator[Diagnostic]:
    """Claimed GPUs on nodes that are created only for pending pods."""
    claimed = pool.gpu is not None and pool.claimed
    if not claimed or pool.provisioning is None or pool.provisioning.static:
        return
    ignored = not managed or context.platform.setting("ignoreDraRequests") is not False
    code = codes.CLAIMS_NOT_PROVISIONED if ignored else codes.CLAIMS_EXPERIMENTAL
    does = "creates no nodes for pods that claim devices" if ignored else "supports claims only experimentally"
    message = f"pods claim the GPUs of pool {pool.name}, but Karpenter {does}"
    notes = (context.note(ALLOCATION, "pods claim GPUs"),)
    help_ = "set karpenter: {static: true} and a single number of nodes, or allocation: devicePlugin"
    yield context.diagnostic_at_key(karpenter_path(pool.name), code, message, notes=notes, help_=help_)


_CHECKS: tuple[Callable[[CheckContext, Pool, PoolProvisioning], Iterator[Diagnostic]], ...] = (
    _cloud,
    _machine,
    _nodes,
    _selector,
    _reserved,
    _startup_taints,
    _disruption,
    _spot,
    _instances,
    _reservations,
    _node_class,
)
