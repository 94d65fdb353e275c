"""A resolved node pool. Every property records the sources that determined it (see `tracking`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from blueprint.catalog.catalog import Catalog
from blueprint.catalog.distribution import WITH_CLAIMS, WITHOUT_OPERATOR, Mode, Part, Stack
from blueprint.platform.components.model import PlatformComponent
from blueprint.platform.dra.model import DynamicAllocation
from blueprint.platform.drivers.model import POOL_LABEL, DriverPlatform, PoolDriver, deploy
from blueprint.platform.drivers.modes import ModeConflict, Owners, choose_mode
from blueprint.platform.drivers.runtime import runtime_class_of_pods
from blueprint.platform.gpus.model import PoolGpu
from blueprint.platform.network.model import PoolNetwork
from blueprint.platform.nodes.offered import GPU_NAME, ClaimedClass, Offered
from blueprint.platform.nodes.taints import Taint
from blueprint.platform.partitioning.model import PartitionedPlatform, PoolPartition
from blueprint.platform.provisioning.model import NODE_POOL_LABEL, PoolProvisioning
from blueprint.platform.queueing.engines import KAI, SHARD_LABEL, engine_of, is_shared
from blueprint.platform.tenants.model import Tenants
from blueprint.platform.topology.model import NodeHardware, NodeTopology
from blueprint.platform.tracking.recorder import record, tracked_property
from blueprint.platform.tracking.sources import Source
from blueprint.platform.tracking.tracked import plain, read_fact
from blueprint.platform.virtualization.kata import CC_LABEL, KATA_TAINT, Kata, PoolKata
from blueprint.platform.virtualization.model import PASSTHROUGH, WORKLOAD_LABEL
from blueprint.spec.karpenter import ANY_PURCHASE
from blueprint.spec.pools import NodePool


class PoolPlatform(DriverPlatform, PartitionedPlatform, Protocol):
    """The platform, as seen by its pools."""

    @property
    def gpu_pools(self) -> Sequence[GpuPool]:
        """The pools whose nodes have GPUs."""

    @property
    def pool_label(self) -> str | None:
        """The node label whose value is the pool's name."""

    @property
    def declared_pool_label(self) -> str | None:
        """The node label whose value is the pool's name, if the blueprint declares it."""

    @property
    def node_labels(self) -> str:
        """The program that sets the labels and taints of nodes by default."""

    @property
    def dra(self) -> DynamicAllocation:
        """The functions of the DRA driver."""

    @property
    def kata(self) -> Kata:
        """Kata in the whole cluster."""

    @property
    def pools(self) -> Sequence[Pool]:
        """All pools."""

    def stack_with(self, allocation: str | None) -> Stack:
        """The stack of a pool that declares `allocation`."""

    def provider_of(self, part: Part, stack: Stack | None = None) -> PlatformComponent | None:
        """The component that provides a part of the node stack for pools of a stack that leave it to the platform."""

    @property
    def engines(self) -> tuple[str, ...]:
        """The engines that queue workloads, by their keys in `queueing`."""

    @property
    def tenants(self) -> Tenants:
        """All tenants of the platform."""


class Pool:
    """One resolved node pool."""

    def __init__(self, name: str, spec: NodePool, platform: PoolPlatform, catalog: Catalog) -> None:
        self.name = name
        self._spec = spec
        self._platform = platform
        self._catalog = catalog

    @tracked_property
    def nodes_min(self) -> int:
        """The minimum number of nodes."""
        return self._spec.nodes.min

    @tracked_property
    def nodes_max(self) -> int:
        """The maximum number of nodes."""
        return self._spec.nodes.max

    @tracked_property
    def selector(self) -> dict[str, str]:
        """The labels that select the nodes; empty if undetermined (BP3135)."""
        if declared := self._spec.selector:
            return dict(plain(declared))
        if self.provisioning and not self._platform.declared_pool_label:
            return {NODE_POOL_LABEL: self.own_label}
        label = self._platform.pool_label
        return {label: self.name} if label else {}

    @tracked_property
    def taints(self) -> tuple[Taint, ...]:
        """Taints of the nodes, by key."""
        declared = (Taint(key, *text.split(":")) for key, text in plain(self._spec.taints).items())
        found = {taint.key: taint for taint in declared}
        if self.kata is not None:
            found[KATA_TAINT.key] = KATA_TAINT
        return tuple(found[key] for key in sorted(found))

    def taint_source(self, taint: Taint) -> Source:
        """The source of a taint of the nodes."""
        own = ("kata",) if taint == KATA_TAINT else ("taints", taint.key)
        return self._platform.origins.source(("spec", "nodePools", self.name, *own))

    @tracked_property
    def kata(self) -> PoolKata | None:
        """How its nodes run virtual machines; None if they run containers."""
        return PoolKata(self._spec.kata, self, self._platform) if self._spec.kata is not None else None

    @tracked_property
    def arch(self) -> str:
        """The processor architecture of its nodes: declared, or implied by the GPU; usually amd64."""
        if declared := self.hardware.arch:
            return declared
        product = self.gpu.catalogued if self.gpu else None
        return read_fact(product.host_arch) if product and product.host_arch else "amd64"

    @tracked_property
    def provisioning(self) -> PoolProvisioning | None:
        """How Karpenter creates its nodes; None if something else does."""
        spec = self._spec.karpenter
        return PoolProvisioning(self, spec, self._platform) if spec is not None else None

    @tracked_property
    def marked_by(self) -> str:
        """The program that sets labels and taints of its nodes, `apply` or `provisioner`; always the provisioner if
        Karpenter creates them.
        """
        return "provisioner" if self.provisioning else self._platform.node_labels

    @tracked_property
    def runs_virtual_machines(self) -> bool:
        """Whether its nodes run virtual machines that get their GPUs."""
        if not self._platform.virtualization.enabled:
            return False
        return self.passes_gpus or self.selector.get(WORKLOAD_LABEL) == PASSTHROUGH

    @property
    def runs_operands_of_nodes(self) -> bool:
        """Whether any operand of this platform must run on its nodes: for GPUs, a fabric or virtual machines."""
        return bool(self.gpu or self.network or self.runs_virtual_machines or self.kata)

    @tracked_property
    def passes_gpus(self) -> bool:
        """Whether its GPUs are passed to virtual machines: containers on its nodes get none."""
        return self.kata is not None and self.gpu is not None

    @tracked_property
    def _gpu(self) -> PoolGpu | None:
        return PoolGpu(self._spec.gpu, self._platform, self._catalog) if self._spec.gpu is not None else None

    @property
    def gpu(self) -> PoolGpu | None:
        """The GPUs of each node, or None."""
        return self._gpu

    @tracked_property
    def driver(self) -> PoolDriver:
        """The driver of its nodes."""
        return PoolDriver(self._spec.driver, self, self._platform)

    @tracked_property
    def network(self) -> PoolNetwork | None:
        """The fabric that connects its nodes; None without one, or if it is unknown."""
        spec = self._spec.network
        return PoolNetwork(self, spec, self._spec.driver, self._platform) if spec and spec.fabric else None

    @tracked_property
    def hardware(self) -> NodeHardware:
        """The hardware of its nodes."""
        return NodeHardware(self._spec, self._platform)

    @tracked_property
    def offered(self) -> dict[str, Offered]:
        """The resources that pods can request from each node, by the name in quotas: gpu, a MIG profile, cpu,
        memory.
        """
        partition, cpu = _partition(self), self.hardware.cpu
        found = partition.requestable.items() if partition else ()
        of_gpus = self._by_purchase({name: self._offer(name, of, str(number)) for name, (of, number) in found})
        if len(self.purchases) > 1:
            return of_gpus  # CPU and memory are not counted by purchase type
        return {
            **of_gpus,
            "cpu": Offered("cpu", str(cpu) if cpu else None),
            "memory": Offered("memory", self.hardware.memory),
        }

    def _offer(self, name: str, resource: str, number: str) -> Offered:
        """GPUs or instances; claimed ones are counted by their class."""
        if not self.claimed or self.passes_gpus:
            return Offered(resource, number)
        claimed = ClaimedClass(resource, None if name == GPU_NAME else name)
        return Offered(self._platform.dra.counted_as(claimed), number, claimed)

    @tracked_property
    def made_for_pods(self) -> bool:
        """Whether its nodes are created only for pending pods."""
        return self.provisioning is not None and not self.provisioning.static

    @tracked_property
    def purchases(self) -> tuple[str, ...]:
        """The purchase types of its machines, the most reliable first; empty if Karpenter does not create them."""
        return self.provisioning.purchases if self.provisioning else ()

    def _by_purchase(self, gpus: dict[str, Offered]) -> dict[str, Offered]:
        """The resources that nodes offer, by purchase type if there are several, each of which has its own quota."""
        several = len(self.purchases) > 1 and len(gpus) == 1
        return {each: offered for offered in gpus.values() for each in self.purchases} if several else gpus

    @tracked_property
    def topology(self) -> NodeTopology:
        """The location of its nodes."""
        return NodeTopology(self, self._spec, self._platform)

    @tracked_property
    def expect_ecc(self) -> bool | None:
        """Whether ECC must be on; None if undeclared."""
        return self._spec.expect.ecc

    @tracked_property
    def expect_persistence_mode(self) -> bool | None:
        """Whether persistence mode must be on; None if undeclared."""
        return self._spec.expect.persistence_mode

    @tracked_property
    def cost_per_gpu_hour(self) -> Mapping[str, float]:
        """The price of a GPU hour, by purchase type, or by "" if there is none. Empty if undeclared."""
        prices = self._spec.cost_per_gpu_hour or {}
        return {each: prices[key] for each in self.purchases or ("",) for key in (each, ANY_PURCHASE) if key in prices}

    @tracked_property
    def queue(self) -> str:
        """The engine that queues workloads for its nodes, or `none`."""
        return engine_of(self._spec.queue, self._platform.engines)

    @tracked_property
    def declares_queue(self) -> bool:
        """Whether the pool itself declares an engine."""
        return self._spec.queue is not None

    @tracked_property
    def pods_wait(self) -> bool:
        """Whether workloads wait as pods, which a ResourceQuota would count. Kueue creates pods only after
        admission.
        """
        return self.queue == KAI

    @tracked_property
    def shard(self) -> str | None:
        """The KAI shard of its nodes; None if KAI does not queue for them."""
        return self.own_label if self.queue == KAI and is_shared(self, self._platform.tenants) else None

    @tracked_property
    def own_label(self) -> str:
        """The value of the label with the pool of a node: the pool's name."""
        record(self._platform.origins.source(("spec", "nodePools", self.name)))
        return self.name

    @tracked_property
    def declared_owners(self) -> Owners:
        """The declared owners of driver, toolkit and device plugin."""
        return (self._spec.owner.driver, self._spec.owner.toolkit, self._spec.owner.device_plugin)

    @tracked_property
    def stack(self) -> Stack:
        """The software that makes its GPUs available to pods."""
        return self._platform.stack_with(self._spec.allocation)

    @tracked_property
    def claimed(self) -> bool:
        """Whether pods claim its GPUs instead of requesting a number of them; also of a pool without GPUs."""
        return self.stack in WITH_CLAIMS

    @tracked_property
    def _chosen_mode(self) -> Mode | ModeConflict:
        platform, owners = self._platform, self.declared_owners
        return choose_mode(platform.cluster.distribution_facts, platform.cluster.os, self.stack, owners)

    @tracked_property
    def mode(self) -> Mode:
        """The owners of driver, toolkit and device plugin; a substitute if no mode matches."""
        chosen = self._chosen_mode
        return chosen.substitute if isinstance(chosen, ModeConflict) else chosen

    @tracked_property
    def mode_conflict(self) -> ModeConflict | None:
        """Why no mode matches the declared owners; None if one does."""
        return self._chosen_mode if isinstance(self._chosen_mode, ModeConflict) else None

    @property
    def platform(self) -> PoolPlatform:
        """The platform that the pool is part of."""
        return self._platform

    @tracked_property
    def runs_operands(self) -> bool:
        """Whether a GPU Operator reads labels of these nodes."""
        return self.stack not in WITHOUT_OPERATOR

    @tracked_property
    def runtime_class(self) -> str | None:
        """The RuntimeClass that pods must name to get GPUs; None if the default runtime gives them."""
        return runtime_class_of_pods(self)

    @tracked_property
    def deploy_driver(self) -> str | None:
        """`false` if the operator installs drivers, but must not do so on these nodes; otherwise None."""
        return deploy(self, "driver")

    @tracked_property
    def deploy_toolkit(self) -> str | None:
        """`false` if the operator installs toolkits, but must not do so on these nodes; otherwise None."""
        return deploy(self, "toolkit")

    @tracked_property
    def deploy_device_plugin(self) -> str | None:
        """`false` if the operator runs device plugins, but another one advertises these GPUs; otherwise None."""
        return deploy(self, "device_plugin")

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the nodes in addition to the selector's."""
        return {key: value for key, read in LABELS.items() if (value := read(self)) is not None}

    @property
    def label_reads(self) -> dict[str, Callable[[], str]]:
        """Functions that read, and record, the value of each label. The sources of the keys are recorded here."""
        return {key: partial(_label, self, key) for key in self.labels}


class GpuPool(Pool):
    """A node pool whose nodes have GPUs."""

    @property
    def gpu(self) -> PoolGpu:
        """The GPUs of each node."""
        gpu = self._gpu
        if gpu is None:
            raise TypeError(f"pool {self.name} has no GPUs")
        return gpu

    @tracked_property
    def partition(self) -> PoolPartition:
        """How its GPUs are partitioned and shared."""
        if self._spec.gpu is None:
            raise TypeError(f"pool {self.name} has no GPUs")
        return PoolPartition(self, self._spec.gpu, self._platform)


def _label(pool: Pool, key: str) -> str:
    return LABELS[key](pool) or ""


def passing_pools(pools: Iterable[Pool]) -> tuple[GpuPool, ...]:
    """The pools whose GPUs are passed to virtual machines."""
    return tuple(pool for pool in pools if isinstance(pool, GpuPool) and pool.passes_gpus)


def _partition(pool: Pool) -> PoolPartition | None:
    return pool.partition if pool.gpu and isinstance(pool, GpuPool) else None


LABELS: dict[str, Callable[[Pool], str | None]] = {
    POOL_LABEL: lambda pool: pool.own_label,
    "gpublueprint.dev/gpu-product": lambda pool: pool.gpu.product if pool.gpu else None,
    "nvidia.com/gpu.deploy.driver": lambda pool: pool.deploy_driver,
    "nvidia.com/gpu.deploy.container-toolkit": lambda pool: pool.deploy_toolkit,
    "nvidia.com/gpu.deploy.device-plugin": lambda pool: pool.deploy_device_plugin,
    WORKLOAD_LABEL: lambda pool: PASSTHROUGH if pool.passes_gpus and WORKLOAD_LABEL not in pool.selector else None,
    KATA_TAINT.key: lambda pool: KATA_TAINT.value if pool.kata else None,
    CC_LABEL: lambda pool: pool.kata.cc_mode if pool.kata else None,
    SHARD_LABEL: lambda pool: pool.shard,
    "nvidia.com/mig.config": lambda pool: found.mig_config_name if (found := _partition(pool)) else None,
    "nvidia.com/device-plugin.config": lambda pool: found.plugin_config_name if (found := _partition(pool)) else None,
}
"""The labels that pools may set on nodes, with functions for their values; None omits the label."""
