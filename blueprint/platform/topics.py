"""The topics of a platform, in order: the only list of their checks, expectations and prerequisites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster import prerequisites as cluster
from blueprint.platform.cluster.checks import (
    check_distribution,
    check_kubernetes,
    check_mirrors,
    check_system,
    check_system_in_release,
)
from blueprint.platform.compatibility import prerequisites as compatibility
from blueprint.platform.compatibility.checks import check_compatibility
from blueprint.platform.components import prerequisites as components
from blueprint.platform.components.checks import check_components
from blueprint.platform.components.release_checks import check_release_contents
from blueprint.platform.components.setting_checks import check_settings
from blueprint.platform.components.stack_checks import check_stack
from blueprint.platform.delivery.checks import check_delivery
from blueprint.platform.derivation import Derivation
from blueprint.platform.dra import prerequisites as dra
from blueprint.platform.dra.alone_checks import check_driver_alone
from blueprint.platform.dra.checks import check_dra
from blueprint.platform.dra.slice_checks import check_slices
from blueprint.platform.drivers import prerequisites as drivers
from blueprint.platform.drivers.checks import check_drivers, check_drivers_in_release
from blueprint.platform.drivers.expectations import EXPECTATIONS as DRIVER_EXPECTATIONS
from blueprint.platform.drivers.mode_checks import check_modes
from blueprint.platform.drivers.product_checks import check_drivers_of_products
from blueprint.platform.gpus import prerequisites as gpus
from blueprint.platform.gpus.checks import check_boards, check_ecc
from blueprint.platform.gpus.expectations import EXPECTATIONS as GPU_EXPECTATIONS
from blueprint.platform.health.checks import check_health
from blueprint.platform.inputs.checks import check_names
from blueprint.platform.inputs.component_checks import check_component_names
from blueprint.platform.inputs.fabric_checks import check_fabrics
from blueprint.platform.inputs.instance_type_checks import check_instance_types
from blueprint.platform.inputs.language_checks import check_language
from blueprint.platform.inputs.list_checks import check_lists
from blueprint.platform.model import Platform
from blueprint.platform.network import prerequisites as network
from blueprint.platform.network.checks import check_networks
from blueprint.platform.network.expectations import EXPECTATIONS as NETWORK_EXPECTATIONS
from blueprint.platform.nodes import prerequisites as nodes
from blueprint.platform.nodes.pool_checks import check_pools
from blueprint.platform.nodes.selector_checks import check_selectors
from blueprint.platform.observability import prerequisites as observability
from blueprint.platform.observability.exporter_checks import check_exporter
from blueprint.platform.observability.unused_checks import check_observability_if_declared
from blueprint.platform.olm import prerequisites as olm
from blueprint.platform.olm.checks import check_olm
from blueprint.platform.partitioning import prerequisites as partitioning
from blueprint.platform.partitioning.checks import check_partitioning
from blueprint.platform.partitioning.expectations import EXPECTATIONS as PARTITIONING_EXPECTATIONS
from blueprint.platform.pool import Pool
from blueprint.platform.provisioning import prerequisites as provisioning
from blueprint.platform.provisioning.checks import check_karpenter, check_provisioning
from blueprint.platform.queueing import prerequisites as queueing
from blueprint.platform.queueing.checks import check_queueing
from blueprint.platform.queueing.engine_checks import check_engines
from blueprint.platform.queueing.provisioning_checks import check_provisioned
from blueprint.platform.tenants.checks import check_tenants
from blueprint.platform.topology import prerequisites as topology
from blueprint.platform.topology.checks import check_topology
from blueprint.platform.topology.expectations import EXPECTATIONS as TOPOLOGY_EXPECTATIONS
from blueprint.platform.virtualization import prerequisites as virtualization
from blueprint.platform.virtualization.checks import check_virtualization
from blueprint.platform.virtualization.expectations import EXPECTATIONS as MACHINE_EXPECTATIONS
from blueprint.platform.virtualization.kata_checks import check_kata_release
from blueprint.platform.workloads import prerequisites as workloads
from blueprint.platform.workloads.checks import check_workloads
from blueprint.records import Record

Check = Callable[[CheckContext], Iterator[Diagnostic]]


ClusterPrerequisites = Callable[[Platform], Iterator[Iterator[str]]]
PoolPrerequisites = Callable[[Pool, Platform], Iterator[Iterator[str]]]


def _nothing(*_: object) -> Iterator[Iterator[str]]:
    return iter(())


class Topic(Record, kw_only=True):
    """One topic of a platform.

    Attributes:
        name: The name of its folder.
        checks: Checks that do not depend on the release.
        release_checks: Checks against the release. Skipped if the selected release does not exist.
        cluster_prerequisites: Prerequisites of the cluster; one iterator of sentences per set of sources.
        pool_prerequisites: Prerequisites of the nodes of one pool.
        expectations: What the probe must find on the nodes of a GPU pool, in the order of `expectations.json`.
    """

    name: str
    checks: tuple[Check, ...] = ()
    release_checks: tuple[Check, ...] = ()
    cluster_prerequisites: ClusterPrerequisites = _nothing
    pool_prerequisites: PoolPrerequisites = _nothing
    expectations: tuple[Derivation[Any], ...] = ()


TOPICS: tuple[Topic, ...] = (
    Topic(
        name="inputs",
        checks=(check_names, check_lists, check_language, check_instance_types, check_fabrics),
        release_checks=(check_component_names,),
    ),
    Topic(
        name="cluster",
        checks=(check_system,),
        release_checks=(check_kubernetes, check_distribution, check_mirrors, check_system_in_release),
        cluster_prerequisites=cluster.cluster_prerequisites,
    ),
    Topic(
        name="components",
        release_checks=(check_components, check_release_contents, check_settings, check_stack),
        cluster_prerequisites=components.cluster_prerequisites,
    ),
    Topic(name="olm", release_checks=(check_olm,), cluster_prerequisites=olm.cluster_prerequisites),
    Topic(name="nodes", checks=(check_pools, check_selectors), pool_prerequisites=nodes.pool_prerequisites),
    Topic(
        name="provisioning",
        checks=(check_provisioning,),
        release_checks=(check_karpenter,),
        cluster_prerequisites=provisioning.cluster_prerequisites,
        pool_prerequisites=provisioning.pool_prerequisites,
    ),
    Topic(
        name="gpus",
        checks=(check_ecc, check_boards),
        pool_prerequisites=gpus.pool_prerequisites,
        expectations=GPU_EXPECTATIONS,
    ),
    Topic(
        name="drivers",
        checks=(check_modes, check_drivers),
        release_checks=(check_drivers_in_release, check_drivers_of_products),
        pool_prerequisites=drivers.pool_prerequisites,
        expectations=DRIVER_EXPECTATIONS,
    ),
    Topic(
        name="partitioning",
        checks=(check_partitioning,),
        pool_prerequisites=partitioning.pool_prerequisites,
        expectations=PARTITIONING_EXPECTATIONS,
    ),
    Topic(
        name="network",
        checks=(check_networks,),
        pool_prerequisites=network.pool_prerequisites,
        expectations=NETWORK_EXPECTATIONS,
    ),
    Topic(
        name="topology",
        checks=(check_topology,),
        pool_prerequisites=topology.pool_prerequisites,
        expectations=TOPOLOGY_EXPECTATIONS,
    ),
    Topic(
        name="virtualization",
        checks=(check_virtualization,),
        release_checks=(check_kata_release,),
        expectations=MACHINE_EXPECTATIONS,
        cluster_prerequisites=virtualization.cluster_prerequisites,
        pool_prerequisites=virtualization.pool_prerequisites,
    ),
    Topic(
        name="dra",
        release_checks=(check_dra, check_driver_alone, check_slices),
        cluster_prerequisites=dra.cluster_prerequisites,
        pool_prerequisites=dra.pool_prerequisites,
    ),
    Topic(name="tenants", checks=(check_tenants,)),
    Topic(
        name="queueing",
        checks=(check_queueing, check_engines, check_provisioned),
        cluster_prerequisites=queueing.cluster_prerequisites,
        pool_prerequisites=queueing.pool_prerequisites,
    ),
    Topic(name="workloads", checks=(check_workloads,), cluster_prerequisites=workloads.cluster_prerequisites),
    Topic(
        name="compatibility",
        release_checks=(check_compatibility,),
        cluster_prerequisites=compatibility.cluster_prerequisites,
        pool_prerequisites=compatibility.pool_prerequisites,
    ),
    Topic(
        name="observability",
        release_checks=(check_observability_if_declared, check_exporter),
        cluster_prerequisites=observability.cluster_prerequisites,
    ),
    Topic(name="health", release_checks=(check_health,)),
    Topic(name="delivery", checks=(check_delivery,)),
)
