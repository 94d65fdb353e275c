"""The topics of a platform, in order: the one list of what is checked, expected of nodes and left to others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from blueprint.diagnostics import Diagnostic
from blueprint.platform.check_context import CheckContext
from blueprint.platform.cluster.checks import check_kubernetes, check_lists, check_mirrors
from blueprint.platform.compatibility.checks import check_compatibility
from blueprint.platform.components.checks import check_components
from blueprint.platform.components.release_checks import check_release_contents
from blueprint.platform.components.setting_checks import check_settings
from blueprint.platform.components.stack_checks import check_stack
from blueprint.platform.dra.checks import check_dra
from blueprint.platform.drivers.checks import check_drivers, check_drivers_in_release
from blueprint.platform.inputs.checks import check_names
from blueprint.platform.inputs.instance_type_checks import check_instance_types
from blueprint.platform.network.checks import check_networks
from blueprint.platform.nodes.checks import check_plausibility
from blueprint.platform.nodes.pool_checks import check_pools
from blueprint.platform.observability.unused_checks import check_observability_if_declared
from blueprint.platform.olm.checks import check_distribution
from blueprint.platform.partitioning.checks import check_partitioning
from blueprint.platform.topology.checks import check_topology
from blueprint.platform.virtualization.checks import check_virtualization

Check = Callable[[CheckContext], Iterator[Diagnostic]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic of a platform.

    Attributes:
        name: Its folder.
        checks: What judges the platform, whatever the release holds.
        release_checks: What judges it by what the release holds. Left out where the blueprint names no release.
    """

    name: str
    checks: tuple[Check, ...] = ()
    release_checks: tuple[Check, ...] = ()


TOPICS: tuple[Topic, ...] = (
    Topic(name="inputs", checks=(check_names, check_instance_types)),
    Topic(name="cluster", checks=(check_lists,), release_checks=(check_kubernetes, check_mirrors)),
    Topic(name="nodes", checks=(check_pools, check_plausibility)),
    Topic(name="topology", checks=(check_topology,)),
    Topic(name="drivers", checks=(check_drivers,), release_checks=(check_drivers_in_release,)),
    Topic(name="partitioning", checks=(check_partitioning,)),
    Topic(name="components", release_checks=(check_components, check_release_contents, check_settings, check_stack)),
    Topic(name="network", checks=(check_networks,)),
    Topic(name="olm", release_checks=(check_distribution,)),
    Topic(name="dra", release_checks=(check_dra,)),
    Topic(name="virtualization", checks=(check_virtualization,)),
    Topic(name="observability", release_checks=(check_observability_if_declared,)),
    Topic(name="compatibility", release_checks=(check_compatibility,)),
)
