"""Compares the values of a published device with the predicted ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.changes.compare import ABSENT
from blueprint.platform.dra.published import CounterSets, DeviceGroup, DevicePlace, Value
from blueprint.records import Record
from blueprint.units import binary_quantity, quantity_value


class Deviation(Record):
    """One value that differs from the prediction.

    Attributes:
        path: The path below the device: `attributes.driverVersion`.
        wanted: The prediction, as a value or a description; ABSENT if there is none.
        live: The published value; ABSENT if there is none.
        certain: Whether the prediction is based on verified facts.
        unknown: Whether a value was predicted, but not which one.
    """

    path: str
    wanted: Any
    live: Any
    certain: bool = True
    unknown: bool = False


class KnownGood(Record):
    """A device that matches the prediction, for fast comparison with others.

    Attributes:
        own: The types of attributes whose values are unique to each device.
        attributes: The other attributes.
        rest: The device without its attributes, name and taints.
    """

    own: Mapping[str, str]
    attributes: Mapping[str, Any]
    rest: Mapping[str, Any]

    def equals(self, device: Mapping[str, Any]) -> bool:
        """Whether a device equals this one. If not, it may still match the prediction."""
        attributes = device.get("attributes") or {}
        if len(attributes) != len(self.own) + len(self.attributes):
            return False
        own = all(name in attributes and kind in attributes[name] for name, kind in self.own.items())
        return own and _without(attributes, self.own) == self.attributes and _rest(device) == self.rest


def known_good(device: Mapping[str, Any], group: DeviceGroup) -> KnownGood:
    """The reference for a device without deviations."""
    attributes = device.get("attributes") or {}
    values = group.attributes.items()
    own = {name: value.type for name, value in values if name in attributes and _is_own(value)}
    return KnownGood(own, _without(attributes, own), _rest(device))


def _is_own(value: Value) -> bool:
    return value.value is None and not value.begins and not value.one_of


def _without(attributes: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name not in names}


def _rest(device: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in device.items() if key not in ("attributes", "name", "taints")}


def deviations(device: Mapping[str, Any], group: DeviceGroup, place: DevicePlace) -> Iterator[Deviation]:
    """Attributes and capacities of a device that differ from the prediction."""
    yield from _attributes(device.get("attributes") or {}, group.attributes)
    yield from _amounts("capacity", _known_capacity(device.get("capacity") or {}, group), _capacities(group, place))
    if bool(device.get("allowMultipleAllocations")) != group.multiple:
        yield Deviation("allowMultipleAllocations", group.multiple, not group.multiple)


def consumption(
    device: Mapping[str, Any], group: DeviceGroup, place: DevicePlace, sets: CounterSets
) -> Iterator[Deviation]:
    """Differences in what a device consumes of its GPU's counters."""
    live = {name: value for one in device.get("consumesCounters") or () for name, value in one["counters"].items()}
    if not group.consumes:
        wanted: Mapping[str, Value] = {}
    else:
        taken = range(place.start, place.start + group.size) if group.starts else range(sets.slices)
        wanted = {**group.consumes, **_ones(sets.memory_slice, taken)}
    yield from _amounts("consumesCounters", live, wanted)


def shared_counters(live: Mapping[str, Any], sets: CounterSets) -> Iterator[Deviation]:
    """Counters of a GPU that differ from the prediction."""
    yield from _amounts("counters", live, {**sets.counters, **_ones(sets.memory_slice, range(sets.slices))})


def _known_capacity(live: Mapping[str, Any], group: DeviceGroup) -> Mapping[str, Any]:
    """The capacity without an instance's memory slices, if their number is unknown."""
    pattern = next((name for name in group.capacities if "{slice}" in name), None)
    if pattern is None or group.size:
        return live
    start = pattern.partition("{slice}")[0]
    return {name: value for name, value in live.items() if not name.startswith(start)}


def _capacities(group: DeviceGroup, place: DevicePlace) -> dict[str, Value]:
    """Predicted capacities, by their names at this place."""
    found: dict[str, Value] = {}
    for name, value in group.capacities.items():
        if "{slice}" in name:
            found |= _ones(name, range(place.start, place.start + group.size))
        else:
            found[name] = value
    return found


def _ones(pattern: str, numbers: range) -> dict[str, Value]:
    one = Value(type="quantity", value=1)
    return {pattern.replace("{slice}", str(number)): one for number in numbers}


def _attributes(live: Mapping[str, Any], wanted: Mapping[str, Value]) -> Iterator[Deviation]:
    for name, value in wanted.items():
        if (found := live.get(name)) is None:
            if not value.optional:
                yield Deviation(f"attributes.{name}", _in_words(value), ABSENT, value.certain, value.value is None)
            continue
        have = found.get(value.type, ABSENT)
        if have is ABSENT or not _fits(have, value):
            yield Deviation(f"attributes.{name}", _in_words(value), next(iter(found.values()), ABSENT), value.certain)
    for name in live.keys() - wanted.keys():
        yield Deviation(f"attributes.{name}", ABSENT, next(iter(live[name].values()), ABSENT))


def _fits(have: Any, value: Value) -> bool:
    if value.value is not None:
        return bool(have == ([value.value] if value.type == "ints" else value.value))
    if value.one_of:
        return have in value.one_of
    return str(have).startswith(value.begins)


def _amounts(what: str, live: Mapping[str, Any], wanted: Mapping[str, Value]) -> Iterator[Deviation]:
    for name, value in wanted.items():
        if (found := live.get(name)) is None:
            if not value.optional:
                yield Deviation(f"{what}.{name}", _in_words(value), ABSENT, value.certain, value.value is None)
        elif isinstance(value.value, int) and abs(_number(found["value"]) - value.value) > value.tolerance:
            yield Deviation(f"{what}.{name}", _in_words(value), found["value"], certain=value.certain)
    for name in live.keys() - wanted.keys():
        yield Deviation(f"{what}.{name}", ABSENT, live[name].get("value", ABSENT))


def _number(text: Any) -> int:
    return int(quantity_value(str(text)))


def _in_words(value: Value) -> str:
    """The prediction: the value, what is known about it, or that there is one."""
    if value.type == "quantity" and isinstance(value.value, int):
        about = f" +-{binary_quantity(value.tolerance)}" if value.tolerance else ""
        return f"{binary_quantity(value.value)}{about}"
    if value.value is not None:
        return str(value.value).lower() if value.type == "bool" else str(value.value)
    if value.one_of:
        return " or ".join(value.one_of)
    return f"{value.begins}*" if value.begins else f"any {value.type}"
