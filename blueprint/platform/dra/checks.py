"""Checks of `allocation: dra`: its requirements, and features of the other stack that it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.catalog.components import Component
from blueprint.catalog.distribution import IN_BLUEPRINT, WITH_CLAIMS, Stack
from blueprint.diagnostics import Diagnostic
from blueprint.patterns import lazy_pattern
from blueprint.platform.check_context import CheckContext
from blueprint.platform.dra import codes as dra
from blueprint.platform.dra.feature_gate_checks import gate_checks
from blueprint.platform.drivers.model import NEVER
from blueprint.platform.paths import CLUSTER, COMPONENTS, POOLS
from blueprint.platform.pool import GpuPool, Pool
from blueprint.source.paths import Path
from blueprint.versions import version_key

KUBERNETES: Path = ("spec", "cluster", "kubernetes")
_DOMAINS: Path = ("spec", "computeDomains")
OLDEST_KUBERNETES = "1.34.2"
"""NVIDIA's requirement for claimed GPUs; the API itself has existed since 1.34.0."""
_OF_DISCOVERY = lazy_pattern(
    r"nvidia\.com/(cuda\.|vgpu\.|gfd\.|mps\.capable|mig\.(capable|strategy)|mig-|gpu\.(product|count|memory|family|machine"
    r"|mode|replicas|sharing-strategy|compute\.))"
)
"""Labels that only GPU feature discovery sets."""


def check_dra(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the DRA stack; in other stacks, the settings that belong to it."""
    component = context.component_with("draFeatureGates")
    if component is None:
        return
    yield from _of_another_stack(context)
    yield from _declared_domains(context)
    yield from _mig_on_demand(context)
    if not context.platform.dra.publishes_gpus:
        if context.platform.dra.compute_domains:
            yield from _ports(context)
            yield from gate_checks(context, component)
            yield from _driver_roots(context)
            yield from _without_cdi(context)
        return
    elsewhere = list(_not_there(context, component))
    yield from elsewhere
    yield from _kubernetes(context)
    for pool in context.pools.values():
        if pool.claimed:
            yield from _labels(context, pool)
        yield from _domain(context, pool)
    for gpus in context.gpu_pools:
        if gpus.claimed:
            yield from _owners(context, gpus)
            yield from _partition(context, gpus)
        else:
            yield from _domain_beside(context, gpus)
    yield from _ports(context)
    if not elsewhere:
        yield from gate_checks(context, component)


def _of_another_stack(context: CheckContext) -> Iterator[Diagnostic]:
    """Settings that only affect fields of an object that this stack does not have."""
    stacks = context.platform.stacks
    here = [each for each in context.platform.declared_components.values() if each.component.belongs_to(stacks)]
    for component, name in ((each, name) for each in here for name in each.given):
        if name in component.component.settings and not component.component.has(name, stacks):
            message = f"{name} has no effect with {IN_BLUEPRINT[context.platform.stack]}"
            notes = (context.note(context.stack_path(context.platform.stack), "the stack is declared here"),)
            path: Path = (*COMPONENTS, component.name, "settings", name)
            yield context.diagnostic_at_key(path, dra.SETTING_OF_ANOTHER_STACK, message, notes=notes, help_="remove it")


def _mig_on_demand(context: CheckContext) -> Iterator[Diagnostic]:
    """GPUs whose MIG mode changes only at a reset, if the DRA driver should change it on demand."""
    for pool in context.gpu_pools if context.platform.dra.dynamic_mig else ():
        product = pool.gpu.catalogued if pool.gpu else None
        if product and product.architecture.value == "Ampere" and product.mig.supported.value:
            message = f"GPUs of pool {pool.name} change MIG mode only at a reset, which the DRA driver does not do"
            notes = (context.note((*POOLS, pool.name, "gpu", "product"), f"{product.product} is an Ampere GPU"),)
            path, help_ = (
                context.setting_path("draFeatureGates", "DynamicMIG"),
                "enable MIG mode before the DRA driver starts",
            )
            yield context.diagnostic_at(path, dra.CUT_ON_DEMAND_AT_A_RESET, message, notes=notes, help_=help_)


def _stack_with_claims(context: CheckContext) -> tuple[Stack, Path]:
    """The stack in which pods claim GPUs, and the path that determines it."""
    stack = next(stack for stack in context.platform.stacks if stack in WITH_CLAIMS)
    return stack, context.stack_path(stack)


def _not_there(context: CheckContext, component: Component) -> Iterator[Diagnostic]:
    stack, at = _stack_with_claims(context)
    distribution, system = context.platform.cluster.distribution_facts, context.platform.cluster.os
    if why := component.lacks.get("gpuClusters"):
        message = f"{component.title} {component.version} does not support allocation: dra: {why}"
        because = (context.note(("spec", "release"), "release set here"),)
        yield context.diagnostic_at(
            at, dra.DRA_NOT_THERE, message, notes=because, help_="use a newer release, or set allocation: devicePlugin"
        )
    elif distribution.image(system) and not _has_mode(context, stack):
        message = f"{distribution.title} with {system} does not support {IN_BLUEPRINT[stack]}"
        where = (("distribution", "distribution set here"), ("os", "operating system set here"))
        notes = tuple(context.note(("spec", "cluster", key), words) for key, words in where)
        stacks = {stack for mode in distribution.modes(system) for stack in mode.stacks}
        yield context.diagnostic_at(
            at,
            dra.DRA_NOT_THERE,
            message,
            notes=notes,
            help_=f"use {' or '.join(IN_BLUEPRINT[one] for one in sorted(stacks))}",
        )


def _has_mode(context: CheckContext, stack: Stack) -> bool:
    """Whether the nodes' image has any mode for a stack."""
    cluster = context.platform.cluster
    return any(stack in mode.stacks for mode in cluster.distribution_facts.modes(cluster.os))


def _kubernetes(context: CheckContext) -> Iterator[Diagnostic]:
    declared = context.platform.cluster.kubernetes
    known = version_key(declared)
    if known < version_key(OLDEST_KUBERNETES)[: len(known)]:
        message = f"allocation: dra needs Kubernetes {OLDEST_KUBERNETES} or newer, not {declared}"
        notes = (context.note(_stack_with_claims(context)[1], "because of this"),)
        yield context.diagnostic_at(
            KUBERNETES,
            dra.DRA_KUBERNETES,
            message,
            notes=notes,
            help_="upgrade Kubernetes, or set allocation: devicePlugin",
        )


def _owners(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    at: Path = (*POOLS, pool.name, "owner")
    _, toolkit, device_plugin = pool.declared_owners
    notes = (context.note(context.allocation_path(pool), "because of this"),)
    if toolkit == "operator":
        message = (
            f"pool {pool.name} expects the operator to install the container toolkit, but allocation: dra installs none"
        )
        yield context.diagnostic_at(
            (*at, "toolkit"), dra.DRA_NO_TOOLKIT, message, notes=notes, help_="set it to host, or remove it"
        )
    if device_plugin in ("host", "provider"):
        message = f"the {device_plugin}'s device plugin and the DRA driver both advertise the GPUs of pool {pool.name}"
        help_ = "disable that device plugin and remove this line, or set allocation: devicePlugin"
        yield context.diagnostic_at((*at, "devicePlugin"), dra.DRA_TWO_ADVERTISERS, message, notes=notes, help_=help_)


def _partition(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """Report sharing, which belongs to the claim, and MIG layouts, which no component applies in the DRA stack."""
    partition, at = pool.partition, (*POOLS, pool.name, "gpu")
    notes = (context.note(context.allocation_path(pool), "because of this"),)
    if partition.shared:
        gate = "MPSSupport" if partition.mps is not None else "TimeSlicingSettings"
        message = f"gpu.sharing of pool {pool.name} has no effect, because no device plugin runs there"
        help_ = f"remove it, and let claims configure sharing with draFeatureGates: {{{gate}: true}}"
        yield context.diagnostic_at_key((*at, "sharing"), dra.DRA_NO_SHARING, message, notes=notes, help_=help_)
    if partition.layout:
        message = (
            f"no component applies the MIG layout of pool {pool.name}: partition its GPUs before the DRA driver starts"
        )
        help_ = "follow the prerequisites, or set draFeatureGates: {DynamicMIG: true} to partition on demand"
        yield context.diagnostic_at_key((*at, "mig"), dra.DRA_NO_MIG_MANAGER, message, notes=notes, help_=help_)
        if partition.declared_strategy:
            message = f"the DRA driver publishes every instance by its profile, so the strategy of pool {pool.name} has"
            yield context.no_effect((*at, "mig", "strategy"), context.allocation_path(pool), message)


def _labels(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    for key in pool.selector:
        if _OF_DISCOVERY.match(key):
            message = f"pool {pool.name} is selected by {key}, which is not set without GPU feature discovery"
            notes = (context.note(context.allocation_path(pool), "because of this"),)
            help_ = "select nodes by a label that the node provisioner sets"
            yield context.diagnostic_at_key(
                (*POOLS, pool.name, "selector", key), dra.LABEL_NEVER_SET, message, notes=notes, help_=help_
            )


def _declared_domains(context: CheckContext) -> Iterator[Diagnostic]:
    """`spec.computeDomains` if the driver cannot run, or in addition to an equivalent setting."""
    declared, setting = context.platform.declared_compute_domains, context.setting_path("computeDomains")
    distribution = context.platform.cluster.distribution_facts
    if declared and context.platform.stack == "clusterPolicy" and (why := distribution.refuses.get("standalone")):
        message = (
            f"computeDomains is true, but {distribution.title} cannot run the DRA driver beside the operator: {why}"
        )
        notes = (context.note((*CLUSTER, "distribution"), "distribution set here"),)
        yield context.diagnostic_at(_DOMAINS, dra.DOMAINS_WITHOUT_DRIVER, message, notes=notes, help_="remove it")
    elif declared is not None and context.is_written(setting):
        message = f"the setting computeDomains repeats spec.computeDomains: {str(declared).lower()}"
        notes = (context.note(_DOMAINS, "declared here"),)
        yield context.diagnostic_at(setting, dra.DOMAINS_TWICE, message, notes=notes, help_="remove the setting")


def _driver_roots(context: CheckContext) -> Iterator[Diagnostic]:
    """Drivers in different locations, although the DRA driver's single DaemonSet supports only one."""
    pools = context.platform.dra.pools
    ours = next((pool for pool in pools if pool.mode.driver == "operator"), None)
    theirs = next((pool for pool in pools if pool.mode.driver != "operator"), None)
    if ours and theirs and "driverRoot" not in context.settings_with("draFeatureGates"):
        image = context.platform.cluster.image
        message = (
            f"the DRA driver looks for the NVIDIA driver in {image.driver_root}, where the operator puts that of pool"
            f" {ours.name}; that of pool {theirs.name} is in {image.provider_driver or '/'}"
        )
        help_ = (
            "let the same owner install both drivers, or declare nvlinkDomain in the pools that join compute domains"
        )
        yield context.diagnostic_at_key((*POOLS, theirs.name, "owner"), dra.DOMAIN_DRIVER_ROOTS, message, help_=help_)


def _without_cdi(context: CheckContext) -> Iterator[Diagnostic]:
    """A container toolkit without CDI, which the DRA driver needs to give pods their channels."""
    platform = context.platform
    if platform.stack == "clusterPolicy" and platform.node_stack.runs_toolkit and platform.setting("cdi") is False:
        message = "compute domains give pods their channels through CDI, but cdi is disabled for the container toolkit"
        notes = (context.note(context.stack_path(platform.stack), "the operator installs the toolkit because of this"),)
        yield context.diagnostic_at(
            context.setting_path("cdi"), dra.DOMAINS_NEED_CDI, message, notes=notes, help_="remove it"
        )


def _domain(context: CheckContext, pool: Pool) -> Iterator[Diagnostic]:
    if pool.topology.domain_nodes and context.platform.declared_compute_domains is False:
        message = f"pool {pool.name} has an NVLink domain, but computeDomains is false"
        notes = (context.note((*POOLS, pool.name, "nvlinkDomain"), "declared here"),)
        yield context.diagnostic_at(_DOMAINS, dra.DOMAINS_OFF, message, notes=notes, help_="remove one of the two")
    elif pool.topology.domain_nodes and context.platform.setting("computeDomains") == NEVER:
        message = f"pool {pool.name} has an NVLink domain, but computeDomains is never"
        notes = (context.note((*POOLS, pool.name, "nvlinkDomain"), "declared here"),)
        help_ = "remove one of the two"
        yield context.diagnostic_at(
            context.setting_path("computeDomains"), dra.DOMAINS_OFF, message, notes=notes, help_=help_
        )


def _domain_beside(context: CheckContext, pool: GpuPool) -> Iterator[Diagnostic]:
    """An NVLink domain of nodes with a device plugin, although the driver's pods run only where pods claim GPUs."""
    if pool.topology.domain_nodes and context.platform.dra.compute_domains:
        message = f"nodes of pool {pool.name} join no compute domain: the DRA driver runs only where pods claim GPUs"
        notes = (context.note(_stack_with_claims(context)[1], "GPUs are claimed because of this"),)
        help_ = f"set allocation: dra for pool {pool.name}, or devicePlugin for all pools"
        yield context.diagnostic_at_key(
            (*POOLS, pool.name, "nvlinkDomain"), dra.DOMAIN_BESIDE_CLAIMS, message, notes=notes, help_=help_
        )


def _ports(context: CheckContext) -> Iterator[Diagnostic]:
    declared = context.settings_with("draHealthcheckPort")
    for part in ("dra", "computeDomains"):
        if declared.get(f"{part}Healthcheck") is False and f"{part}HealthcheckPort" in declared:
            message = f"{part}Healthcheck is false, so {part}HealthcheckPort has"
            port, switch = (context.setting_path(f"{part}{name}") for name in ("HealthcheckPort", "Healthcheck"))
            yield context.no_effect(port, switch, message)
    component = context.component_with("draHealthcheckPort")
    names = ("draHealthcheckPort", "computeDomainsHealthcheckPort")
    ports = [declared.get(name, component.settings[name].own_default) for name in names] if component else []
    if ports and ports[0] == ports[1]:
        named = "computeDomainsHealthcheckPort" if "computeDomainsHealthcheckPort" in declared else "draHealthcheckPort"
        message = f"both containers of the DRA driver would listen on port {ports[0]} for health checks"
        yield context.diagnostic_at(
            context.setting_path(named), dra.DRA_PORTS, message, help_="use a different port for each"
        )
