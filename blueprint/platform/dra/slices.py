"""ResourceSlices of a node, as published by the DRA drivers: predictions in the form of the Kubernetes API.

The real objects have generated names, so it cannot be predicted which of several equal devices a claim gets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from blueprint.platform.dra.published import CounterSets, DeviceGroup, DevicePlace, Publication, Value
from blueprint.units import binary_quantity

KIND = "ResourceSlice"
_LONGEST_NAME = 253
_NODE = "{node}"
"""In placeholder values: the part that distinguishes nodes."""

_NESTED = "/v1beta1"
"""The API version in which everything of a device except its name is nested in `basic`."""

Data = dict[str, Any]


class Publishing(Protocol):
    """A node pool, of the platform or of a bundle."""

    @property
    def published(self) -> tuple[Publication, ...]:
        """The devices that DRA drivers publish for each of its nodes."""


def slices_of_node(pool: Publishing, node: str, *, synthetic: bool = False) -> list[Data]:
    """The complete ResourceSlice objects of a node of the pool; empty if no DRA driver publishes its GPUs.

    Values that are unknown until the node exists are omitted. With `synthetic`, the identities that every device has
    (UUIDs, PCI addresses and PCIe roots) get distinct, realistic placeholder values. For many nodes of one pool, create
    `PoolSlices` once.
    """
    return PoolSlices(pool).of_node(node, synthetic=synthetic)


class _Device(NamedTuple):
    """A device as on every node, and placeholders for its identities."""

    data: Data
    identities: Mapping[str, str]


class _Part(NamedTuple):
    """The contents of one slice."""

    counters: list[Data]
    devices: list[_Device]


class PoolSlices:
    """The slices of a pool's nodes, prepared once. Objects of several nodes share parts: copy before modifying one."""

    def __init__(self, pool: Publishing) -> None:
        self._parts = [(publication, list(_parts(publication))) for publication in pool.published]

    def of_node(self, node: str, *, synthetic: bool = False) -> list[Data]:
        """The objects of one node; see `slices_of_node`."""
        made_up = _digest(node) if synthetic else ""
        return [
            _object(publication, node, number, len(parts), _filled(publication, part, made_up))
            for publication, parts in self._parts
            for number, part in enumerate(parts)
        ]


def _object(publication: Publication, node: str, number: int, count: int, content: Data) -> Data:
    pool = {"name": node, "generation": 1, "resourceSliceCount": count}
    return {
        "apiVersion": publication.api_version,
        "kind": KIND,
        "metadata": {"name": _object_name(node, publication.driver, number)},
        "spec": {"driver": publication.driver, "nodeName": node, "pool": pool, **content},
    }


def _object_name(node: str, driver: str, number: int) -> str:
    """A name that sorts in the order of the driver's slices; a long node name is truncated and extended by a digest."""
    end = f"-{driver}-{number:02}"
    if len(node) + len(end) > _LONGEST_NAME:
        end = f"-{_digest(node)}{end}"
        node = node[: _LONGEST_NAME - len(end)].rstrip(".-")
    return node + end


def _filled(publication: Publication, part: _Part, made_up: str) -> Data:
    found: Data = {"sharedCounters": part.counters} if part.counters else {}
    devices = [_identified(device, made_up) if made_up else device.data for device in part.devices]
    if publication.api_version.endswith(_NESTED):
        devices = [{"name": device.pop("name"), "basic": device} for device in map(dict, devices)]
    return {**found, "devices": devices} if devices else found


def _identified(device: _Device, made_up: str) -> Data:
    own = {key: {"string": text.replace(_NODE, made_up)} for key, text in device.identities.items()}
    return {**device.data, "attributes": {**device.data["attributes"], **own}}


def _parts(publication: Publication) -> Iterator[_Part]:
    """The contents of each slice, in the driver's order."""
    sets = publication.counter_sets
    counters = {gpu: _counter_set(sets, gpu) for gpu in sets.gpus} if sets else {}
    by_gpu = {gpu: list(_devices(publication, gpu)) for gpu in publication.gpus}
    match publication.layout:
        case "one":
            yield _Part([], [device for devices in by_gpu.values() for device in devices])
        case "countersApart":
            yield _Part(list(counters.values()), [])
            yield from (_Part([], _by_name(devices)) for devices in by_gpu.values())
        case "perGpu":
            for gpu, devices in by_gpu.items():
                yield _Part([counters[gpu]] if gpu in counters else [], _by_name(devices))


def _by_name(devices: list[_Device]) -> list[_Device]:
    return sorted(devices, key=lambda device: str(device.data["name"]))


def _counter_set(sets: CounterSets, gpu: int) -> Data:
    counters = _amounts(sets.counters) | _memory_slices(sets.memory_slice, range(sets.slices))
    return {"name": sets.name.replace("{gpu}", str(gpu)), "counters": counters}


def _devices(publication: Publication, gpu: int) -> Iterator[_Device]:
    for group in publication.groups:
        for place in group.places(gpu):
            yield _device(publication, group, place)


def _device(publication: Publication, group: DeviceGroup, place: DevicePlace) -> _Device:
    name = group.name_at(place)
    device: Data = {"name": name, "attributes": _attributes(group)}
    if capacity := _capacity(group, place):
        device["capacity"] = capacity
    if group.multiple:
        device["allowMultipleAllocations"] = True
    if group.consumes and publication.counter_sets:
        device["consumesCounters"] = [_consumption(group, place, publication.counter_sets)]
    return _Device(device, dict(_identities(group, place, name)))


def _attributes(group: DeviceGroup) -> Data:
    return {
        key: {value.type: [value.value] if value.type == "ints" else value.value}
        for key, value in group.attributes.items()
        if value.value is not None
    }


def _identities(group: DeviceGroup, place: DevicePlace, name: str) -> Iterator[tuple[str, str]]:
    """Placeholders for the unknown attributes that distinguish GPUs."""
    own = _digest(name)[:8] if group.starts else str(place.gpu)
    made_up = {
        "uuid": f"{group.sort.upper()}-synthetic-{_NODE}-{own}",
        "parentUUID": f"GPU-synthetic-{_NODE}-{place.gpu}",
        "pciBusID": f"ffff:{place.gpu:02x}:00.0",
        "pcieRoot": f"pciffff:{place.gpu:02x}-synthetic",
    }
    for key, value in group.attributes.items():
        if value.value is None and (text := made_up.get(key.rpartition("/")[2])):
            yield key, text


def _capacity(group: DeviceGroup, place: DevicePlace) -> Data:
    found = _amounts({key: value for key, value in group.capacities.items() if "{slice}" not in key})
    taken = range(place.start, place.start + group.size)
    for key in group.capacities:
        if "{slice}" in key:
            found |= _memory_slices(key, taken)
    return found


def _consumption(group: DeviceGroup, place: DevicePlace, sets: CounterSets) -> Data:
    taken = range(place.start, place.start + group.size) if group.starts else range(sets.slices)
    counters = _amounts(group.consumes) | _memory_slices(sets.memory_slice, taken)
    return {"counterSet": sets.name.replace("{gpu}", str(place.gpu)), "counters": counters}


def _memory_slices(pattern: str, numbers: range) -> Data:
    return {pattern.replace("{slice}", str(number)): {"value": "1"} for number in numbers}


def _amounts(values: Mapping[str, Value]) -> Data:
    """Capacities or counters, without unknown ones."""
    return {key: _amount(value, value.value) for key, value in values.items() if isinstance(value.value, int)}


def _amount(value: Value, number: int) -> Data:
    amount: Data = {"value": binary_quantity(number)}
    if value.policy:
        policy = {key: binary_quantity(each) for key, each in value.policy.items()}
        default = policy.pop("default")
        amount["requestPolicy"] = {"default": default, "validRange": policy}
    return amount


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
