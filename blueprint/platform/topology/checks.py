"""Checks of topology: levels, domain sizes, NVLink domains, kubelets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from blueprint.catalog.facts import Fact
from blueprint.catalog.hardware import Gpu
from blueprint.diagnostics import Code, Diagnostic, Note, Severity, nearest
from blueprint.platform import codes as platform_codes
from blueprint.platform.check_context import CheckContext
from blueprint.platform.paths import POOLS
from blueprint.platform.pool import Pool
from blueprint.platform.topology import codes
from blueprint.platform.topology.model import HOSTNAME
from blueprint.records import replace
from blueprint.source.paths import Path
from blueprint.units import quantity_value
from blueprint.wording import counted

LEVELS: Path = ("spec", "cluster", "topology")
LEAST_MEMORY = 2 * 2**30
"""Approximate memory requests, in bytes, of kubelet, runtime and operands on one node."""


def check_topology(context: CheckContext) -> Iterator[Diagnostic]:
    """Check the levels of the cluster, and the location of each pool's nodes."""
    return TopologyChecks(context).found()


class TopologyChecks:
    """Checks of a blueprint completed with the facts about its machines."""

    def __init__(self, context: CheckContext) -> None:
        self.context = context

    def found(self) -> Iterator[Diagnostic]:
        """All findings, those for the cluster's levels first."""
        yield from self._levels()
        for name, pool in self.context.pools.items():
            yield from self._sizes(name, pool)
            yield from self._nvlink(name, pool)
            yield from self._kubelet(name, pool)
            yield from self._memory(name, pool)

    def _levels(self) -> Iterator[Diagnostic]:
        levels = self.context.platform.cluster.topology_labels
        for index, level in enumerate(levels):
            if level in levels[:index]:
                notes = (self.context.note((*LEVELS, levels.index(level)), "already listed here"),)
                message = f"the level {level} is listed twice"
                yield self.context.diagnostic_at(
                    (*LEVELS, index), codes.TOPOLOGY_LEVELS, message, notes=notes, help_="list it once"
                )
            elif level == HOSTNAME and index < len(levels) - 1:
                message = f"{HOSTNAME} is the narrowest level, but {levels[-1]} follows it"
                yield self.context.diagnostic_at((*LEVELS, index), codes.TOPOLOGY_LEVELS, message, help_="put it last")

    def _memory(self, name: str, pool: Pool) -> Iterator[Diagnostic]:
        """Nodes too small for the pods of the GPU stack."""
        memory = pool.hardware.memory
        if memory and quantity_value(memory) < LEAST_MEMORY:
            message = f"nodes of pool {name} with {memory} of memory are too small for the GPU stack"
            path, help_ = (
                (*POOLS, name, "machine", "memory"),
                "write the memory with its unit, for example 512Gi or 2Ti",
            )
            yield self.context.diagnostic_at(path, codes.MACHINE_IMPLAUSIBLE, message, help_=help_)

    def _sizes(self, name: str, pool: Pool) -> Iterator[Diagnostic]:
        levels = list(self.context.platform.cluster.topology_labels)
        at: Path = (*POOLS, name, "topology")
        sizes = pool.topology.sizes
        known = [level for level in levels if level in sizes]
        for level in sizes:
            if level not in levels:
                yield self._unknown_level((*at, level), level, levels)
        for wide, narrow in pairwise(known):
            outer, inner = sizes[wide], sizes[narrow]
            if outer % inner:
                message = f"a {wide} of {outer} nodes cannot be divided into {narrow}s of {inner}"
                notes = (self.context.note((*at, wide), "the wider level"),)
                yield self.context.diagnostic_at(
                    (*at, narrow),
                    codes.TOPOLOGY_SIZES,
                    message,
                    notes=notes,
                    help_="set sizes in nodes per domain, each a multiple of the next narrower one",
                )
        for level in known:
            yield from self._fill(name, pool, level)

    def _unknown_level(self, path: Path, level: str, levels: list[str]) -> Diagnostic:
        near = nearest(level, levels)
        help_ = f"did you mean {near}?" if near else f"declared levels: {', '.join(levels) or 'none'}"
        notes = tuple(self.context.note((*LEVELS, index), "a level of the cluster") for index in range(len(levels)))
        message = f"cluster.topology has no level {level}"
        found = self.context.diagnostic_at(path, codes.TOPOLOGY_LEVEL_UNKNOWN, message, help_=help_, notes=notes)
        node = self.context.root.get(path)
        return replace(found, at=node.key_span) if node else found

    def _fill(self, name: str, pool: Pool, level: str) -> Iterator[Diagnostic]:
        size, at = pool.topology.sizes[level], (*POOLS, name, "topology", level)
        if level == HOSTNAME and size != 1:
            yield self.context.diagnostic_at(
                at, codes.TOPOLOGY_SIZES, f"{HOSTNAME} is one node, not {size}", fix="1", help_="use 1"
            )
        else:
            words = (f"a {level} holds", codes.TOPOLOGY_SIZES, codes.TOPOLOGY_UNEVEN)
            yield from self._filled(name, pool, size, at, words)

    def _filled(
        self, name: str, pool: Pool, size: int, at: Path, words: tuple[str, Code, Code]
    ) -> Iterator[Diagnostic]:
        """Check domains of `size` nodes in a pool: none may be larger than the pool, and an incomplete one causes a
        warning.
        """
        text, too_large, uneven = words
        notes = (self.context.note((*POOLS, name, "nodes"), "nodes of the pool"),)
        most = pool.nodes_max
        if size > most:
            message = f"{text} {size} nodes, but pool {name} never has more than {most}"
            yield self.context.diagnostic_at(at, too_large, message, notes=notes, help_=f"use at most {most}")
        elif pool.nodes_min == most and most % size:
            message = f"{text} {size} nodes, but the {most} nodes of pool {name} leave one with only {most % size}"
            yield self.context.diagnostic_at(at, uneven, message, notes=notes)

    def _nvlink(self, name: str, pool: Pool) -> Iterator[Diagnostic]:
        nodes, gpu = pool.topology.domain_nodes, pool.gpu
        if nodes is None:
            return
        at: Path = (*POOLS, name, "nvlinkDomain")
        if gpu is None:
            message, help_ = f"pool {name} has no gpu, so nvlinkDomain has no effect", "add gpu, or remove nvlinkDomain"
            yield self.context.diagnostic_at(at, platform_codes.GPU_MISSING, message, help_=help_)
            return
        product = gpu.catalogued
        limit = _most_gpus(product) if product else None
        if product and limit and nodes * gpu.count > limit.value:
            yield self._too_many_gpus(name, product, limit, nodes, gpu.count)
        words = ("an NVLink domain holds", codes.NVLINK_DOMAIN_IMPOSSIBLE, codes.NVLINK_DOMAIN_UNEVEN)
        yield from self._filled(name, pool, nodes, (*at, "nodes"), words)

    def _too_many_gpus(self, name: str, product: Gpu, limit: Fact[int], nodes: int, count: int) -> Diagnostic:
        """More GPUs than NVLink can connect; a warning if the catalogue is not certain of the limit."""
        message = f"{counted(nodes, 'node')} with {count} x {product.product} have {nodes * count} GPUs"
        message += f", but NVLink joins at most {limit.value}" if limit.value else ", but this GPU has no NVLink"
        notes = (self.context.product_note(name), Note(f"{limit.source} ({limit.confidence})", limit.span))
        help_ = f"use at most {counted(limit.value // count, 'node')}" if limit.value else "remove nvlinkDomain"
        path, code = (*POOLS, name, "nvlinkDomain", "nodes"), codes.NVLINK_DOMAIN_IMPOSSIBLE
        found = self.context.diagnostic_at(path, code, message, notes=notes, help_=help_)
        return found if limit.certain else replace(found, override=Severity.WARNING)

    def _kubelet(self, name: str, pool: Pool) -> Iterator[Diagnostic]:
        kubelet, at = pool.topology.kubelet, (*POOLS, name, "kubelet")
        policy = kubelet.get("topologyManagerPolicy")
        aligning = policy not in (None, "none")
        if kubelet.get("memoryManagerPolicy") == "Static" and not aligning:
            message = "the static memory manager needs the topology manager, which is disabled"
            yield self.context.diagnostic_at(
                (*at, "memoryManager"),
                codes.KUBELET_CONFLICT,
                message,
                help_="set topologyManager to restricted or single-numa-node",
            )
        if "topologyManagerScope" in kubelet and not aligning:
            message = "topologyManagerScope has no effect while the topology manager is disabled"
            yield self.context.diagnostic_at(
                (*at, "topologyManagerScope"),
                codes.KUBELET_CONFLICT,
                message,
                help_="set topologyManager, or remove topologyManagerScope",
            )
        if policy == "single-numa-node" and kubelet.get("cpuManagerPolicy") == "none":
            message = "topologyManager: single-numa-node cannot align CPUs, because cpuManager is none"
            notes = (self.context.note((*at, "topologyManager"), "topology manager set here"),)
            yield self.context.diagnostic_at(
                (*at, "cpuManager"),
                codes.KUBELET_CONFLICT,
                message,
                notes=notes,
                help_="cpuManager: static",
                fix="static",
            )


def _most_gpus(product: Gpu) -> Fact[int] | None:
    """The maximum number of GPUs of the product in an NVLink domain; None if unknown."""
    nvlink = product.nvlink
    if nvlink is None:
        return None
    return nvlink.links if nvlink.links and not nvlink.links.value else nvlink.domain_gpus
