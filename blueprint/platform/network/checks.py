"""What a blueprint alone can be found wrong about in the networks of its pools."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

from blueprint.catalog.machines import Machine
from blueprint.diagnostics import Diagnostic, Note, Severity
from blueprint.platform.check_context import CheckContext
from blueprint.platform.drivers.checks import DriverChecks
from blueprint.platform.network import codes
from blueprint.platform.network.gpudirect_checks import GpuDirectChecks
from blueprint.platform.network.model import (
    EFA_PLUGIN,
    EFA_RESOURCE,
    NETWORK_OPERATOR,
    OPERATOR,
    SHARED_PREFIX,
    owners,
    served,
)
from blueprint.platform.paths import POOLS
from blueprint.source.paths import Path
from blueprint.spec.pools import NodePool

_TAKEN = ("nvidia.com/gpu", "nvidia.com/mig-", "kubernetes.io/", "cpu/", "memory/")
"""Beginnings of resources that belong to somebody else."""
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
    """The networks of all pools."""
    return NetworkChecks(context).found()


class NetworkChecks:
    """Each pool's network against its machine, its cloud and its GPU driver; then all of them together."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context
        self._written = context.written.node_pools
        self._drivers = DriverChecks(context)
        self._runs = self.context.spec.cluster.distribution
        self._there = self.context.note(("spec", "cluster", "distribution"), "distribution set here")

    def found(self) -> Iterator[Diagnostic]:
        """Everything, pool by pool."""
        direct = GpuDirectChecks(self.context, self._drivers)
        for name, pool in self.context.spec.node_pools.items():
            if pool.network is None:
                continue
            yield from self._fabric(name, pool)
            if pool.network.fabric:
                yield from self._owner(name, pool)
                yield from self._resource(name, pool)
                yield from self._management(name, pool)
                yield from direct.pool(name, pool)
        yield from self._alike()
        yield from direct.together()
        yield from self._components()

    def _machine(self, pool: NodePool) -> Machine | None:
        kind = pool.machine.instance_type
        return self.context.catalog.machine(kind) if kind else None

    @cached_property
    def _fabrics(self) -> list[str]:
        """What joins the nodes of the cloud; empty outside of clouds."""
        machines = (machine for cloud in self.context.catalog.clouds_of(self._runs) for machine in cloud.types.values())
        return sorted({machine.fabric for machine in machines if machine.fabric})

    def _fabric(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        """The fabric against the cloud and the machine."""
        path, machine = (*POOLS, name, "network", "fabric"), self._machine(pool)
        network = self._written[name].network
        assert network  # noqa: S101 - asked only of such pools
        known = self._fabrics
        if network.fabric and known and network.fabric not in known:
            message = f"{self._drivers.ground.title} has no nodes with {network.fabric}"
            fix = known[0] if len(known) == 1 else None
            help_ = f"it has {', '.join(known)}"
            yield self.context.diagnostic_at(
                path, codes.FABRIC_ELSEWHERE, message, notes=(self._there,), help_=help_, fix=fix
            )
        elif machine:
            yield from self._of_machine(name, network, machine)
        elif not network.fabric:
            message = f"nobody says what joins the nodes of pool {name}"
            yield self.context.diagnostic_at_key(
                path, codes.FABRIC_UNDECIDED, message, help_="say fabric, or machine.instanceType"
            )

    def _of_machine(self, name: str, network: Any, machine: Machine) -> Iterator[Diagnostic]:
        at: Path = (*POOLS, name, "network")
        because = self.context.note((*POOLS, name, "machine", "instanceType"), "instance type set here")
        fabric, cards = machine.fabric, machine.adapters
        if fabric is None:
            code = codes.FABRIC_DOUBTED if network.fabric else codes.FABRIC_UNDECIDED
            message = f"the catalogue knows no fast network of {machine.name}"
            yield self.context.diagnostic_at(
                (*at, "fabric"), code, message, notes=(because,), help_="look it up with the cloud"
            )
        elif network.fabric and network.fabric != fabric.value:
            message = f"{machine.name} is joined by {fabric.value}, not by {network.fabric}"
            told = self.context.diagnostic_at(
                (*at, "fabric"),
                codes.FABRIC_DISAGREES,
                message,
                fix=fabric.value,
                notes=(because, Note(f"{fabric.source} ({fabric.confidence})", fabric.span)),
                help_="remove the line to take what the machine has",
            )
            yield told if fabric.certain else replace(told, override=Severity.WARNING)
        elif network.nics and cards and network.nics > cards.value:
            message = f"{machine.name} has {cards.value} network cards of the fabric, not {network.nics}"
            told = self.context.diagnostic_at(
                (*at, "nics"),
                codes.CARDS_TOO_MANY,
                message,
                fix=str(cards.value),
                notes=(because, Note(f"{cards.source} ({cards.confidence})", cards.span)),
                help_="remove the line to take what the machine has",
            )
            yield told if cards.certain else replace(told, override=Severity.WARNING)

    def _owner(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        network, at = pool.network, (*POOLS, name, "network", "driver")
        assert network  # noqa: S101 - asked only of such pools
        assert network.fabric  # noqa: S101
        lawful = owners(network.fabric, self._runs)
        if network.driver and network.driver not in lawful:
            message = f"{network.driver} does not bring the driver of {network.fabric} on {self._drivers.ground.title}"
            yield self.context.diagnostic_at(
                at,
                codes.OWNER_UNSUPPORTED,
                message,
                help_=f"possible: {', '.join(lawful)}",
                fix=lawful[0],
                notes=(self.context.note((*at[:-1], "fabric"), "fabric set here"), self._there),
            )
            return
        component = served(network, self._runs)
        if component and self.context.ownership(component) == "absent":
            path: Path = ("spec", "components", component, "ownership")
            message = f"pool {name} leaves its network cards to {component}, which is absent"
            notes = (self.context.note(at, "left to it here"),)
            help_ = "let it be managed, or say external if somebody else installs it"
            yield self.context.diagnostic_at(path, codes.SERVER_ABSENT, message, notes=notes, help_=help_)

    def _management(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        """Ports of the board that our device plugin takes for ports of the fabric."""
        product = self.context.catalog.gpu(pool.gpu.product) if pool.gpu else None
        network = pool.network
        if product and product.nvlink_management and network and network.fabric == "infiniband":
            component = served(network, self._runs)
            if component and self.context.ownership(component) == "managed":
                message = f"pods that ask for network cards of pool {name} may get ports that manage NVLink"
                known = product.nvlink_management
                notes = (
                    self.context.note((*POOLS, name, "gpu", "product"), "the GPU's board has them"),
                    Note(f"{known.source} ({known.confidence})", known.span),
                )
                yield self.context.diagnostic_at(
                    (*POOLS, name, "network", "fabric"),
                    codes.MANAGEMENT_PORTS,
                    message,
                    notes=notes,
                    help_="keep them from the device plugin, and do not count them in nics",
                )

    def _resource(self, name: str, pool: NodePool) -> Iterator[Diagnostic]:
        network, path = pool.network, (*POOLS, name, "network", "resource")
        assert network  # noqa: S101 - asked only of such pools
        said, component = network.resource, served(network, self._runs)
        notes = (self.context.note((*path[:-1], "fabric"), "fabric set here"),)
        root = self.context.spec.cluster.kubelet_root
        if component == NETWORK_OPERATOR and root != _KUBELET_ROOT:
            message = f"the Network Operator's device plugins look for the kubelet under {_KUBELET_ROOT}, not {root}"
            yield self.context.diagnostic_at(
                ("spec", "cluster", "kubeletRoot"),
                codes.KUBELET_ELSEWHERE,
                message,
                notes=(self.context.note(path[:-1], "they run because of this"),),
                help_="say driver: provider, if something else advertises the cards",
            )
        if said is None:
            return
        prefix, _, word = said.partition("/")
        if said.startswith(_TAKEN) or prefix.endswith("kubernetes.io"):
            yield self.context.diagnostic_at(
                path,
                codes.RESOURCE_TAKEN,
                f"{said} is not a name for network cards",
                notes=notes,
                help_="rdma/ib, or a name in a domain of yours",
            )
        elif component == EFA_PLUGIN and said != EFA_RESOURCE:
            message = f"the EFA device plugin has one name for its interfaces, not {said}"
            yield self.context.diagnostic_at(
                path, codes.RESOURCE_FIXED, message, help_="remove the line", fix=EFA_RESOURCE, notes=notes
            )
        elif component == NETWORK_OPERATOR and prefix != SHARED_PREFIX and ("." not in prefix or "-" in word):
            what = f"prefix {prefix}, which has no dot" if "." not in prefix else f"name {word}, which has a dash"
            message = f"the plugin that hands out whole cards refuses the {what}"
            yield self.context.diagnostic_at(
                path,
                codes.RESOURCE_FORM,
                message,
                notes=notes,
                help_="DOMAIN.TLD/name_without_dashes, or rdma/NAME for cards that pods share",
            )

    def _alike(self) -> Iterator[Diagnostic]:
        """One resource must mean one fabric: pods that ask for it may land on either pool."""
        first: dict[str, tuple[str, str]] = {}
        for name, pool in self.context.spec.node_pools.items():
            said = pool.network.resource if pool.network else None
            if pool.network is None or said is None or not pool.network.fabric:
                continue
            other, fabric = first.setdefault(said, (name, pool.network.fabric))
            if fabric != pool.network.fabric:
                message = f"{said} is {pool.network.fabric} in pool {name} and {fabric} in pool {other}"
                notes = (self.context.note((*POOLS, other, "network", "resource"), f"pool {other}"),)
                path = (*POOLS, name, "network", "resource")
                yield self.context.diagnostic_at(
                    path, codes.RESOURCE_TWO_FABRICS, message, notes=notes, help_="give them two names"
                )

    def _components(self) -> Iterator[Diagnostic]:
        """Settings of the components that serve networks."""
        serving: dict[str, list[Any]] = {NETWORK_OPERATOR: [], EFA_PLUGIN: []}
        for pool in self.context.spec.node_pools.values():
            if component := served(pool.network, self._runs):
                serving[component].append(pool.network)
        for name, networks in serving.items():
            path: Path = ("spec", "components", name)
            if not networks and name in self.context.spec.components:
                message = f"no pool has a network for {name}, so it is not installed"
                help_ = f"a pool asks for it with network: {{fabric: {'efa' if name == EFA_PLUGIN else 'infiniband'}}}"
                yield self.context.diagnostic_at_key(path, codes.SERVES_NOBODY, message, help_=help_)
        spec = self.context.spec.components.get(NETWORK_OPERATOR)
        if spec and serving[NETWORK_OPERATOR] and spec.ownership == "managed":
            yield from self._settings(spec.settings, serving[NETWORK_OPERATOR])

    def _settings(self, given: Any, networks: list[Any]) -> Iterator[Diagnostic]:
        at: Path = ("spec", "components", NETWORK_OPERATOR, "settings")
        drives = any((each.driver or owners(each.fabric, self._runs)[0]) == OPERATOR for each in networks)
        for key in given if not drives else ():
            if key in _OFED_SETTINGS:
                message = f"no pool leaves its driver to the Network Operator, so {key} changes nothing"
                yield self.context.diagnostic_at((*at, key), codes.SETTING_IDLE, message, help_="remove it")
        if given.get("safeLoad") and given.get("autoUpgrade") is False:
            notes = (self.context.note((*at, "autoUpgrade"), "switched off here"),)
            message = "safeLoad is carried out by the automatic upgrade, which is off: the operator refuses that"
            yield self.context.diagnostic_at(
                (*at, "safeLoad"), codes.SAFE_LOAD_ALONE, message, notes=notes, help_="remove one of them"
            )
        if given.get("ipam") and not given.get("secondaryNetworks"):
            message = "there are no secondary networks whose addresses nvidia-k8s-ipam could give"
            yield self.context.diagnostic_at(
                (*at, "ipam"), codes.IPAM_ALONE, message, help_="secondaryNetworks: true, or remove it"
            )
        if "rdmaHcaMax" in given and not any((each.resource or "rdma/").startswith("rdma/") for each in networks):
            message = "no pool shares its cards, so rdmaHcaMax changes nothing"
            yield self.context.diagnostic_at((*at, "rdmaHcaMax"), codes.SETTING_IDLE, message, help_="remove it")
