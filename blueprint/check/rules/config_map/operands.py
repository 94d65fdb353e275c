"""Files that operands read from ConfigMaps: errors in them become visible only on the node."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.bundle.model import USERS, Object
from blueprint.catalog.dcgm_fields import known_fields
from blueprint.check.common.inner_files import faults_in, line_part
from blueprint.check.common.monitoring import counter_files, whole_gpu_fields
from blueprint.check.finding import ObjectFinding
from blueprint.check.rule import Capability, rule
from blueprint.check.rule_context import RuleContext, by_hand, inside, mapping
from blueprint.check.rules.config_map import mig, sharing
from blueprint.check.rules.config_map.counters import counter_faults, named_fields
from blueprint.check.workloads import references
from blueprint.diagnostics import Severity, define, nearest
from blueprint.effective.operator import GPU_CLUSTER

PLUGIN_CONFIG = define("BP6202", "device-plugin-config", page=__file__)
MIG_CONFIG = define("BP6203", "mig-manager-config", page=__file__)
COUNTERS = define("BP6204", "exporter-counters", page=__file__)
FIELD_UNKNOWN = define("BP6576", "counter-unknown", page=__file__)
UNREAD = define("BP6593", "device-plugin-config-unread", page=__file__, severity=Severity.NOTE)
WITHOUT_INSTANCES = define("BP6590", "counter-without-instances", page=__file__, severity=Severity.WARNING)

NOT_PROFILED = define("BP6473", "counter-not-profiled", page=__file__, severity=Severity.WARNING)
_PROFILING = "DCGM_FI_PROF_"


@rule(PLUGIN_CONFIG, tags=("operator",))
def device_plugin(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The configurations of the device plugin: those that it reads, and files that cannot be anything else."""
    if not _read_by(subject, context, "devicePlugin"):
        yield from _unread(subject)
        return
    for key, text in mapping(subject.data.get("data")).items():
        for fault, part in faults_in(text, sharing.faults) if by_hand(subject, "data", str(key)) else ():
            yield ObjectFinding(PLUGIN_CONFIG, ("data", key), f"data.{key}: {fault}", part=part)
    names = {pool.plugin_config for pool in context.pools} - {None, *mapping(subject.data.get("data"))}
    for name in sorted(map(str, names)):
        text = f"data has no key {name}, which the label nvidia.com/device-plugin.config of a pool refers to"
        yield ObjectFinding(PLUGIN_CONFIG, ("data",), text, f"add {name}")


def _unread(subject: Object) -> Iterator[ObjectFinding]:
    """Errors in files that look like a device plugin configuration, and may be read by a plugin that is not among the
    objects.
    """
    for key, text in sharing.configurations(subject):
        for fault, part in faults_in(text, sharing.faults) if by_hand(subject, "data", key) else ():
            message, override = f"data.{key}: {fault}", Severity.WARNING
            yield ObjectFinding(PLUGIN_CONFIG, ("data", key), message, override=override, part=part)


@rule(UNREAD, tags=("operator",), needs=(Capability.COMPLETE, Capability.BLUEPRINT))
def unread(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """A user's device plugin configuration that nothing reads."""
    if subject.component != USERS or _read_by(subject, context, "devicePlugin"):
        return
    if (subject.id.namespace, subject.id.name) in context.once(_referenced):
        return
    for key, _ in sharing.configurations(subject):
        text = f"data.{key} is a device plugin configuration, but nothing uses this ConfigMap"
        yield ObjectFinding(UNREAD, ("data", key), text, "remove it, and declare gpu.sharing in a pool instead")
        return


def _referenced(context: RuleContext) -> frozenset[tuple[str, str]]:
    """Namespace and name of what pods refer to."""
    return frozenset(
        (pod.subject.id.namespace, one.name) for pod in context.pods for one in references(pod.path, pod.spec)
    )


@rule(MIG_CONFIG, tags=("operator",))
def mig_manager(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The configurations of the MIG manager: the one that it reads, and files that cannot be anything else."""
    if not _read_by(subject, context, "migManager"):
        for key, text in mapping(subject.data.get("data")).items():
            if isinstance(text, str) and mig.SPEAKS_OF_MIG.search(text) and by_hand(subject, "data", str(key)):
                for fault, part in faults_in(text, lambda data: mig.faults(data, ())):
                    message, override = f"data.{key}: {fault}", Severity.WARNING
                    yield ObjectFinding(MIG_CONFIG, ("data", key), message, override=override, part=part)
        return
    text = mapping(subject.data.get("data")).get("config.yaml")
    if text is None or not by_hand(subject, "data", "config.yaml"):
        return
    names = {pool.mig_config for pool in context.pools if pool.mig_config}
    for fault, part in faults_in(text, lambda data: mig.faults(data, names)):
        yield ObjectFinding(MIG_CONFIG, ("data", "config.yaml"), f"data.config.yaml: {fault}", part=part)


@rule(COUNTERS, tags=("monitoring",))
def exporter(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """The exporter's counters, in any key and for any reader."""
    for key, text in counter_files(subject):
        for number, fault in counter_faults(text):
            part = line_part(text, number) if number else None
            yield ObjectFinding(COUNTERS, ("data", key), fault, "write each line as FIELD, TYPE, HELP", part=part)


@rule(FIELD_UNKNOWN, tags=("monitoring",))
def fields(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Counters for fields that DCGM does not know."""
    override = None if Capability.BLUEPRINT in context.capabilities else Severity.WARNING
    for key, text in counter_files(subject):
        for number, name in named_fields(text):
            if name not in known_fields():
                near = nearest(name, known_fields())
                message = f"line {number}: DCGM has no field {name}, so the exporter does not start"
                help_ = f"did you mean {near}?" if near else None
                part = line_part(text, number)
                yield ObjectFinding(FIELD_UNKNOWN, ("data", key), message, help_, override, part)


@rule(WITHOUT_INSTANCES, tags=("monitoring", "mig"), needs=(Capability.POOLS,))
def instances(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Counters in users' files that have no values on partitioned GPUs."""
    if not context.pools or any(pool.whole_gpus for pool in context.pools):
        return
    for key, text in counter_files(subject):
        for number, name in named_fields(text) if by_hand(subject, "data", key) else ():
            if name in whole_gpu_fields():
                message = f"line {number}: {name} has no value for partitioned GPUs, and every GPU is partitioned"
                part = line_part(text, number)
                yield ObjectFinding(WITHOUT_INSTANCES, ("data", key), message, "remove the line", part=part)


@rule(NOT_PROFILED, tags=("monitoring",), needs=(Capability.POOLS,))
def profiling(subject: Object, context: RuleContext) -> Iterator[ObjectFinding]:
    """Profiling counters in users' files, if no GPU supports profiling."""
    if not context.pools or any(pool.profiled for pool in context.pools):
        return
    for key, text in counter_files(subject):
        for number, name in named_fields(text) if by_hand(subject, "data", key) else ():
            if name.startswith(_PROFILING):
                message = f"line {number}: {name} has no value, because DCGM cannot profile the GPUs of any pool"
                part = line_part(text, number)
                yield ObjectFinding(NOT_PROFILED, ("data", key), message, "remove the line", part=part)


def _read_by(subject: Object, context: RuleContext, operand: str) -> bool:
    is_there = subject.id.namespace == context.operator_namespace
    return is_there and (operand, subject.id.name) in context.once(_configured)


def _configured(context: RuleContext) -> frozenset[tuple[str, str]]:
    """Operands and the names of ConfigMaps that the ClusterPolicy and others of its sort give them."""
    policies = [each.data for each in (context.cluster_policy, *context.objects_of_kind(GPU_CLUSTER)) if each]
    return frozenset(
        (operand, str(inside(each, "spec", operand, "config", "name")))
        for operand in ("devicePlugin", "migManager")
        for each in policies
    )


RULES = (device_plugin, unread, mig_manager, exporter, fields, instances, profiling)
