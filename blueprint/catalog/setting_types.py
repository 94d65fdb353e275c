"""Validation of setting values: one validator for each type, and the parts of a pod setting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from blueprint.units import quantity_value
from blueprint.wording import value_in_words

Fault = tuple[tuple[str | int, ...], str]
"""The keys that lead to an invalid value, and the error, as the end of a sentence about the setting."""

WORDS = {
    "string": "text", "integer": "a whole number", "boolean": "true or false",
    "list": "a list of text", "map": "a map of text to text", "env": "a map of variables to text in quotes",
    "resources": "a map of requests and limits, each of resources to quantities",
    "gates": "a map of names to true or false", "probe": "a map of a probe's times and counts to whole numbers",
    "tolerations": "a list of tolerations", "object": "a map, in the API's form",
    "objects": "a list of maps, in the API's form", "pod": "a map of pod settings",
}  # fmt: skip
PYTHON: dict[str, type] = {
    "string": str, "integer": int, "boolean": bool, "list": list, "objects": list, "tolerations": list,
    **dict.fromkeys(("map", "env", "resources", "gates", "probe", "object", "pod"), dict),
}  # fmt: skip
POD: dict[str, str] = {
    "args": "list", "env": "env", "resources": "resources", "hostNetwork": "boolean", "priorityClass": "string",
    "nodeSelector": "map", "affinity": "object", "tolerations": "tolerations", "labels": "map", "annotations": "map",
    "startupProbe": "probe", "livenessProbe": "probe", "readinessProbe": "probe", "replicas": "integer",
}  # fmt: skip
"""The possible parts of a setting of type `pod`, and their types."""
EMPTY: dict[str, Any] = {
    "list": (), "tolerations": (), "objects": (), "map": {}, "env": {}, "probe": {}, "gates": {}, "object": {},
}  # fmt: skip
"""The default value by type; None for all others."""

_VARIABLE = r"[A-Za-z_][A-Za-z0-9_.-]*"
_QUANTITY = r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?"
_RESOURCE = r"cpu|memory|ephemeral-storage|hugepages-[0-9]+[KMG]i|[a-z0-9.-]+\.[a-z]+/[A-Za-z0-9._-]+"
_PROBE = {
    "initialDelaySeconds": 0,
    "periodSeconds": 1,
    "timeoutSeconds": 1,
    "failureThreshold": 1,
    "successThreshold": 1,
}
_TOLERATION = {
    "key": None, "value": None, "operator": ("Exists", "Equal"),
    "effect": ("NoSchedule", "PreferNoSchedule", "NoExecute"), "tolerationSeconds": None,
}  # fmt: skip


def faults(kind: str, value: Any) -> Iterator[Fault]:
    """All errors in a value of type `kind`, except `pod`, which `faults_of_pod` validates."""
    if not isinstance(value, PYTHON[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield (), f"must be {WORDS[kind]}"
    elif kind in _JUDGES:
        yield from _JUDGES[kind](value)


def faults_of_pod(value: Any, allowed: tuple[str, ...], reserved: tuple[str, ...]) -> Iterator[Fault]:
    """All errors in a pod setting: parts that it does not accept, and invalid values."""
    for key, part in value.items():
        if key not in allowed:
            yield (key,), f"must contain only {', '.join(allowed)}, not {key}"
            continue
        for keys, fault in faults(POD[key], part):
            yield (key, *keys), f"at {key} {fault}"
        for name in part if key == "env" and isinstance(part, dict) else ():
            if name in reserved:
                yield (key, name), f"must not contain {name}, which is already set"


def _text_list(value: Any) -> Iterator[Fault]:
    for index, item in enumerate(value):
        if not isinstance(item, str):
            yield (index,), f"must be a list of strings, but contains {value_in_words(item)} (quote it)"


def _text_map(value: Any, words: str = WORDS["map"]) -> Iterator[Fault]:
    for key, item in value.items():
        if not isinstance(item, str):
            yield (key,), f"must be {words}, but {key} is {value_in_words(item)} (quote it)"


def _variables(value: Any) -> Iterator[Fault]:
    yield from _text_map(value, WORDS["env"])
    for name in value:
        if not re.fullmatch(_VARIABLE, str(name)):
            yield (name,), f"must contain names of variables, which {name} is not"


def _gates(value: Any) -> Iterator[Fault]:
    for name, open_ in value.items():
        if not isinstance(open_, bool):
            yield (name,), f"must be {WORDS['gates']}, but {name} is {value_in_words(open_)}"


def _probe(value: Any) -> Iterator[Fault]:
    for name, amount in value.items():
        if name not in _PROBE:
            yield (name,), f"must contain only {', '.join(_PROBE)}, not {name}"
        elif not isinstance(amount, int) or isinstance(amount, bool) or amount < _PROBE[name]:
            yield (
                (name,),
                f"must have a whole number of at least {_PROBE[name]} as {name}, not {value_in_words(amount)}",
            )


def _tolerations(value: Any) -> Iterator[Fault]:
    for index, one in enumerate(value):
        if not isinstance(one, dict):
            yield (index,), f"must be {WORDS['tolerations']}, but contains {value_in_words(one)}"
            continue
        for name, part in one.items():
            choice = _TOLERATION.get(name)
            if name not in _TOLERATION:
                yield (index, name), f"must contain only {', '.join(_TOLERATION)}, not {name}"
            elif choice and part not in choice:
                yield (index, name), f"must be one of {', '.join(choice)} as {name}, not {part}"
        if one.get("operator") == "Exists" and one.get("value"):
            yield (index, "value"), "must have no value with the operator Exists, which matches all values"
        if not one.get("key") and one.get("operator") != "Exists":
            yield (index,), "must have a key, except with the operator Exists"


def _objects(value: Any) -> Iterator[Fault]:
    for index, one in enumerate(value):
        if not isinstance(one, dict):
            yield (index,), f"must be {WORDS['objects']}, but contains {value_in_words(one)}"


def _resources(value: Any) -> Iterator[Fault]:
    """Errors in requests and limits."""
    for key, amounts in value.items():
        if key not in ("requests", "limits") or not isinstance(amounts, dict):
            yield (key,), f"must be {WORDS['resources']}, but contains {key}"
            continue
        for name, amount in amounts.items():
            if not re.fullmatch(_RESOURCE, str(name)):
                yield (key, name), f"must contain names of resources, which {name} is not"
            elif not _is_quantity(amount):
                yield (key, name), f"must contain quantities in quotes, but {name} is {amount}"
    requests, limits = (value.get(key) for key in ("requests", "limits"))
    for name, least in requests.items() if isinstance(requests, dict) and isinstance(limits, dict) else ():
        most = limits.get(name, least)
        if _is_quantity(least) and _is_quantity(most) and quantity_value(least) > quantity_value(most):
            yield ("requests", name), f"must not request more {name} ({least}) than its limit ({most})"


def _is_quantity(amount: Any) -> bool:
    return isinstance(amount, str) and re.fullmatch(_QUANTITY, amount) is not None


_JUDGES = {
    "list": _text_list, "map": _text_map, "env": _variables, "gates": _gates, "probe": _probe,
    "tolerations": _tolerations, "objects": _objects, "resources": _resources,
}  # fmt: skip
