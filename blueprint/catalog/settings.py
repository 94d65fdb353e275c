"""What a blueprint may set of a component: typed, bounded, described."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from blueprint.catalog.facts import Text

_PYTHON: dict[str, type] = {
    "string": str, "integer": int, "boolean": bool, "list": list, "map": dict, "env": dict, "resources": dict,
}  # fmt: skip
_WORDS = {
    "list": "a list of text", "map": "a map of text to text", "env": "a map of variables to text in quotes",
    "resources": "a map of requests and limits, each of resources to quantities",
}  # fmt: skip
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_.-]*"
_QUANTITY = r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?"
_RESOURCE = r"cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i|[a-z0-9.-]+\.[a-z]+/[A-Za-z0-9._-]+"
_UNITS = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One typed setting of a component.

    Attributes:
        type: Type of the value. `env` is a container's variables, `resources` its requests and limits.
        default: Used where the blueprint says nothing; None means that the component's own default rules.
        minimum: Smallest integer.
        maximum: Largest integer.
        enum: The only strings allowed.
        pattern: A regular expression that the whole string must match, or each item or value.
        reserved: Variables that are set already, so that a second value would be a contradiction.
        description: What it does, for people.
        feeds: The rendered fields that it decides, `Kind/name: path`.
    """

    type: Literal["string", "integer", "boolean", "list", "map", "env", "resources"]
    default: Mapping[Text, Mapping[Text, Text]] | bool | int | str | None = None
    minimum: int | None = None
    maximum: int | None = None
    enum: tuple[Text, ...] = ()
    pattern: Text | None = None
    reserved: tuple[Text, ...] = ()
    description: Text
    feeds: tuple[Text, ...]

    def complaint(self) -> str | None:
        """What is wrong with the setting itself: a default that it would refuse."""
        said = None if self.default is None else self.problem(self.default)
        return f"the default {said}" if said else None

    def problem(self, value: Any) -> str | None:
        """What is wrong with `value`, as the end of a sentence about it; None when it may be used."""
        if not isinstance(value, _PYTHON[self.type]) or (self.type == "integer" and isinstance(value, bool)):
            article = "an" if self.type == "integer" else "a"
            return f"must be {_WORDS.get(self.type) or f'{article} {self.type}'}"
        if self.enum and value not in self.enum:
            return f"must be one of {', '.join(self.enum)}"
        if isinstance(value, list | dict):
            return self._compound(value)
        if self.pattern and not re.fullmatch(self.pattern, str(value)):
            return f"must match {self.pattern}"
        return self._out_of_bounds(value)

    def _compound(self, value: Any) -> str | None:
        """What is wrong inside of a list or a map."""
        if self.type == "resources":
            return _resources(value)
        for item in value if isinstance(value, list) else value.values():
            if not isinstance(item, str):
                return f"must be {_WORDS[self.type]}; {item!r} is none (quote it)"
            if self.pattern and not re.fullmatch(self.pattern, item):
                return f"must hold texts that match {self.pattern}"
        return self._variables(value) if self.type == "env" else None

    def _variables(self, names: Any) -> str | None:
        for name in names:
            if not re.fullmatch(_VARIABLE, str(name)):
                return f"must hold names of variables, and {name} is none"
            if name in self.reserved:
                return f"must leave {name} alone, which is set already"
        return None

    def _out_of_bounds(self, value: Any) -> str | None:
        if self.minimum is not None and value < self.minimum:
            return f"must be at least {self.minimum}"
        if self.maximum is not None and value > self.maximum:
            return f"must be at most {self.maximum}"
        return None


def _resources(value: Any) -> str | None:
    """What is wrong with requests and limits."""
    return next((problem for _, problem in faults_of_resources(value)), None)


def faults_of_resources(value: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """What is wrong with requests and limits, each with the keys that lead to it."""
    for key, amounts in value.items():
        if key not in ("requests", "limits") or not isinstance(amounts, dict):
            yield (key,), f"must be {_WORDS['resources']}; {key} is neither"
            continue
        for name, amount in amounts.items():
            if not re.fullmatch(_RESOURCE, str(name)):
                yield (key, name), f"must name resources, and {name} is none"
            elif not isinstance(amount, str) or not re.fullmatch(_QUANTITY, amount):
                yield (key, name), f"must hold quantities in quotes, and {amount} of {name} is none"
    requests, limits = (value.get(key) for key in ("requests", "limits"))
    for name, least in requests.items() if isinstance(requests, dict) and isinstance(limits, dict) else ():
        if all(re.fullmatch(_QUANTITY, str(each)) for each in (least, limits.get(name, least))):
            most = limits.get(name, least)
            if _number(least) > _number(most):
                yield ("requests", name), f"must not request more {name} ({least}) than it is limited to ({most})"


def _number(quantity: str) -> float:
    digits = quantity.rstrip("".join({*"".join(_UNITS)}))
    return float(digits) * _UNITS.get(quantity[len(digits) :], 1)
