"""The hardware and location of nodes: CPU, memory, and the labels of topology and NVLink domains.

This tool sets none of it, so nothing can be reverted: a difference means a wrong node, or a wrong line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.bundle.model import BundlePool
from blueprint.changes.compare import ABSENT
from blueprint.diagnostics import Note
from blueprint.drift.model import Finding, FindingKind, FoundIn, Remedy, facts
from blueprint.drift.view import Live
from blueprint.source.paths import format_path
from blueprint.units import quantity_value

ARCH = "kubernetes.io/arch"
INSTANCE_TYPE = "node.kubernetes.io/instance-type"
LEAST_MEMORY = 0.85
"""The minimum share of the machine's memory: hypervisor and kernel reserve up to a tenth before the kubelet counts."""

_WORDS = "set by kubelet, cloud or discovery: either the node is not the declared one, or the line is wrong"


def examine_place(node: Live, pool: BundlePool) -> Iterator[Finding]:
    """Whether a node is the machine that its pool declares, and has the declared location labels."""
    labels = node["metadata"].get("labels") or {}
    for key, name in ((ARCH, "arch"), (INSTANCE_TYPE, "instanceType")):
        want, have = pool.machine.get(name), labels.get(key)
        if want and have and have != want:
            yield _differs(node, pool, "machine", format_path(("metadata", "labels", key)), want, have)
    yield from _capacity(node, pool)
    for level in pool.topology:
        if not labels.get(level):
            path = format_path(("metadata", "labels", level))
            yield _differs(node, pool, "topology", path, "the name of a domain", labels.get(level, ABSENT))


def _capacity(node: Live, pool: BundlePool) -> Iterator[Finding]:
    capacity: Mapping[str, Any] = (node.get("status") or {}).get("capacity") or {}
    cpu, memory = pool.machine.get("cpu"), pool.machine.get("memory")
    if cpu and (have := capacity.get("cpu")) and str(have) != cpu:
        yield _differs(node, pool, "machine", "status.capacity.cpu", cpu, have)
    if memory and (have := capacity.get("memory")):
        share = quantity_value(str(have)) / quantity_value(memory)
        if not LEAST_MEMORY <= share <= 1:
            yield _differs(node, pool, "machine", "status.capacity.memory", memory, have)


def examine_domains(pool: BundlePool, nodes: Iterable[Live]) -> Iterator[Finding]:
    """Whether no domain contains more of the pool's nodes than declared."""
    labels = [node["metadata"].get("labels") or {} for node in nodes]
    for level, size in pool.topology.items():
        counted = Counter(each[level] for each in labels if each.get(level))
        for domain, number in sorted(counted.items()):
            if size and number > size:
                yield Finding(
                    FindingKind.POOL_SIZE,
                    f"NodePool/{pool.name}",
                    f"{format_path(('topology', level))}={domain}",
                    declared=f"at most {size}",
                    live=number,
                    origin=pool.origin("topology", "selector"),
                    found_in=FoundIn.NODE,
                )


def _differs(node: Live, pool: BundlePool, source: str, path: str, want: str, have: Any) -> Finding:
    return Finding(
        FindingKind.REMOVED if have is ABSENT else FindingKind.MODIFIED,
        f"Node/{node['metadata']['name']}",
        path,
        declared=want,
        live=have,
        origin=pool.origin(source, "selector"),
        found_in=FoundIn.NODE,
        seen=(("pool", pool.name), *facts(node)),
        remarks=(Note(_WORDS),),
        ended_by=Remedy.NODES,
    )
