"""The devices that the nodes of a platform's pools offer to claims: the predicted ResourceSlices, and their unknown
values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.allocation.devices import NodeGroup, Unknown
from blueprint.allocation.slices import node_group
from blueprint.platform.dra.prediction import published_by
from blueprint.platform.dra.published import DeviceGroup, Publication, Value
from blueprint.platform.dra.slices import slices_of_node
from blueprint.platform.model import Platform
from blueprint.platform.pool import GpuPool, passing_pools
from blueprint.records import Record
from blueprint.units import binary_quantity

_NODE = "node"
_LARGEST = "999999"
_SHARED = "/pcieRoot"
"""An attribute whose value several GPUs of a node may share; nothing is known of it in advance."""


class _Published(Record):
    """A pool in the form from which slices are created."""

    published: tuple[Publication, ...]


def predicted_groups(platform: Platform) -> tuple[NodeGroup, ...]:
    """The nodes of all GPU pools, with the devices that DRA drivers will publish there."""
    return tuple(map(_group, (*platform.gpu_pools, *passing_pools(platform.pools))))


def _group(pool: GpuPool) -> NodeGroup:
    found = published_by(pool)
    slices = list(map(_without_roots, slices_of_node(_Published(found), _NODE, synthetic=True)))
    unknown = {(each.driver, name): values for each in found for name, values in _unknown_of_devices(each)}
    unclear = "; ".join(sentence for each in found for sentence in each.unknown)
    return node_group(
        pool.name, pool.nodes_max, slices, _NODE, lambda driver, name: unknown.get((driver, name), {}), unclear
    )


def _unknown_of_devices(publication: Publication) -> Iterator[tuple[str, Unknown]]:
    for group in publication.groups:
        values = _unknown_values(group)
        for gpu in group.gpus:
            for place in group.places(gpu):
                yield group.name_at(place), values


def _unknown_values(group: DeviceGroup) -> dict[str, tuple[Any, ...]]:
    attributes = {name: _possible(value) for name, value in group.attributes.items() if _is_open(value)}
    amounts = {name: _amounts(value) for name, value in group.capacities.items() if _is_open(value)}
    return {**attributes, **amounts}


def _is_open(value: Value) -> bool:
    return value.value is None or value.optional or bool(value.tolerance) or not value.certain


def _possible(value: Value) -> tuple[Any, ...]:
    """The possible values of an attribute; empty if unknown."""
    found: list[Mapping[str, Any] | None] = []
    if value.value is not None and value.certain:
        found = [{value.type: value.value}]
    elif value.value is None and value.one_of:
        found = [{value.type: each} for each in value.one_of]
    elif value.value is None and value.begins and value.type == "version":
        found = [{"version": each} for each in _versions(value.begins)]
    return (*found, None) if found and value.optional else tuple(found)


def _versions(begins: str) -> Iterator[str]:
    """The lowest and the highest version with this prefix."""
    known = begins.rstrip(".").split(".")
    for rest in ("0", _LARGEST):
        yield ".".join((known + [rest] * 3)[:3])


def _amounts(value: Value) -> tuple[Any, ...]:
    if not isinstance(value.value, int) or not value.certain:
        return ()
    number, tolerance = value.value, value.tolerance
    found = [binary_quantity(each) for each in dict.fromkeys((number - tolerance, number, number + tolerance))]
    return (*found, None) if value.optional else tuple(found)


def _without_roots(data: dict[str, Any]) -> dict[str, Any]:
    """The device without placeholder values that several GPUs may share."""
    devices = data["spec"].get("devices") or ()
    known = [
        {**each, "attributes": {k: v for k, v in each["attributes"].items() if not k.endswith(_SHARED)}}
        for each in devices
    ]
    return {**data, "spec": {**data["spec"], **({"devices": known} if devices else {})}}
