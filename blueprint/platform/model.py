"""The platform: what a blueprint means once defaults are filled and names are bound to the catalogue.

Every property notes the lines it was decided by (see `reads`), so it may be read from templates, expectations and
prerequisites alike without losing the way back to the blueprint.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from blueprint.catalog import Catalog, Component, Distribution, Mode, NodeImage, Release, Rule
from blueprint.catalog import Gpu as Product
from blueprint.platform.component import PlatformComponent
from blueprint.platform.drivers import POOL_LABEL, OperatorDriver, PoolDriver, deploy, mode_of_pool, runs
from blueprint.platform.origin import Source
from blueprint.platform.partition import Partition, Partitioning
from blueprint.platform.place import Place
from blueprint.platform.reads import Origins, derived, note, plain
from blueprint.platform.taint import PoolTaint, Taint
from blueprint.platform.unwatched import COMPONENT as OBSERVABILITY
from blueprint.spec import Blueprint, NodePool
from blueprint.spec.pools import PoolGpu as PoolGpuSpec

if TYPE_CHECKING:
    from blueprint.platform.observability import Observability

GPU_TAINT = "nvidia.com/gpu"
PODS_PER_NODE = 20
"""More than the operator's pods on one GPU node, and enough for those that replace others during an update."""


class PoolGpu:
    """The GPUs of each node of a pool."""

    def __init__(self, spec: PoolGpuSpec, catalog: Catalog) -> None:
        self._spec = spec
        self._catalog = catalog

    @derived
    def product(self) -> str:
        """Name in the catalogue."""
        return self._spec.product

    @derived
    def count(self) -> int:
        """GPUs per node."""
        return self._spec.count

    @derived
    def facts(self) -> Product:
        """What the catalogue knows of the product."""
        product = self._catalog.gpu(self.product)
        if product is None:
            raise LookupError(f"{self.product} is not in the catalogue: resolve() was to refuse it")
        return product


class Pool:
    """One node pool, resolved."""

    def __init__(self, name: str, spec: NodePool, platform: Platform, catalog: Catalog) -> None:
        self.name = name
        self._spec = spec
        self._platform = platform
        self._catalog = catalog

    @derived
    def nodes_min(self) -> int:
        """Fewest nodes."""
        return self._spec.nodes.min

    @derived
    def nodes_max(self) -> int:
        """Most nodes."""
        return self._spec.nodes.max

    @derived
    def selector(self) -> dict[str, str]:
        """Labels by which the nodes are known."""
        return dict(plain(self._spec.selector))

    @derived
    def taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes, by key."""
        texts = sorted(plain(self._spec.taints).items())
        return tuple(Taint(key, *text.split(":")) for key, text in texts)

    def taint_source(self, taint: Taint) -> Source:
        """The line that gives the nodes this taint."""
        return self._platform.origins.source(("spec", "nodePools", self.name, "taints", taint.key))

    @derived
    def gpu(self) -> PoolGpu | None:
        """The GPUs of each node, or None."""
        return PoolGpu(self._spec.gpu, self._catalog) if self._spec.gpu is not None else None

    @derived
    def driver(self) -> PoolDriver:
        """The driver of its nodes."""
        return PoolDriver(self._spec.driver, self, self._platform)

    @derived
    def partition(self) -> Partition:
        """How its GPUs are cut and shared. Only for pools that have GPUs."""
        return Partition(self, self._spec.gpu, self._platform)

    @derived
    def place(self) -> Place:
        """What its nodes are made of and where they stand."""
        return Place(self, self._spec, self._platform)

    @derived
    def expect_ecc(self) -> bool | None:
        """Whether ECC must be on; None if nothing is declared."""
        return self._spec.expect.ecc

    @derived
    def expect_persistence_mode(self) -> bool | None:
        """Whether persistence mode must be on; None if nothing is declared."""
        return self._spec.expect.persistence_mode

    @derived
    def cost_per_gpu_hour(self) -> float | None:
        """What one GPU costs in an hour; None if nobody said."""
        return self._spec.cost_per_gpu_hour

    @derived
    def own_label(self) -> str:
        """Value of the label that says which pool a node belongs to: the pool's name."""
        note(self._platform.origins.source(("spec", "nodePools", self.name)))
        return self.name

    @derived
    def mode(self) -> Mode:
        """Who brings driver, toolkit and device plugin."""
        owner = self._spec.owner
        return mode_of_pool(self, self._spec.driver.owner, owner.toolkit, owner.device_plugin)

    @property
    def platform(self) -> Platform:
        """The platform that the pool is part of."""
        return self._platform

    @derived
    def runs_operands(self) -> bool:
        """Whether a GPU Operator looks at labels of these nodes."""
        return self._platform.gpu_stack == "clusterPolicy"

    @derived
    def deploy_driver(self) -> str | None:
        """`false` where the operator installs drivers, but must leave these nodes alone; otherwise None."""
        return deploy(self, "driver")

    @derived
    def deploy_toolkit(self) -> str | None:
        """`false` where the operator installs toolkits, but must leave these nodes alone; otherwise None."""
        return deploy(self, "toolkit")

    @derived
    def deploy_device_plugin(self) -> str | None:
        """`false` where the operator runs device plugins, but another one advertises these GPUs; otherwise None."""
        return deploy(self, "device_plugin")

    @property
    def labels(self) -> dict[str, str]:
        """Labels that the nodes carry besides the selector's."""
        return {key: value for key, read in LABELS.items() if (value := read(self)) is not None}


LABELS: dict[str, Callable[[Pool], str | None]] = {
    POOL_LABEL: lambda pool: pool.own_label,
    "gpublueprint.dev/gpu-product": lambda pool: pool.gpu.product if pool.gpu else None,
    "nvidia.com/gpu.deploy.driver": lambda pool: pool.deploy_driver,
    "nvidia.com/gpu.deploy.container-toolkit": lambda pool: pool.deploy_toolkit,
    "nvidia.com/gpu.deploy.device-plugin": lambda pool: pool.deploy_device_plugin,
    "nvidia.com/mig.config": lambda pool: pool.partition.mig_config_name if pool.gpu else None,
    "nvidia.com/device-plugin.config": lambda pool: pool.partition.plugin_config_name if pool.gpu else None,
}
"""The labels that pools may put on nodes, each with how its value is read; None leaves it out."""


class Platform:
    """The whole platform. `components` holds those of the release that are not absent, in order of need."""

    def __init__(self, blueprint: Blueprint, origins: Origins, catalog: Catalog, release: Release) -> None:
        self._blueprint = blueprint
        self._catalog = catalog
        self.origins = origins
        self.release = release

    @derived
    def name(self) -> str:
        """metadata.name."""
        return self._blueprint.metadata.name

    @derived
    def version(self) -> str:
        """metadata.version."""
        return self._blueprint.metadata.version

    @derived
    def owners(self) -> tuple[str, ...]:
        """Whom to ask."""
        return tuple(self._blueprint.metadata.owners)

    @derived
    def release_name(self) -> str:
        """The release."""
        return self._blueprint.spec.release

    @derived
    def kubernetes(self) -> str:
        """The Kubernetes version, with or without the patch."""
        return self._blueprint.spec.cluster.kubernetes

    @derived
    def kubernetes_minor(self) -> str:
        """`1.36`."""
        return ".".join(self.kubernetes.split(".")[:2])

    @derived
    def distribution(self) -> str:
        """Who packages Kubernetes."""
        return self._blueprint.spec.cluster.distribution

    @derived
    def os(self) -> str:
        """Operating system of the GPU nodes, `ubuntu-24.04`; where nothing is said, the distribution's usual one."""
        return self._blueprint.spec.cluster.os or self.ground.default_os

    @derived
    def ground(self) -> Distribution:
        """What is known of the distribution."""
        return self._catalog.distribution(self.distribution)

    @derived
    def image(self) -> NodeImage:
        """What is known of the GPU nodes' image; resolve() refuses a system that the distribution does not run."""
        found = self.ground.image(self.os)
        if found is None:
            raise LookupError(f"{self.os} is not run by {self.distribution}: resolve() was to refuse it")
        return found

    @derived
    def kubelet_root(self) -> str:
        """The kubelet's directory on GPU nodes."""
        return self._blueprint.spec.cluster.kubelet_root

    @derived
    def runtime_class(self) -> str:
        """Name of the RuntimeClass of the GPU stack's pods. Pools agree on it (BP3212)."""
        return next((pool.mode.runtime_class for pool in self.gpu_pools), "nvidia")

    @derived
    def runs_toolkit(self) -> bool:
        """Whether this platform installs the container toolkit on any node."""
        return runs(self, "toolkit")

    @derived
    def toolkit_env(self) -> list[dict[str, str]]:
        """What the container toolkit must be told on these nodes, as a container's variables."""
        return [{"name": name, "value": value} for name, value in self.image.toolkit_env.items()]

    @derived
    def runs_device_plugin(self) -> bool:
        """Whether this platform advertises GPUs of any node."""
        return runs(self, "device_plugin")

    @derived
    def critical_pods(self) -> str:
        """Pods of system priority that a namespace must admit, as a quantity: those of all nodes, in thousands."""
        thousands = math.ceil(PODS_PER_NODE * max(1, sum(pool.nodes_max for pool in self.pools)) / 1000)
        return f"{thousands}k" if thousands % 1000 else f"{thousands // 1000}M"

    @derived
    def cluster_uid(self) -> str | None:
        """UID of the kube-system namespace, if the blueprint is bound to one cluster."""
        return self._blueprint.spec.cluster.uid

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The catalogue's rules of compatibility."""
        return self._catalog.rules

    @derived
    def levels(self) -> tuple[str, ...]:
        """Labels that say where a node stands, widest first."""
        return tuple(self._blueprint.spec.cluster.topology)

    @derived
    def gpu_stack(self) -> str:
        """How GPUs reach pods."""
        return self._blueprint.spec.gpu_stack

    @derived
    def node_labels(self) -> str:
        """Who labels and taints nodes: `apply` or `provisioner`."""
        return self._blueprint.spec.node_labels

    @derived
    def pull_secrets(self) -> tuple[str, ...]:
        """Names of the secrets that images are pulled with."""
        return tuple(self._blueprint.spec.cluster.registries.pull_secrets)

    @derived
    def mirrors(self) -> dict[str, str]:
        """Registry hosts and what stands in for them."""
        return dict(plain(self._blueprint.spec.cluster.registries.mirrors))

    def mirrored(self, repository: str) -> str:
        """The repository, or where its mirror keeps it: the registry's host gives way to the mirror's path."""
        host, _, rest = repository.partition("/")
        mirrors = self._blueprint.spec.cluster.registries.mirrors
        mirror = mirrors.get(host) or mirrors.get("*")
        return f"{mirror}/{rest}" if mirror else repository

    @derived
    def pools(self) -> tuple[Pool, ...]:
        """All pools, by name."""
        specs = self._blueprint.spec.node_pools
        return tuple(Pool(name, specs[name], self, self._catalog) for name in sorted(specs))

    @derived
    def gpu_pools(self) -> tuple[Pool, ...]:
        """The pools whose nodes have GPUs."""
        return tuple(pool for pool in self.pools if pool.gpu)

    @derived
    def driver(self) -> OperatorDriver:
        """The driver that the operator installs."""
        return OperatorDriver(self)

    @derived
    def partitioning(self) -> Partitioning:
        """How the pools together cut and share GPUs."""
        return Partitioning(self)

    def driver_version(self, branch: str) -> str | None:
        """The exact version of a branch in this release."""
        known = self.release.driver.branches.get(branch)
        if known is None:
            return None
        path = ("driver", "branches", branch, "version")
        note(Source("release", self.release.span(*path), ".".join(path)))
        return known.version

    def setting(self, component: str, name: str) -> Any:
        """The value of a component's setting; None where the component is not there."""
        found = self.components.get(component)
        return found.settings[name] if found and name in found.component.settings else None

    @derived
    def taints(self) -> tuple[PoolTaint, ...]:
        """Every taint of a GPU pool once, and the customary one of GPU nodes, whatever its value."""
        lines: dict[tuple[str, str], list[Source]] = {(GPU_TAINT, "NoSchedule"): []}
        for pool in self.gpu_pools:
            for taint in pool.taints:
                lines.setdefault((taint.key, taint.effect), []).append(pool.taint_source(taint))
        return tuple(PoolTaint(Taint(key, "", effect), tuple(lines[key, effect])) for key, effect in sorted(lines))

    @derived
    def components(self) -> Mapping[str, PlatformComponent]:
        """The release's components by name, in order of need; absent ones are left out."""
        specs = self._blueprint.spec.components
        names = (name for name in self._component_names() if self._asked_for(self._component(name)))
        found = (PlatformComponent(self._component(name), specs.get(name), self) for name in names)
        return {component.name: component for component in found if component.ownership != "absent"}

    def _asked_for(self, component: Component) -> bool:
        """Whether the blueprint has the section that the component carries out, if it carries out one."""
        return component.section is None or getattr(self._blueprint.spec, component.section) is not None

    @derived
    def observability(self) -> Observability | None:
        """What is watched; None without the section, or without the component that carries it out."""
        spec = self._blueprint.spec.observability
        if spec is None:
            return None
        from blueprint.platform.observability import Observability

        component = self.components.get(OBSERVABILITY)
        return Observability(spec, self, component) if component is not None else None

    def _component(self, name: str) -> Component:
        component = self._catalog.component(name)
        if component is None:
            raise LookupError(f"release {self.release.release} names the component {name}, which does not exist")
        return component

    def _component_names(self) -> list[str]:
        from blueprint.catalog import waves

        found = [self._component(name) for name in self.release.components]
        ordered = waves(component for component in found if self.gpu_stack in component.stacks)
        return [component.name for wave in ordered for component in wave]
