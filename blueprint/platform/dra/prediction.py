"""Predicts what the DRA drivers publish of a node of a pool: devices, attributes, counters, and their layout.

The prediction is based on what the release's driver version publishes with its feature gates (`devices.yaml` of its
component) and on the catalogue's facts about the product. Nothing is guessed: all other values are unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from blueprint.catalog.component_files.devices import Devices, Driver, Partitions, Sort
from blueprint.platform.dra.instances import Instances
from blueprint.platform.dra.published import OF_NODES, CounterSets, DeviceGroup, Publication, Value
from blueprint.platform.dra.shares import shared
from blueprint.platform.dra.values import PoolValues
from blueprint.platform.pool import GpuPool, Pool
from blueprint.platform.tracking.recorder import decided_by
from blueprint.platform.tracking.tracked import read_fact
from blueprint.records import replace
from blueprint.versions import version_key

Layout = Literal["one", "perGpu", "countersApart"]


def published_by(pool: Pool) -> tuple[Publication, ...]:
    """The devices that each DRA driver publishes for a node; empty if there is no driver."""
    dra = pool.platform.dra
    devices, version = dra.devices, dra.version
    if devices is None or version is None or not isinstance(pool, GpuPool):
        return ()
    found = []
    for name, driver in devices.drivers.items():
        if dra.joins(pool) if driver.part == "computeDomains" else pool.claimed:
            found.append(_Prediction(pool, devices, name, driver).publication())
    return tuple(found)


class _Prediction:
    """The prediction for one driver and one pool."""

    def __init__(self, pool: GpuPool, devices: Devices, name: str, driver: Driver) -> None:
        dra = pool.platform.dra
        self.pool = pool
        self.name = name
        self.driver = driver
        self.version = dra.version or ""
        self.gates = dra.gates
        self.values = PoolValues(pool, devices, self.version, self.gates)
        self.instances = Instances(pool, name, driver, self.values) if "mig" in driver.names else None
        self.unknown: list[str] = []
        self.assumes: list[str] = []

    def publication(self) -> Publication:
        """Everything that the driver publishes."""
        dra = self.pool.platform.dra
        groups = [*self._of_node(), *(self._of_gpus() if "gpu" in self.driver.names else ())]
        counted = [group for group in groups if group.consumes]
        taints = self.driver.taints
        return Publication(
            driver=self.name,
            version=self.version,
            image=dra.image or "",
            api_version=f"resource.k8s.io/{dra.api_version}",
            layout=self._layout(),
            groups=tuple(self._shared(group) for group in groups),
            counter_sets=self._counter_sets(counted) if counted else None,
            taints=taints.keys if taints and taints.gate in self.gates else (),
            unknown=tuple(self.unknown),
            assumes=tuple(self.assumes),
        )

    def _layout(self) -> Layout:
        partitions = self._on_demand
        if partitions is None:
            return "one"
        minor = version_key(self.pool.platform.cluster.kubernetes_minor)
        apart = minor >= version_key(partitions.counters_apart_from) and self._capable is not False
        return "countersApart" if apart else "perGpu"

    @property
    def _on_demand(self) -> Partitions | None:
        partitions = self.driver.partitions
        return partitions if partitions and partitions.gate in self.gates else None

    @property
    def _capable(self) -> bool | None:
        """Whether the GPUs can be partitioned; None: unknown."""
        supported = self.pool.gpu.facts.mig.supported
        value = read_fact(supported)
        return value if supported.certain else None

    def _of_node(self) -> Iterator[DeviceGroup]:
        for sort in OF_NODES:
            if sort in self.driver.names:
                yield self._group(sort, (0,), optional=self.driver.hidden.get(sort) in self.gates)

    def _of_gpus(self) -> Iterator[DeviceGroup]:
        everything = tuple(range(self.pool.gpu.count))
        groups = self.pool.partition.groups
        if (partitions := self._on_demand) and self._dynamic(partitions):
            yield from self._partitionable(everything)
        elif groups:
            for group in groups:
                if group.instances and self.instances:
                    yield from self.instances.of_group(group)
                elif not group.instances:
                    yield from self._whole(group.devices)
        else:
            decided_by(self.pool.gpu.product)
            yield from self._whole(everything)

    def _dynamic(self, partitions: Partitions) -> bool:
        """Whether partitions are published before they are created; the reason is recorded if they are not."""
        architecture = read_fact(self.pool.gpu.facts.architecture)
        if self._capable is None:
            self.unknown.append(f"it is not verified whether {self.pool.gpu.product} can be partitioned")
        if not self._capable or self.pool.driver.vgpu:
            return False
        if architecture in partitions.need_reset:
            self.assumes.append(
                "MIG mode was off when the driver started: otherwise it publishes the instances and no whole GPU"
            )
            return False
        return True

    def _whole(self, gpus: tuple[int, ...]) -> Iterator[DeviceGroup]:
        """GPUs that are not partitioned; with passthrough, each has two forms, of which a prepared claim leaves one."""
        twin = self.driver.gates.get("vfio")
        both = "vfio" in self.driver.names and twin in self.gates
        yield self._group("gpu", gpus, optional=both)
        if both:
            yield self._group("vfio", gpus, optional=True)

    def _group(self, sort: Sort, gpus: tuple[int, ...], *, optional: bool = False) -> DeviceGroup:
        return DeviceGroup(
            sort=sort,
            name=self.driver.names[sort],
            gpus=gpus,
            optional=optional,
            attributes=self.values.attributes(self.name, sort),
            capacities=self.values.capacities(self.name, sort, None, certain=True),
        )

    def _partitionable(self, gpus: tuple[int, ...]) -> Iterator[DeviceGroup]:
        """Whole GPUs and all of their possible instances, which consume the same counters."""
        assert self.instances is not None  # noqa: S101 - a driver with partitions has names for them
        instances = [replace(each, consumes=counters(each.capacities)) for each in self.instances.on_demand(gpus)]
        if not instances:
            self.unknown.append(f"the catalogue does not know where instances of {self.pool.gpu.product} can be placed")
        elif not self.instances.placed_for_sure:
            self.unknown.append(f"it is not verified where instances of {self.pool.gpu.product} can be placed")
        most = _most(instances)
        whole = self._group("gpu", gpus)
        yield replace(whole, capacities=most or whole.capacities, consumes=counters(most))
        yield from instances

    def _counter_sets(self, counted: Sequence[DeviceGroup]) -> CounterSets | None:
        partitions, instances = self._on_demand, self.instances
        if partitions is None or instances is None:
            return None
        whole = next(group for group in counted if group.sort == "gpu")
        return CounterSets(
            name=partitions.counter_set,
            gpus=whole.gpus,
            counters=whole.consumes,
            memory_slice=partitions.memory_slice,
            slices=instances.memory_slices,
        )

    def _shared(self, group: DeviceGroup) -> DeviceGroup:
        declared = self.driver.shares
        if declared is None or declared.gate not in self.gates or group.sort not in ("gpu", "mig"):
            return group
        return shared(group, self.pool.platform.dra.variables.get(declared.variable, ""), declared.step_mib)


def _most(instances: Sequence[DeviceGroup]) -> dict[str, Value]:
    """The capacity of a GPU that is partitioned on demand: the maximum over all instances."""
    found: dict[str, Value] = {}
    for key in instances[0].capacities if instances else ():
        values = [group.capacities[key] for group in instances]
        known = [value for value in values if isinstance(value.value, int)]
        complete = len(known) == len(values)
        largest = max(known, key=lambda value: int(value.value or 0)) if complete else Value(type="quantity")
        found[key] = largest
    return found


def counters(capacities: Mapping[str, Value]) -> dict[str, Value]:
    """Capacities as counters: `copyEngines` becomes `copy-engines`."""
    return {re.sub("([a-z0-9])([A-Z])", r"\1-\2", key).lower(): value for key, value in capacities.items()}
