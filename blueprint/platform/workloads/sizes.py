"""The size of a workload on the nodes of a pool: pods, units, CPU and memory within given amounts."""

from __future__ import annotations

import math
from collections.abc import Mapping

from blueprint.catalog.workloads import WorkloadKind
from blueprint.platform.nodes.offered import NODE_RESOURCES
from blueprint.platform.pool import Pool
from blueprint.records import Record
from blueprint.units import quantity_value
from blueprint.wording import counted

_GIB = 2**30
_RESERVED_PART = 4
"""A quarter of a node's CPU and memory is reserved for others."""
_MOST_CPU, _MOST_MEMORY = 16, 128
"""The maximum CPU and GiB of memory per GPU."""
_USUAL_CPU, _USUAL_MEMORY = 2, 8
"""The CPU and GiB of memory per GPU if the machines' resources are unknown."""


class Size(Record):
    """The size of a workload: the number of pods, and the units, CPU and GiB of memory of each."""

    pods: int
    units: int
    cpu: int
    memory: int


def fitted(
    kind: WorkloadKind, pool: Pool, name: str, of_pod: int, most: Mapping[str, int | None], parts: int
) -> Size | str:
    """The size within given amounts, or why there is none."""
    available = most[name] or 0
    fewest = 2 if kind.spread == "nodes" else 1
    if available < fewest:
        return f"the workload needs {fewest} {name}, but the tenant can get only {available}"
    pods = 1 if kind.spread == "one" else min(2, available, pool.nodes_max if of_pod > 1 else available)
    units = 1 if kind.spread == "one" else min(of_pod, available // pods)
    if kind.power_of_two:
        units = 1 << (units.bit_length() - 1)
    if pool.kata and pool.kata.confidential and units < of_pod:
        units = 1  # a confidential virtual machine gets one GPU, or all GPUs of a node
    cpu, memory = (max(1, each * units // parts) for each in _share(pool))
    beside = kind.beside
    machine_cpu, machine_memory = _overhead(pool)
    if (limit := most["cpu"]) is not None:
        cpu = min(cpu, (limit - (beside.cpu if beside else 0)) // pods - machine_cpu)
    if (limit := most["memory"]) is not None:
        memory = min(memory, (limit // _GIB - (beside.memory if beside else 0)) // pods - machine_memory)
    if cpu < 1 or memory < 1:
        return f"the tenant has too little {'cpu' if cpu < 1 else 'memory'} for {counted(pods, 'pod')}"
    return Size(pods, units, cpu, memory)


def _overhead(pool: Pool) -> tuple[int, int]:
    """The CPU and GiB of memory that a pod's virtual machine needs in addition."""
    found = pool.kata.overhead if pool.kata else {}
    cpu, memory = quantity_value(found.get("cpu", "0")), quantity_value(found.get("memory", "0"))
    return math.ceil(cpu), math.ceil(memory / _GIB)


def _share(pool: Pool) -> tuple[int, int]:
    """The CPU and GiB of memory per unit of a node."""
    units = sum(
        int(quantity_value(each.amount or "0")) for name, each in pool.offered.items() if name not in NODE_RESOURCES
    )
    parts = max(1, units) * _RESERVED_PART
    cpu, memory = pool.hardware.cpu, pool.hardware.memory
    return (
        min(_MOST_CPU, max(1, cpu * (_RESERVED_PART - 1) // parts)) if cpu else _USUAL_CPU,
        min(_MOST_MEMORY, max(1, int(quantity_value(memory)) // _GIB * (_RESERVED_PART - 1) // parts))
        if memory
        else _USUAL_MEMORY,
    )
