"""The operands and options that the ClusterPolicy enables, compared with the pools' requirements."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import Object
from blueprint.check.common.pools import (
    KUBELET_ELSEWHERE,
    OPERAND_OFF,
    PARTITION_CHANGED,
    kubelet_elsewhere,
    modules_off,
)
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import PoolOffer, RuleContext
from blueprint.diagnostics import Severity, define
from blueprint.effective.operator import Section

OTHER_OWNER = define("BP6481", "operand-of-another-owner", page=__file__)
STRATEGY_CHANGED = define("BP6482", "mig-strategy-contradicts-pools", page=__file__)
NO_CONTAINERS = define("BP6483", "gpus-for-virtual-machines-by-default", page=__file__)
CDI_OFF = define("BP6484", "cdi-switched-off-by-hand", page=__file__, severity=Severity.WARNING)

_PARTS = {"driver": "driver", "toolkit": "container toolkit", "devicePlugin": "device plugin"}
_OWNER = {
    "driver": "owner: {driver: host}",
    "toolkit": "owner: {toolkit: host}",
    "devicePlugin": "owner: {devicePlugin: host}",
}
_WORKLOAD, _CONTAINER = "nvidia.com/gpu.workload.config", "container"


@rule(OPERAND_OFF, tags=("operator",), needs=(Capability.POOLS,))
def needed(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A disabled operand that a pool needs."""
    for name, title in _PARTS.items() if _in_force(subject, context) else ():
        section, delegated = Section(subject, ("spec", name)), name == "driver" and context.operator.uses_driver_objects
        pool = next((each for each in context.pools if each.owners.get(name) == "operator"), None)
        if pool and not section.is_enabled and not delegated:
            text = f"spec.{name}.enabled is false, but pool {pool.name} needs the operator's {title}"
            help_ = f"remove it, or set {_OWNER[name]} in the pool"
            yield ObjectFinding(OPERAND_OFF, ("spec", name, "enabled"), text, help_)
    if _in_force(subject, context):
        yield from _partitioning_off(subject, context)
        yield from _exporter_off(subject, context)
        if not context.operator.uses_driver_objects:
            yield from modules_off(subject, ("spec",), ("spec", "driver", "rdma"), context.pools)


def _exporter_off(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """An exporter that users disabled although the platform's alerts and dashboards need its metrics."""
    exporter = Section(subject, ("spec", "dcgmExporter"))
    if context.prometheus and not exporter.is_enabled and exporter.by_hand("enabled"):
        text = "spec.dcgmExporter.enabled is false, so the metrics that spec.observability declares do not exist"
        yield ObjectFinding(OPERAND_OFF, ("spec", "dcgmExporter", "enabled"), text, "remove it, or spec.observability")


def _partitioning_off(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Disabled operands for partitioning and sharing: the MIG manager, and GPU feature discovery, whose labels both
    need.
    """
    partitioned = next((each for each in context.pools if each.mig_layout), None)
    shared = next((each for each in context.pools if each.mps), None)
    if partitioned and not Section(subject, ("spec", "migManager")).is_enabled:
        text = f"spec.migManager.enabled is false, so nothing partitions the GPUs of pool {partitioned.name}"
        yield ObjectFinding(OPERAND_OFF, ("spec", "migManager", "enabled"), text, "remove it, or gpu.mig in the pool")
    pool = partitioned or shared
    if pool and not Section(subject, ("spec", "gfd")).is_enabled:
        what, label = ("the MIG manager", "mig") if partitioned else ("MPS", "mps")
        text = f"spec.gfd.enabled is false, so {what} never runs for pool {pool.name}"
        help_ = f"remove it: GPU feature discovery sets the label nvidia.com/{label}.capable"
        yield ObjectFinding(OPERAND_OFF, ("spec", "gfd", "enabled"), text, help_)


@rule(OTHER_OWNER, tags=("operator",), needs=(Capability.POOLS,))
def owned(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """An enabled operand that every pool leaves to another owner."""
    for name, title in _PARTS.items() if _in_force(subject, context) else ():
        owners = [(each, each.owners[name]) for each in context.pools if name in each.owners]
        if not owners or any(owner == "operator" for _, owner in owners):
            continue
        if Section(subject, ("spec", name)).is_enabled:
            pool, owner = owners[0]
            text = f"spec.{name}.enabled is true, but the {title} of pool {pool.name} is supplied by the {owner}"
            yield ObjectFinding(OTHER_OWNER, ("spec", name, "enabled"), text, f"set spec.{name}.enabled to false")


@rule(STRATEGY_CHANGED, tags=("operator", "mig"), needs=(Capability.POOLS,))
def strategy(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A MIG strategy under which the nodes offer other resources than the pools declare."""
    found = Section(subject, ("spec", "mig")).text("strategy") or "single"
    pool = next((each for each in context.pools if each.mig_strategy not in (None, found)), None)
    if pool and _in_force(subject, context):
        text = f"spec.mig.strategy is {found}, so the nodes of pool {pool.name} do not offer {_offers(pool)}"
        help_ = f"use {pool.mig_strategy}, which gpu.mig.strategy in a pool sets"
        yield ObjectFinding(STRATEGY_CHANGED, ("spec", "mig", "strategy"), text, help_)


def _offers(pool: PoolOffer) -> str:
    return " and ".join(sorted(pool.offers))


@rule(PARTITION_CHANGED, tags=("operator", "mig"), needs=(Capability.POOLS,))
def files(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A configuration in the node label that is in a file which the operand does not read."""
    for operand, name in (("migManager", "mig_config"), ("devicePlugin", "plugin_config")):
        pool = next((each for each in context.pools if getattr(each, name)), None)
        section = Section(subject, ("spec", operand))
        if pool and _in_force(subject, context) and section.is_enabled and not section.text("config", "name"):
            config = getattr(pool, name)
            text = f"spec.{operand}.config names no ConfigMap, but nodes of pool {pool.name} need {config} from one"
            help_ = "remove the change: the pool's configuration is in a rendered ConfigMap"
            yield ObjectFinding(PARTITION_CHANGED, ("spec", operand, "config", "name"), text, help_)


@rule(NO_CONTAINERS, tags=("operator",), needs=(Capability.POOLS,))
def workloads(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Nodes of pools whose GPUs are used for virtual machines, because no label overrides the default."""
    sandbox = Section(subject, ("spec", "sandboxWorkloads"))
    default = sandbox.text("defaultWorkload") or _CONTAINER
    with_gpus = (each for each in context.pools if each.owners or each.offers)
    pool = next((each for each in with_gpus if each.labels.get(_WORKLOAD, default) != _CONTAINER), None)
    if pool and sandbox.is_enabled and default != _CONTAINER and _in_force(subject, context):
        field = "spec.sandboxWorkloads.defaultWorkload"
        text = f"{field} is {default}, so containers on the nodes of pool {pool.name} get no GPU"
        help_ = f"use {_CONTAINER}, or select the pool by {_WORKLOAD}: {_CONTAINER}"
        yield ObjectFinding(NO_CONTAINERS, ("spec", "sandboxWorkloads", "defaultWorkload"), text, help_)


@rule(CDI_OFF, tags=("operator",), needs=(Capability.POOLS,))
def cdi(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """CDI disabled without the setting that controls it."""
    section = Section(subject, ("spec", "cdi"))
    runs = any(pool.owners.get("toolkit") == "operator" for pool in context.pools)
    if runs and _in_force(subject, context) and section.value("enabled") is False and section.by_hand("enabled"):
        text = "spec.cdi.enabled is false, so containers get GPUs through NVIDIA's runtime instead of CDI"
        help_ = "remove it; components.gpu-operator.settings.cdi: false disables CDI for the whole platform"
        yield ObjectFinding(CDI_OFF, ("spec", "cdi", "enabled"), text, help_)


@rule(KUBELET_ELSEWHERE, tags=("operator",), needs=(Capability.POOLS,))
def kubelet(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A directory of the kubelet other than the cluster's."""
    if _in_force(subject, context):
        yield from kubelet_elsewhere(subject, context.pools)


def _in_force(subject: Object, context: RuleContext) -> bool:
    return subject is context.cluster_policy


RULES = (needed, owned, strategy, files, workloads, cdi, kubelet)
