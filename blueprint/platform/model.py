"""The platform: what a blueprint means once defaults are filled and names are bound to the catalogue.

Every property records the lines it was decided by (see `tracking`), so it may be read from templates, expectations and
prerequisites alike without losing the way back to the blueprint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.components import Component
from blueprint.catalog.distribution import Distribution, NodeImage
from blueprint.catalog.machines import Machine
from blueprint.catalog.releases import Release
from blueprint.catalog.rules import Rule
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.components.selection import OBSERVABILITY, asked_for
from blueprint.platform.drivers.model import ALWAYS, DRA, NEVER, OperatorDriver, runs
from blueprint.platform.network.nic_policies import Fabrics
from blueprint.platform.nodes.taints import PoolTaint, Taint
from blueprint.platform.partitioning.model import Partitioning
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import record, tracked_property, untracked
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import Origins, plain
from blueprint.spec.model import Blueprint
from blueprint.spec.pools import NodePool
from blueprint.versions import minor_of

if TYPE_CHECKING:
    from blueprint.platform.observability.model import Observability

GPU_TAINT = "nvidia.com/gpu"
SOCKET = "CONTAINERD_SOCKET"
"""The variable that tells the container toolkit where containerd is."""
PODS_PER_NODE = 20
"""More than the operator's pods on one GPU node, and enough for those that replace others during an update."""


class Platform:
    """The whole platform. `components` holds those of the release that are not absent, in order of need."""

    def __init__(
        self,
        blueprint: Blueprint,
        origins: Origins,
        catalog: Catalog,
        release: Release,
        unresolved: frozenset[str] = frozenset(),
    ) -> None:
        self._blueprint = blueprint
        self._catalog = catalog
        self.origins = origins
        self.release = release
        self._unresolved = unresolved
        self._first_with: dict[str, GpuPool | None] = {}
        # Asked of every component: known beforehand, so that where it is not so it decides nothing and is not recorded.
        self.by_olm = catalog.distribution(blueprint.spec.cluster.distribution).operators == "olm"

    @tracked_property
    def name(self) -> str:
        """metadata.name."""
        return self._blueprint.metadata.name

    @tracked_property
    def version(self) -> str:
        """metadata.version."""
        return self._blueprint.metadata.version

    @tracked_property
    def owners(self) -> tuple[str, ...]:
        """Whom to ask."""
        return tuple(self._blueprint.metadata.owners)

    @tracked_property
    def release_name(self) -> str:
        """The release."""
        return self._blueprint.spec.release

    @tracked_property
    def kubernetes(self) -> str:
        """The Kubernetes version, with or without the patch."""
        return self._blueprint.spec.cluster.kubernetes

    @tracked_property
    def kubernetes_minor(self) -> str:
        """`1.36`."""
        return minor_of(self.kubernetes)

    @tracked_property
    def distribution(self) -> str:
        """Who packages Kubernetes."""
        return self._blueprint.spec.cluster.distribution

    @tracked_property
    def distribution_version(self) -> str:
        """The distribution's own version, where it has versions of its own; otherwise Kubernetes' minor."""
        return self.ground.versions.get(self.kubernetes_minor, self.kubernetes_minor)

    @tracked_property
    def policy_name(self) -> str:
        """What the ClusterPolicy is called: on OpenShift as in the operator's bundle, and so in its documentation."""
        return "gpu-cluster-policy" if self.driver_toolkit else "cluster-policy"

    @tracked_property
    def driver_toolkit(self) -> bool:
        """Whether the driver is compiled with OpenShift's driver toolkit."""
        return self.by_olm and self.ground.operators == "olm"

    @tracked_property
    def os(self) -> str:
        """Operating system of the GPU nodes, `ubuntu-24.04`; where nothing is said, the distribution's usual one."""
        return self._blueprint.spec.cluster.os or self.ground.default_os

    @tracked_property
    def ground(self) -> Distribution:
        """What is known of the distribution."""
        return self._catalog.distribution(self.distribution)

    @tracked_property
    def image(self) -> NodeImage:
        """What is known of the GPU nodes' image; nothing of a system that the distribution does not run (BP3210)."""
        return self.ground.image(self.os) or NodeImage(modes=())

    @tracked_property
    def kubelet_root(self) -> str:
        """The kubelet's directory on GPU nodes."""
        return self._blueprint.spec.cluster.kubelet_root

    @tracked_property
    def runtime_class(self) -> str:
        """Name of the RuntimeClass of the GPU stack's pods. Pools agree on it (BP3212)."""
        return next((pool.mode.runtime_class for pool in self.gpu_pools), "nvidia")

    @tracked_property
    def runs_toolkit(self) -> bool:
        """Whether this platform installs the container toolkit on any node."""
        return runs(self, "toolkit")

    @tracked_property
    def toolkit_env(self) -> list[dict[str, str]]:
        """What the container toolkit must be told on these nodes, as a container's variables."""
        return [{"name": name, "value": value} for name, value in self.image.toolkit_env.items()]

    @tracked_property
    def runs_device_plugin(self) -> bool:
        """Whether this platform advertises GPUs of any node."""
        return runs(self, "device_plugin")

    @tracked_property
    def critical_pods(self) -> str:
        """Pods of system priority that a namespace must admit, as a quantity: those of all nodes, in thousands."""
        thousands = math.ceil(PODS_PER_NODE * max(1, sum(pool.nodes_max for pool in self.pools)) / 1000)
        return f"{thousands}k" if thousands % 1000 else f"{thousands // 1000}M"

    @tracked_property
    def cluster_uid(self) -> str | None:
        """UID of the kube-system namespace, if the blueprint is bound to one cluster."""
        return self._blueprint.spec.cluster.uid

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The catalogue's rules of compatibility."""
        return self._catalog.rules

    @tracked_property
    def levels(self) -> tuple[str, ...]:
        """Labels that say where a node stands, widest first."""
        return tuple(self._blueprint.spec.cluster.topology)

    @tracked_property
    def gpu_stack(self) -> str:
        """How GPUs reach pods."""
        return self._blueprint.spec.gpu_stack

    @tracked_property
    def allocation(self) -> str:
        """`dra` where pods claim GPUs, `device-plugin` where they ask for a number of them."""
        return DRA if self.gpu_stack == "gpuCluster" else "device-plugin"

    @tracked_property
    def cuts_on_demand(self) -> bool:
        """Whether the DRA driver cuts GPUs when an instance is claimed."""
        return bool((self.setting("gpu-operator", "draFeatureGates") or {}).get("DynamicMIG"))

    @tracked_property
    def runs_machines(self) -> bool:
        """Whether the operator lets nodes run virtual machines."""
        return self.gpu_stack == "clusterPolicy" and self.setting("gpu-operator", "sandboxWorkloads") is True

    @tracked_property
    def compute_domains(self) -> bool:
        """Whether the DRA driver joins nodes into compute domains: where pools have NVLink domains, or on demand."""
        if self.allocation != DRA:
            return False
        when = self.setting("gpu-operator", "computeDomains")
        if when in (ALWAYS, NEVER):
            return bool(when == ALWAYS)
        return any(pool.place.domain_nodes is not None for pool in self.gpu_pools)

    @tracked_property
    def discovers_gpus(self) -> bool:
        """Whether GPU feature discovery labels nodes: by the operator or beside the device plugin, not with claims."""
        if self.allocation == DRA:
            return False
        return bool(self.setting("k8s-device-plugin" if self.gpu_stack == "standalone" else "gpu-operator", "gfd"))

    @tracked_property
    def containerd_socket(self) -> str:
        """Where the container toolkit finds containerd: as the blueprint tells it, or as the node image has it."""
        said = self.setting("gpu-operator", "toolkitEnv") or {}
        return said.get(SOCKET) or self.image.toolkit_env.get(SOCKET) or "/run/containerd/containerd.sock"

    @tracked_property
    def node_labels(self) -> str:
        """Who labels and taints nodes: `apply` or `provisioner`."""
        return self._blueprint.spec.node_labels

    def machine(self, instance_type: str) -> Machine | None:
        """What the catalogue knows of an instance type."""
        return self._catalog.machine(instance_type)

    @tracked_property
    def pull_secrets(self) -> tuple[str, ...]:
        """Names of the secrets that images are pulled with."""
        return tuple(self._blueprint.spec.cluster.registries.pull_secrets)

    @tracked_property
    def mirrors(self) -> dict[str, str]:
        """Registry hosts and what stands in for them."""
        return dict(plain(self._blueprint.spec.cluster.registries.mirrors))

    def mirrored(self, repository: str) -> str:
        """The repository, or where its mirror keeps it: the registry's host gives way to the mirror's path."""
        host, _, rest = repository.partition("/")
        mirrors = self._blueprint.spec.cluster.registries.mirrors
        mirror = mirrors.get(host) or mirrors.get("*")
        return f"{mirror}/{rest}" if mirror else repository

    @tracked_property
    def pools(self) -> tuple[Pool, ...]:
        """All pools, by name; without those whose GPUs the catalogue does not know."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(specs) if name not in self._unresolved)

    @tracked_property
    def unresolved(self) -> tuple[Pool, ...]:
        """The pools whose GPUs the catalogue does not know, by name; their `gpu.facts` cannot be read."""
        specs = self._blueprint.spec.node_pools
        return tuple(self._pool(name, specs[name]) for name in sorted(self._unresolved))

    def _pool(self, name: str, spec: NodePool) -> Pool:
        with untracked():  # a pool records by itself whether it has GPUs
            kind = Pool if spec.gpu is None else GpuPool
        return kind(name, spec, self, self._catalog)

    @tracked_property
    def gpu_pools(self) -> tuple[GpuPool, ...]:
        """The pools whose nodes have GPUs."""
        return tuple(pool for pool in self.pools if pool.gpu and isinstance(pool, GpuPool))

    def first_with(self, part: str) -> GpuPool | None:
        """The first pool whose nodes this platform brings `part` (as in a Mode) to.

        Nothing is recorded but what is read from that pool afterwards: it alone suffices, and the lines of a thousand
        others would say nothing.
        """
        if part not in self._first_with:
            with untracked():
                found = next((pool for pool in self.gpu_pools if getattr(pool.mode, part) == "operator"), None)
            self._first_with[part] = found
        return self._first_with[part]

    @tracked_property
    def driver(self) -> OperatorDriver:
        """The driver that the operator installs."""
        return OperatorDriver(self)

    @tracked_property
    def partitioning(self) -> Partitioning:
        """How the pools together cut and share GPUs."""
        return Partitioning(self)

    @tracked_property
    def fabrics(self) -> Fabrics:
        """The networks of the pools together."""
        return Fabrics(self)

    def driver_version(self, branch: str) -> str | None:
        """The exact version of a branch in this release."""
        known = self.release.driver.branches.get(branch)
        if known is None:
            return None
        path = ("driver", "branches", branch, "version")
        record(Source("release", self.release.span(*path), ".".join(path)))
        return known.version

    def driver_digest(self, branch: str) -> str | None:
        """The digest by which an operator's bundle pins the driver of a branch; resolve() refuses one without."""
        known = self.release.driver.branches.get(branch)
        if known is None or known.digest is None:
            return None
        path = ("driver", "branches", branch, "digest")
        record(Source("release", self.release.span(*path), ".".join(path)))
        return known.digest

    def setting(self, component: str, name: str) -> Any:
        """The value of a component's setting; None where the component is not there."""
        found = self.components.get(component)
        return found.settings[name] if found and name in found.component.settings else None

    @tracked_property
    def taints(self) -> tuple[PoolTaint, ...]:
        """Every taint once of pools with GPUs, a fabric or machines, whatever its value, and the customary one."""
        lines: dict[tuple[str, str], list[Source]] = {(GPU_TAINT, "NoSchedule"): []}
        for pool in self.pools:
            for taint in pool.taints if pool.gpu or pool.network or pool.runs_machines else ():
                lines.setdefault((taint.key, taint.effect), []).append(pool.taint_source(taint))
        return tuple(PoolTaint(Taint(key, "", effect), tuple(lines[key, effect])) for key, effect in sorted(lines))

    @tracked_property
    def components(self) -> Mapping[str, PlatformComponent]:
        """The release's components by name, in order of need; absent ones are left out."""
        specs = self._blueprint.spec.components
        with untracked():  # that a component is there is recorded by what it is there for, not by everything in it
            names = [name for name in self._component_names() if self.asks_for(self._component(name))]
        found = (PlatformComponent(self._component(name), specs.get(name), self) for name in names)
        return {component.name: component for component in found if component.ownership != "absent"}

    def asks_for(self, component: Component) -> bool:
        """Whether the blueprint has the section that the component carries out, if it carries out one."""
        return asked_for(component, self._blueprint.spec)

    @tracked_property
    def observability(self) -> Observability | None:
        """What is watched; None without the section, or without the component that carries it out."""
        spec = self._blueprint.spec.observability
        if spec is None:
            return None
        from blueprint.platform.observability.model import Observability

        component = self.components.get(OBSERVABILITY)
        return Observability(spec, self, component) if component is not None else None

    def _component(self, name: str) -> Component:
        component = self._catalog.component(name, self.release.components[name])
        if component is None:
            raise LookupError(f"release {self.release.release} names the component {name}, which does not exist")
        return component

    def _component_names(self) -> list[str]:
        from blueprint.catalog.catalog import waves

        found = [self._component(name) for name in self.release.components]
        ordered = waves(component for component in found if self.gpu_stack in component.stacks)
        return [component.name for wave in ordered for component in wave]
