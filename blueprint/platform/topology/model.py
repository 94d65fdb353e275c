"""The resolved hardware and topology of a pool's nodes."""

from __future__ import annotations

from blueprint.catalog.machines import Machine
from blueprint.platform.tracking.recorder import tracked_property
from blueprint.platform.tracking.tracked import plain
from blueprint.platform.views import PlatformView, PoolView
from blueprint.spec.pools import NodePool
from blueprint.units import canonical_quantity

HOSTNAME = "kubernetes.io/hostname"


class NodeHardware:
    """The hardware of one pool's nodes. Undetermined values are None."""

    def __init__(self, spec: NodePool, platform: PlatformView) -> None:
        self._spec = spec
        self._platform = platform

    @tracked_property
    def instance_type(self) -> str | None:
        """The cloud's instance type."""
        return self._spec.machine.instance_type

    @tracked_property
    def virtual(self) -> Machine | None:
        """The machine, if its GPU appears in the node as a vGPU."""
        found = self._platform.machine(self.instance_type) if self.instance_type else None
        return found if found and found.vgpu else None

    @tracked_property
    def arch(self) -> str | None:
        """`amd64` or `arm64`."""
        return self._spec.machine.arch

    @tracked_property
    def cpu(self) -> int | None:
        """The number of CPUs per node."""
        return self._spec.machine.cpu

    @tracked_property
    def memory(self) -> str | None:
        """The memory per node, as a quantity in the API server's form."""
        declared = self._spec.machine.memory
        return canonical_quantity(declared) if declared else None

    @tracked_property
    def machine(self) -> dict[str, str]:
        """All known facts about the machine, by name; numbers as strings, as reported by nodes."""
        cpu = str(self.cpu) if self.cpu else None
        known = {"instanceType": self.instance_type, "arch": self.arch, "cpu": cpu, "memory": self.memory}
        return {key: value for key, value in known.items() if value}


class NodeTopology:
    """The location of one pool's nodes: domains, NVLink, and kubelet policies."""

    def __init__(self, pool: PoolView, spec: NodePool, platform: PlatformView) -> None:
        self._pool = pool
        self._spec = spec
        self._platform = platform

    @tracked_property
    def domain_nodes(self) -> int | None:
        """The number of nodes in one NVLink domain; None if NVLink does not extend beyond a node."""
        domain = self._spec.nvlink_domain
        return domain.nodes if domain is not None else None

    @tracked_property
    def domain_label(self) -> str | None:
        """The node label with the name of the NVLink domain."""
        domain = self._spec.nvlink_domain
        return domain.label if domain is not None else None

    @tracked_property
    def sizes(self) -> dict[str, int]:
        """The declared nodes of the pool per domain, by level."""
        return dict(plain(self._spec.topology))

    @tracked_property
    def labels(self) -> dict[str, int]:
        """Labels for a node's location, widest first, each with the number of nodes per domain (0: undeclared).

        GPU nodes have all levels of the cluster; others only those for which the pool declares sizes.
        """
        sizes = self.sizes
        levels = self._platform.cluster.topology_labels if sizes or self._pool.gpu is not None else ()
        found = {level: sizes.get(level, 0) for level in levels if level != HOSTNAME}
        if self.domain_label and self.domain_nodes:
            found[self.domain_label] = self.domain_nodes
        return found

    @tracked_property
    def kubelet(self) -> dict[str, str]:
        """The required kubelet settings, by the keys of its configuration file."""
        kubelet = self._spec.kubelet
        declared = {
            "topologyManagerPolicy": kubelet.topology_manager,
            "topologyManagerScope": kubelet.topology_manager_scope,
            "cpuManagerPolicy": kubelet.cpu_manager,
            "memoryManagerPolicy": {"static": "Static", "none": "None"}.get(kubelet.memory_manager or ""),
        }
        return {key: value for key, value in declared.items() if value}
