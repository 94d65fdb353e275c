"""Devices as ResourceSlices publish them, grouped by what a selector can tell apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from blueprint.cel.device_reads import AttributeReference
from blueprint.records import Record, field, replace
from blueprint.units import quantity_value

Value = Mapping[str, Any]
"""The value of an attribute in the form of the API: `{"string": "gpu"}`."""


Unknown = Mapping[str, tuple[Any, ...]]
"""Names to the values that they may have."""


class CounterUse(NamedTuple):
    """What a device consumes of one counter."""

    counter_set: str
    counter: str
    amount: int


class Device(Record, dict=True):
    """One device.

    Attributes:
        name: Its name in its pool.
        driver: Who publishes it.
        attributes: By name, as published.
        capacity: By name, quantities.
        taints: As published.
        counters: What it consumes of counters of its pool.
        multiple: Whether several claims may share it.
        unknown: Attributes and capacities whose values are not known beforehand: what they may be, in the form they
            have above, and None where they may be missing. Nothing is known of one without any, but that devices
            with the same made-up value among their attributes have the same real one.
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
        """The attribute of a qualified name; one without a domain is of the driver."""
        found = self.attributes.get(f"{domain}/{name}")
        return self.attributes.get(name) if found is None and domain == self.driver else found

    def amount(self, domain: str, name: str) -> str | None:
        """The same for a capacity."""
        found = self.capacity.get(f"{domain}/{name}")
        return self.capacity.get(name) if found is None and domain == self.driver else found

    def is_unknown(self, domain: str, name: str) -> bool:
        """Whether it has that attribute or capacity, with a value that is not known."""
        return self.possible(domain, name) is not None

    def possible(self, domain: str, name: str) -> tuple[Any, ...] | None:
        """What an attribute or capacity may be; None where its value is known."""
        found = self.unknown.get(f"{domain}/{name}")
        return self.unknown.get(name) if found is None and domain == self.driver else found

    def with_values(self, values: Mapping[str, Any], unknown: Unknown) -> Device:
        """The same device with these attributes and capacities, where they are not None."""
        attributes = {name: each for name, each in self.attributes.items() if name not in values}
        attributes |= {name: each for name, each in values.items() if isinstance(each, Mapping)}
        capacity = {name: each for name, each in self.capacity.items() if name not in values}
        capacity |= {name: each for name, each in values.items() if isinstance(each, str)}
        return replace(self, attributes=attributes, capacity=capacity, unknown=unknown)

    def shape(self, reads: Iterable[AttributeReference]) -> tuple[Any, ...]:
        """What a selector that reads these can tell apart."""
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
        """Everything that a selector may read."""
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
        driver: Who publishes them.
        name: The pool's name, by default the node's.
        devices: Empty where the pool cannot be used.
        counters: Available amounts, by counter set and counter.
        incomplete: Whether slices are missing, so that nothing of it is allocated.
        invalid: Why it cannot be used, beside that.
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
        name: What a person calls them, mostly the node pool.
        nodes: How many there are.
        pools: The devices of each of them, by driver and name.
        unclear: Why it is not known which devices belong to these nodes, if so.
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
        """The pool of each device. Counters are kept by the pool's name alone, as the scheduler keeps them."""
        return tuple(pool.name for pool in self.pools for _ in pool.devices)

    @cached_property
    def counters(self) -> dict[tuple[str, str, str], int]:
        """What there is of every counter of a node."""
        return {(pool.name, *key): amount for pool in self.pools for key, amount in pool.counters.items()}

    @property
    def unusable(self) -> str:
        """Why a claim of all devices fails here; empty where it may succeed."""
        for pool in self.pools:
            if pool.incomplete:
                return f"the pool {pool.name} of {pool.driver} is incomplete: not all of its ResourceSlices exist"
            if pool.invalid:
                return f"the pool {pool.name} of {pool.driver} is invalid: {pool.invalid}"
        return ""


def read_device(data: Mapping[str, Any], driver: str, unknown: Unknown) -> Device:
    """A device of a ResourceSlice, of any version of the API."""
    body = data.get("basic") or data  # v1beta1 has everything but the name one level deeper
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
    """v1beta1 of Kubernetes 1.31 had the quantity itself."""
    return str(value["value"] if isinstance(value, Mapping) else value)


def whole(value: Any) -> int:
    """A counter's quantity in thousandths, which is exact for all that are used."""
    return int(quantity_value(_amount(value)) * 1000)
