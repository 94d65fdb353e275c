"""Live ResourceSlices, grouped by driver and node, with the devices of the newest generation of each pool.

Slices of other drivers are not validated: malformed parts are treated as empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blueprint.drift.view import Live
from blueprint.records import Record

Devices = dict[str, "LiveDevice"]


class LiveDevice(Record, gc=False):
    """One published device, and its slice."""

    name: str
    data: Mapping[str, Any]
    slice: Live

    def text(self, attribute: str) -> str:
        """The string value of one of its attributes; empty if it has none."""
        return str(_map(_map(self.data.get("attributes")).get(attribute)).get("string", ""))


class NodeSlices(Record):
    """The slices of one driver on one node.

    Attributes:
        slices: The slices of the newest generation of the pool.
        older: The slices of earlier generations.
        count: The number of slices that the newest ones declare.
        pools: The names of the pools that they form.
    """

    slices: Sequence[Live]
    older: Sequence[Live]
    count: int
    pools: tuple[str, ...]

    @property
    def devices(self) -> Devices:
        """The devices by name."""
        return {device.name: device for each in self.slices for device in devices_of(each)}

    @property
    def counter_sets(self) -> dict[str, Mapping[str, Any]]:
        """The counters of each set, by the name of the set."""
        sets = (one for each in self.slices for one in _list(_spec(each).get("sharedCounters")))
        return {str(one.get("name", "")): _map(one.get("counters")) for one in sets}


def devices_of(live: Live) -> Iterable[LiveDevice]:
    """The devices of a slice; in v1beta1 their fields are in `basic`."""
    for device in _list(_spec(live).get("devices")):
        basic = device.get("basic")
        yield LiveDevice(str(device.get("name", "")), basic if isinstance(basic, dict) else device, live)


def driver_of(live: Live) -> str:
    """The driver that publishes it."""
    return str(_spec(live).get("driver", ""))


def node_of(live: Live) -> str:
    """The node of a slice; empty if it applies to several."""
    return str(_spec(live).get("nodeName") or "")


def by_node(slices: Iterable[Live]) -> dict[tuple[str, str], list[Live]]:
    """The slices by driver and node."""
    found: dict[tuple[str, str], list[Live]] = defaultdict(list)
    for each in slices:
        found[driver_of(each), node_of(each)].append(each)
    return found


def newest(slices: Sequence[Live]) -> NodeSlices:
    """The newest generation, and older slices."""
    pools = [_map(_spec(each).get("pool")) for each in slices]
    generations = [_int(pool.get("generation")) for pool in pools]
    last = max(generations, default=0)
    current = [each for each, number in zip(slices, generations, strict=True) if number == last]
    older = [each for each, number in zip(slices, generations, strict=True) if number != last]
    counts = (_int(pool.get("resourceSliceCount")) for pool, n in zip(pools, generations, strict=True) if n == last)
    names = dict.fromkeys(str(pool.get("name", "")) for pool in pools)
    return NodeSlices(current, older, max(counts, default=0), tuple(names))


def _spec(live: Live) -> Mapping[str, Any]:
    return _map(live.get("spec"))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _int(value: Any) -> int:
    return value if isinstance(value, int) else 0
