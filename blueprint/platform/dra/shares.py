"""Devices whose capacity several claims share (`ConsumableShares`): what a claim may request of each."""

from __future__ import annotations

from blueprint.platform.dra.published import MIB, DeviceGroup, Value
from blueprint.records import replace

MEMORY, SHARES = "memory", "shares"
_OFF = ("", "disabled")


def shared(group: DeviceGroup, way: str, step_mib: int) -> DeviceGroup:
    """The group with `way`, the value of the driver's variable: `memory`, `unlimited`, or a number of shares.

    Even if a device's memory is unknown, the driver publishes that several claims may share it.
    """
    way = way.strip()
    if way in _OFF:
        return group
    capacities = dict(group.capacities)
    memory = capacities.get(MEMORY)
    if memory is not None and isinstance(memory.value, int):
        step = step_mib * MIB
        most = memory.value // step * step
        policy = {"default": most, "min": step} if way == "memory" else {"default": 0, "min": 0}
        capacities[MEMORY] = replace(memory, value=most, policy={**policy, "max": most, "step": step})
    if memory is not None and way.isdecimal() and int(way):
        number = int(way)
        capacities[SHARES] = Value(
            type="quantity", value=number, policy={"default": 1, "min": 1, "max": number, "step": 1}
        )
    return replace(group, multiple=True, capacities=capacities)
