"""The requests of a pod: amounts of resources, added up like the scheduler does, and device claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from blueprint.units import canonical_quantity, quantity_value
from blueprint.wording import joined

_COMMON = ("cpu", "memory", "ephemeral-storage", "pods")
Json = Mapping[str, Any]
Amounts = dict[str, Fraction]


def requests_of(spec: Json) -> Amounts:
    """The resources that a pod uses on its node: the sum of containers and sidecars, or the largest init container if
    that is more.
    """
    sidecars: Amounts = {}
    largest: Amounts = {}
    for each in spec.get("initContainers") or ():
        beside = _sum(sidecars, _of_container(each))
        if each.get("restartPolicy") == "Always":
            sidecars = beside
        largest = _most(largest, beside)
    total = _sum({"pods": Fraction(1)}, sidecars, *map(_of_container, spec.get("containers") or ()))
    overhead = {name: quantity_value(str(value)) for name, value in (spec.get("overhead") or {}).items()}
    return _sum(_most(total, largest), overhead)


def requests_in_words(spec: Json, claims: Iterable[str] = ()) -> str:
    """`2 nvidia.com/gpu` and the texts in `claims`; for pods without devices, CPU and memory."""
    amounts = requests_of(spec)
    special = [amount_in_words(name, number) for name, number in sorted(amounts.items()) if name not in _COMMON]
    named = [*special, *claims]
    usual = [amount_in_words(name, amounts[name]) for name in ("cpu", "memory") if name in amounts]
    return joined(named or usual or ["nothing"])


def amount_in_words(name: str, number: Fraction) -> str:
    """`2 nvidia.com/gpu`, `64Gi memory`."""
    return f"{number_in_words(name, number)} {name}"


def number_in_words(name: str, number: Fraction) -> str:
    """The number alone, in the usual unit of the resource."""
    if number.denominator != 1:
        return canonical_quantity(str(float(number)))
    return _in_binary(int(number)) if name in ("memory", "ephemeral-storage") else str(number)


def _in_binary(number: int) -> str:
    for exponent, suffix in ((4, "Ti"), (3, "Gi"), (2, "Mi"), (1, "Ki")):
        if number and number % 1024**exponent == 0:
            return f"{number // 1024**exponent}{suffix}"
    return str(number)


def _of_container(container: Json) -> Amounts:
    """Limits count as requests if there are none, like the API server's default."""
    resources = container.get("resources") or {}
    wanted = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: quantity_value(str(value)) for name, value in wanted.items()}


def _sum(*several: Amounts) -> Amounts:
    total: Amounts = {}
    for amounts in several:
        for name, number in amounts.items():
            total[name] = total.get(name, Fraction(0)) + number
    return total


def _most(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, Fraction(0)), other.get(name, Fraction(0))) for name in {**one, **other}}
