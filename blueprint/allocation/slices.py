"""Converts ResourceSlices to the devices of each node: pools in the scheduler's order, with incomplete and invalid
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from blueprint.allocation.devices import Device, DevicePool, NodeGroup, Unknown, read_device, whole

Slice = Mapping[str, Any]
UnknownOf = Callable[[str, str], Unknown]
"""Maps driver and device name to the attributes and capacities whose values are unknown."""


def node_group(
    name: str,
    nodes: int,
    slices: Iterable[Slice],
    node: str,
    unknown: UnknownOf = lambda _driver, _name: {},
    unclear: str = "",
) -> NodeGroup:
    """The group of nodes that are like `node`, with its devices from `slices`.

    Args:
        name: The display name.
        nodes: The number of nodes.
        slices: ResourceSlices; those of other nodes are skipped.
        node: The name of the node.
        unknown: Values that are not known in advance.
        unclear: Why other devices may exist, if so.
    """
    by_pool: dict[tuple[str, str], list[Slice]] = {}
    for each in slices:
        spec = each["spec"]
        if not (spec.get("nodeName") == node or spec.get("allNodes") is True or spec.get("sharedCounters")):
            if not spec.get("nodeName"):
                unclear = f"{each['metadata']['name']} selects its nodes by labels"
            continue
        by_pool.setdefault((str(spec["driver"]), str(spec["pool"]["name"])), []).append(each)
    pools = [_pool(*key, _newest(found), unknown) for key, found in sorted(by_pool.items())]
    return NodeGroup(name, nodes, tuple(pools), unclear)


def groups_of_cluster(slices: Sequence[Slice], nodes: Mapping[str, str]) -> tuple[NodeGroup, ...]:
    """One group per node. `nodes` maps node names to display names."""
    local: dict[str, list[Slice]] = {}
    shared: list[Slice] = []
    for each in slices:
        name = each["spec"].get("nodeName")
        (local.setdefault(name, []) if name and not each["spec"].get("sharedCounters") else shared).append(each)
    mine = {name: [*local.get(name, ()), *(each for each in shared if _concerns(each, name))] for name in nodes}
    return tuple(node_group(called, 1, mine[name], name) for name, called in nodes.items())


def _concerns(each: Slice, node: str) -> bool:
    return each["spec"].get("nodeName") in (None, "", node)


def _newest(slices: list[Slice]) -> list[Slice]:
    """The slices of the newest generation, in the order in which the scheduler reads them."""
    newest = max(_generation(each) for each in slices)
    return sorted((each for each in slices if _generation(each) == newest), key=lambda each: each["metadata"]["name"])


def _generation(each: Slice) -> int:
    return int(each["spec"]["pool"].get("generation") or 0)


def _pool(driver: str, name: str, slices: list[Slice], unknown: UnknownOf) -> DevicePool:
    if len(slices) != slices[0]["spec"]["pool"].get("resourceSliceCount", 1):
        return DevicePool(driver, name, (), incomplete=True)
    counters: dict[tuple[str, str], int] = {}
    for counter_set in (found for each in slices for found in each["spec"].get("sharedCounters") or ()):
        for counter, amount in counter_set["counters"].items():
            counters[str(counter_set["name"]), str(counter)] = whole(amount)
    devices = tuple(
        read_device(each, driver, unknown(driver, str(each["name"])))
        for found in slices
        for each in found["spec"].get("devices") or ()
    )
    if invalid := _fault(devices, counters):
        return DevicePool(driver, name, (), invalid=invalid)
    return DevicePool(driver, name, devices, counters)


def _fault(devices: Sequence[Device], counters: Mapping[tuple[str, str], int]) -> str:
    """Why the scheduler does not use a pool with these devices; empty if it does."""
    names = [device.name for device in devices]
    if len(set(names)) < len(names):
        return f"two devices have the name {next(name for name in names if names.count(name) > 1)}"
    missing = (use for device in devices for use in device.counters if (use.counter_set, use.counter) not in counters)
    use = next(missing, None)
    return f"nothing publishes the counter {use.counter} of {use.counter_set}" if use else ""
