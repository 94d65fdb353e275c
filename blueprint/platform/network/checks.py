"""Checks of networks: fabrics, drivers and resources of network adapters, and settings of the Network Operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.diagnostics import Diagnostic, Note
from blueprint.platform.check_context import CheckContext
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.network import codes
from blueprint.platform.network.gpudirect_checks import GpuDirectChecks
from blueprint.platform.network.model import (
    EFA_RESOURCE,
    OPERATOR,
    SHARED_PREFIX,
    PoolNetwork,
    owners,
)
from blueprint.platform.paths import COMPONENTS, POOLS
from blueprint.platform.pool import Pool
from blueprint.source.paths import Path

_TAKEN = ("nvidia.com/gpu", "nvidia.com/mig-", "kubernetes.io/", "cpu/", "memory/")
"""Prefixes of resource names that other components use."""
_OFED_SETTINGS = (
    "autoUpgrade",
    "maxParallelUpgrades",
    "safeLoad",
    "drain",
    "drainTimeoutSeconds",
    "deleteEmptyDir",
    "waitForJobsSeconds",
    "forcePrecompiled",
    "ofedEnv",
)
_KUBELET_ROOT = "/var/lib/kubelet"


def check_networks(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the networks of all pools."""
    return NetworkChecks(context).found()


class NetworkChecks:
    """Checks each pool's network against its machine, its cloud and its GPU driver; then all of them together."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self._there = self.context.note(("spec", "cluster", "distribution"), "distribution set here")

    def found(self) -> Iterator[Diagnostic]:
        """All findings, pool by pool."""
        direct = GpuDirectChecks(self.context)
        for name, pool in self.context.pools.items():
            if pool.network is not None:
                yield from self._owner(name, pool.network)
                yield from self._kubelet(name, pool.network)
                yield from self._resource(name, pool.network)
                yield from self._management(pool, pool.network)
                yield from direct.pool(pool, pool.network)
        yield from self._alike()
        yield from direct.together()
        yield from self._components()

    def _owner(self, name: str, network: PoolNetwork) -> Iterator[Diagnostic]:
        at = (*POOLS, name, "network", "driver")
        lawful = owners(network.fabric, self.context.platform.cluster.distribution_facts)
        if network.owner not in lawful:
            title = self.context.platform.cluster.distribution_facts.title
            message = f"{network.owner} does not provide the driver for {network.fabric} on {title}"
            yield self.context.diagnostic_at(
                at,
                codes.OWNER_UNSUPPORTED,
                message,
                help_=f"use one of {', '.join(lawful)}",
                fix=lawful[0],
                notes=(self.context.note((*at[:-1], "fabric"), "fabric set here"), self._there),
            )
            return
        component = self._component(network)
        if component and component.ownership == "absent":
            path: Path = ("spec", "components", component.name, "ownership")
            message = f"pool {name} expects {component.name} to manage its network cards, but it is absent"
            notes = (self.context.note(at, "this component manages them because of this"),)
            help_ = "set it to managed, or to external if it is installed by other means"
            yield self.context.diagnostic_at(path, codes.SERVER_ABSENT, message, notes=notes, help_=help_)

    def _component(self, network: PoolNetwork) -> PlatformComponent | None:
        """The component that advertises the adapters; None if the cloud does, or the release does not contain it."""
        return self.context.platform.release_components.get(network.component or "")

    def _management(self, pool: Pool, network: PoolNetwork) -> Iterator[Diagnostic]:
        """Ports of the board that our device plugin mistakes for ports of the fabric."""
        name, product = pool.name, pool.gpu.catalogued if pool.gpu else None
        if product and product.nvlink_management and network.fabric == "infiniband":
            component = self._component(network)
            if component and component.ownership == "managed":
                message = f"pods that request network cards of pool {name} may get ports that only manage NVLink"
                known = product.nvlink_management
                notes = (
                    self.context.note((*POOLS, name, "gpu", "product"), "the board of this GPU has such ports"),
                    Note(f"{known.source} ({known.confidence})", known.span),
                )
                yield self.context.diagnostic_at(
                    (*POOLS, name, "network", "fabric"),
                    codes.MANAGEMENT_PORTS,
                    message,
                    notes=notes,
                    help_="exclude them from the device plugin, and do not count them in nics",
                )

    def _kubelet(self, name: str, network: PoolNetwork) -> Iterator[Diagnostic]:
        """Device plugins that support only the kubelet's default directory."""
        root = self.context.platform.cluster.kubelet_root
        if network.by_network_operator and root != _KUBELET_ROOT:
            message = f"the Network Operator's device plugins look for the kubelet under {_KUBELET_ROOT}, not {root}"
            yield self.context.diagnostic_at(
                ("spec", "cluster", "kubeletRoot"),
                codes.KUBELET_ELSEWHERE,
                message,
                notes=(self.context.note((*POOLS, name, "network"), "the device plugins run because of this"),),
                help_="use driver: provider if another component advertises the cards",
            )

    def _resource(self, name: str, network: PoolNetwork) -> Iterator[Diagnostic]:
        """The declared resource name, compared with the configuration options of the device plugin."""
        path, resource = (*POOLS, name, "network", "resource"), network.resource
        if resource is None:
            return
        notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
        prefix, _, word = resource.partition("/")
        if resource.startswith(_TAKEN) or prefix.endswith("kubernetes.io"):
            yield self.context.diagnostic_at(
                path,
                codes.RESOURCE_TAKEN,
                f"{resource} is reserved, so network cards cannot use this name",
                notes=notes,
                help_="use rdma/ib, or a name in your own domain",
            )
        elif network.by_efa_plugin and resource != EFA_RESOURCE:
            message = f"the EFA device plugin always calls its interfaces {EFA_RESOURCE}, not {resource}"
            yield self.context.diagnostic_at(
                path, codes.RESOURCE_FIXED, message, help_="remove the line", fix=EFA_RESOURCE, notes=notes
            )
        elif network.by_network_operator and prefix != SHARED_PREFIX and ("." not in prefix or "-" in word):
            what = f"prefix {prefix}, which has no dot" if "." not in prefix else f"name {word}, which has a dash"
            message = f"the plugin that allocates whole cards rejects the {what}"
            yield self.context.diagnostic_at(
                path,
                codes.RESOURCE_FORM,
                message,
                notes=notes,
                help_="use DOMAIN.TLD/name_without_dashes, or rdma/NAME for cards that pods share",
            )

    def _alike(self) -> Iterator[Diagnostic]:
        """One resource must correspond to one fabric, because pods that request it may be scheduled to either pool."""
        first: dict[str, tuple[str, str]] = {}
        for name, pool in self.context.pools.items():
            resource = pool.network.resource if pool.network else None
            if pool.network is None or resource is None:
                continue
            other, fabric = first.setdefault(resource, (name, pool.network.fabric))
            if fabric != pool.network.fabric:
                message = (
                    f"{resource} stands for {pool.network.fabric} in pool {name}, but for {fabric} in pool {other}"
                )
                notes = (self.context.note((*POOLS, other, "network", "resource"), f"pool {other}"),)
                path = (*POOLS, name, "network", "resource")
                yield self.context.diagnostic_at(
                    path, codes.RESOURCE_TWO_FABRICS, message, notes=notes, help_="use different names"
                )

    def _components(self) -> Iterator[Diagnostic]:
        """Components that advertise network adapters: whether there are any, and settings of the Network Operator."""
        there = [pool.network for pool in self.context.pools.values() if pool.network]
        for component in self.context.platform.declared_components.values():
            fabrics = component.component.fabrics
            networks = [network for network in there if network.component == component.name]
            if fabrics and not networks:
                message = f"no pool has a network that needs {component.name}, so it is not installed"
                path, help_ = (
                    (*COMPONENTS, component.name),
                    f"set network: {{fabric: {fabrics[0]}}} in a pool, or remove the component",
                )
                yield self.context.diagnostic_at_key(path, codes.SERVES_NO_POOL, message, help_=help_)
            elif component.ownership == "managed" and any(network.by_network_operator for network in networks):
                yield from self._settings((*COMPONENTS, component.name, "settings"), component.given, networks)

    def _settings(self, at: Path, given: Mapping[str, Any], networks: list[PoolNetwork]) -> Iterator[Diagnostic]:
        drives = any(network.owner == OPERATOR for network in networks)
        for key in given if not drives else ():
            if key in _OFED_SETTINGS:
                message = f"the Network Operator manages the driver of no pool, so {key} has no effect"
                yield self.context.diagnostic_at((*at, key), codes.SETTING_IDLE, message, help_="remove it")
        if given.get("safeLoad") and given.get("autoUpgrade") is False:
            notes = (self.context.note((*at, "autoUpgrade"), "disabled here"),)
            message = "safeLoad needs autoUpgrade, which is disabled, so the operator rejects it"
            yield self.context.diagnostic_at(
                (*at, "safeLoad"), codes.SAFE_LOAD_ALONE, message, notes=notes, help_="remove one of them"
            )
        if given.get("ipam") and not given.get("secondaryNetworks"):
            message = "there are no secondary networks whose addresses nvidia-k8s-ipam could assign"
            yield self.context.diagnostic_at(
                (*at, "ipam"), codes.IPAM_ALONE, message, help_="set secondaryNetworks: true, or remove it"
            )
        if "rdmaHcaMax" in given and not any(network.shared for network in networks):
            message = "no pool shares its cards, so rdmaHcaMax has no effect"
            yield self.context.diagnostic_at((*at, "rdmaHcaMax"), codes.SETTING_IDLE, message, help_="remove it")
