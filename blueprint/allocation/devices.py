"""Devices as published in ResourceSlices, grouped by what selectors can distinguish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from blueprint.cel.device_reads import AttributeReference
from blueprint.records import Record, field, replace
from blueprint.units import quantity_value

Value = Mapping[str, Any]
"""The value of an attribute, as in the API: `{"string": "gpu"}`."""


Unknown = Mapping[str, tuple[Any, ...]]
"""Possible values by name."""


class CounterUse(NamedTuple):
    """The amount of one counter that a device consumes."""

    counter_set: str
    counter: str
    amount: int


class Device(Record, dict=True):
    """One device.

    Attributes:
        name: The name within its pool.
        driver: The driver that publishes it.
        attributes: Attributes by name, as published.
        capacity: Quantities by name.
        taints: Taints, as published.
        counters: The amounts that it consumes of its pool's counters.
        multiple: Whether several claims may share it.
        unknown: Attributes and capacities whose values are not known in advance: the possible values, in the form used
            above, with None if the attribute may be missing. An empty tuple means that nothing is known of the value,
            except that devices with the same placeholder among their attributes have the same real value.
        policies: How requests for a share of a capacity are rounded and bounded, by capacity.
    """

    name: str
    driver: str
    attributes: Mapping[str, Value]
    capacity: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...] = ()
    counters: tuple[CounterUse, ...] = ()
    multiple: bool = False
    unknown: Unknown = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def attribute(self, domain: str, name: str) -> Value | None:
        """The attribute with a qualified name. Without a domain, the driver's domain applies."""
        found = self.attributes.get(f"{domain}/{name}")
        return self.attributes.get(name) if found is None and domain == self.driver else found

    def amount(self, domain: str, name: str) -> str | None:
        """The capacity with a qualified name."""
        found = self.capacity.get(f"{domain}/{name}")
        return self.capacity.get(name) if found is None and domain == self.driver else found

    def is_unknown(self, domain: str, name: str) -> bool:
        """Whether the device has this attribute or capacity with an unknown value."""
        return self.possible(domain, name) is not None

    def possible(self, domain: str, name: str) -> tuple[Any, ...] | None:
        """The possible values of an attribute or capacity; None if the value is known."""
        found = self.unknown.get(f"{domain}/{name}")
        return self.unknown.get(name) if found is None and domain == self.driver else found

    def with_values(self, values: Mapping[str, Any], unknown: Unknown) -> Device:
        """A copy with these attributes and capacities, omitting those that are None."""
        attributes = {name: each for name, each in self.attributes.items() if name not in values}
        attributes |= {name: each for name, each in values.items() if isinstance(each, Mapping)}
        capacity = {name: each for name, each in self.capacity.items() if name not in values}
        capacity |= {name: each for name, each in values.items() if isinstance(each, str)}
        return replace(self, attributes=attributes, capacity=capacity, unknown=unknown)

    def shape(self, reads: Iterable[AttributeReference]) -> tuple[Any, ...]:
        """A key for what a selector that reads these attributes can distinguish."""
        values: list[Any] = [self.driver, self.multiple]
        for read in reads:
            is_capacity = read.field == "capacity"
            possible = self.possible(read.domain, read.name)
            if possible is not None:
                values.append(str(possible))
            elif is_capacity:
                values.append(self.amount(read.domain, read.name))
            else:
                values.append(str(self.attribute(read.domain, read.name)))
        return tuple(values)

    @cached_property
    def identity(self) -> tuple[Any, ...]:
        """A key for everything that a selector can read."""
        return (
            self.driver,
            self.multiple,
            tuple(sorted((name, *each.items()) for name, each in self.attributes.items() if name not in self.unknown)),
            tuple(sorted(self.capacity.items())),
            tuple(sorted((name, str(values)) for name, values in self.unknown.items())),
        )


class DevicePool(Record):
    """The devices of one driver on one node, in the order in which the scheduler tries them.

    Attributes:
        driver: The driver that publishes them.
        name: The name of the pool, by default that of the node.
        devices: The devices; empty if the pool cannot be used.
        counters: Available amounts, by counter set and counter.
        incomplete: Whether slices are missing, so that nothing is allocated from the pool.
        invalid: Any other reason why it cannot be used.
    """

    driver: str
    name: str
    devices: tuple[Device, ...]
    counters: Mapping[tuple[str, str], int] = field(default_factory=dict)
    incomplete: bool = False
    invalid: str = ""


class NodeGroup(Record, dict=True):
    """Nodes with the same devices.

    Attributes:
        name: The display name, usually that of the node pool.
        nodes: The number of nodes.
        pools: The devices of each node, by driver and pool name.
        unclear: Why it is unknown which devices these nodes have, if so.
    """

    name: str
    nodes: int
    pools: tuple[DevicePool, ...]
    unclear: str = ""

    @cached_property
    def devices(self) -> tuple[Device, ...]:
        """All devices of one node, in the order in which they are tried."""
        return tuple(device for pool in self.pools for device in pool.devices)

    @cached_property
    def pool_of(self) -> tuple[str, ...]:
        """The pool of each device. Like the scheduler, counters use only the pool's name as key."""
        return tuple(pool.name for pool in self.pools for _ in pool.devices)

    @cached_property
    def counters(self) -> dict[tuple[str, str, str], int]:
        """The available amount of every counter of a node."""
        return {(pool.name, *key): amount for pool in self.pools for key, amount in pool.counters.items()}

    @property
    def unusable(self) -> str:
        """Why a claim for all devices fails here; empty if it can succeed."""
        for pool in self.pools:
            if pool.incomplete:
                return f"the pool {pool.name} of {pool.driver} is incomplete: not all of its ResourceSlices exist"
            if pool.invalid:
                return f"the pool {pool.name} of {pool.driver} is invalid: {pool.invalid}"
        return ""


def read_device(data: Mapping[str, Any], driver: str, unknown: Unknown) -> Device:
    """A device of a ResourceSlice, of any API version."""
    body = data.get("basic") or data  # In v1beta1, everything except the name is nested one level deeper.
    capacity = body.get("capacity") or {}
    counters = tuple(
        CounterUse(str(each["counterSet"]), str(name), whole(amount))
        for each in body.get("consumesCounters") or ()
        for name, amount in (each.get("counters") or {}).items()
    )
    return Device(
        str(data["name"]),
        driver,
        dict(body.get("attributes") or {}),
        {name: _amount(each) for name, each in capacity.items()},
        tuple(body.get("taints") or ()),
        counters,
        body.get("allowMultipleAllocations") is True,
        unknown,
        {name: each["requestPolicy"] for name, each in capacity.items() if _has_policy(each)},
    )


def _has_policy(capacity: Any) -> bool:
    return isinstance(capacity, Mapping) and bool(capacity.get("requestPolicy"))


def _amount(value: Any) -> str:
    """The quantity of a capacity. In v1beta1 of Kubernetes 1.31 it is the value itself."""
    return str(value["value"] if isinstance(value, Mapping) else value)


def whole(value: Any) -> int:
    """A counter's quantity in thousandths, an exact integer for all quantities in use."""
    return int(quantity_value(_amount(value)) * 1000)
