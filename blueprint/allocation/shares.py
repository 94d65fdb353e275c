"""Devices shared by several claims: how much of each capacity a request consumes, and whether enough is left."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from blueprint.allocation.devices import Device
from blueprint.units import quantity_value

Amounts = dict[str, Fraction]


def share(wanted: Mapping[str, str], device: Device) -> Amounts | None:
    """The amount of each capacity that a request consumes; None if the device lacks a capacity or has too little.

    A capacity that the request does not set is consumed completely, unless the device has a default for it.
    """
    if not wanted.keys() <= device.capacity.keys():
        return None
    found: Amounts = {}
    for name, value in device.capacity.items():
        policy = device.policies.get(name, {})
        amount = _taken(wanted.get(name), quantity_value(value), policy)
        if amount > quantity_value(value) or not _is_allowed(amount, policy):
            return None
        found[name] = amount
    return found


def is_left(taken: Amounts, held: Mapping[str, Fraction], device: Device) -> bool:
    """Whether the device has this amount left in addition to what is in use."""
    return all(held.get(name, 0) + amount <= quantity_value(device.capacity[name]) for name, amount in taken.items())


def _taken(wanted: str | None, whole: Fraction, policy: Mapping[str, Any]) -> Fraction:
    if wanted is None:
        return quantity_value(str(policy["default"])) if "default" in policy else whole
    amount = quantity_value(wanted)
    limits = policy.get("validRange") or {}
    if "min" in limits:
        least = quantity_value(str(limits["min"]))
        step = quantity_value(str(limits["step"])) if "step" in limits else None
        if amount < least:
            return least
        return amount if step is None else least + step * -(-(amount - least) // step)
    return min((each for each in _values(policy) if each >= amount), default=amount)


def _is_allowed(amount: Fraction, policy: Mapping[str, Any]) -> bool:
    if "default" in policy and amount == quantity_value(str(policy["default"])):
        return True
    limits = policy.get("validRange") or {}
    if "max" in limits and amount > quantity_value(str(limits["max"])):
        return False
    if "step" in limits:
        return (amount - quantity_value(str(limits.get("min", 0)))) % quantity_value(str(limits["step"])) == 0
    return not _values(policy) or amount in _values(policy)


def _values(policy: Mapping[str, Any]) -> list[Fraction]:
    return [quantity_value(str(each)) for each in policy.get("validValues") or ()]
