"""`resource-slices.yaml`: what DRA drivers publish of one node of each pool, readable for users and for the tool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from blueprint.bundle.model import BundlePool
from blueprint.platform.dra.published import CounterSets, DeviceGroup, Publication, Value, ValueType
from blueprint.source.yaml_writer import inline, quoted_if_needed
from blueprint.units import binary_quantity, quantity_value

SCHEMA = "gpublueprint.dev/resource-slices/v1"
UNKNOWN = "until a node is seen"
_COMMENT = """\
# What the DRA drivers publish of one node of each pool, as predicted: the devices that claims can get. It is not
# applied; `blueprint drift --scope derived` compares the cluster's ResourceSlices with it. Identical devices are listed
# together: {gpu} in a name is the GPU's minor number, {start} the first memory slice of an instance. A value may differ
# by its tolerance; what is unknown is published by every node, and known when a node is seen.
"""
_WORDS = ("sort", "name", "profile")
_FLAGS = ("elsewhere", "optional", "multiple")


def slices_file(pools: Iterable[BundlePool]) -> str:
    """The text of the file."""
    found = {pool.name: [_publication(each) for each in pool.published] for pool in pools if pool.published}
    return _COMMENT + "".join(_lines({"schemaVersion": SCHEMA, "pools": found}, ""))


def _lines(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    """YAML in block style, except that maps and lists of scalars are on one line."""
    for key, value in data.items():
        start = f"{indent}{quoted_if_needed(key)}:"
        if _is_short(value):
            yield f"{start} {inline(value)}\n"
        elif isinstance(value, dict):
            yield f"{start}\n"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{start}\n"
            for item in value:
                yield from _item(item, indent)


def _item(item: Mapping[str, Any] | str, indent: str) -> Iterator[str]:
    if isinstance(item, str):
        yield f"{indent}- {quoted_if_needed(item)}\n"
        return
    first, *rest = _lines(item, indent + "  ")
    yield f"{indent}- {first.removeprefix(indent + '  ')}"
    yield from rest


def _is_short(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(each, dict | list) or " " in str(each) for each in value)
    inner = value.values() if isinstance(value, dict) else ()
    return not any(isinstance(each, dict) or (isinstance(each, list) and not _is_short(each)) for each in inner)


class StoredSlices(Mapping[str, tuple[Publication, ...]]):
    """The contents of a `resource-slices.yaml`, by pool. Read on first use.

    All methods raise ValueError, KeyError, TypeError or OSError if the file is malformed.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @cached_property
    def _pools(self) -> dict[str, tuple[Publication, ...]]:
        from blueprint.source.loader import load_text

        data = load_text(self._file.read_text("utf-8"), self._file.as_posix()).data
        if data["schemaVersion"] != SCHEMA:
            raise ValueError(f"the schemaVersion of {self._file} is {data['schemaVersion']}, not {SCHEMA}")
        return {name: tuple(map(_read_publication, found)) for name, found in data["pools"].items()}

    def __getitem__(self, pool: str) -> tuple[Publication, ...]:
        return self._pools[pool]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pools)

    def __len__(self) -> int:
        return len(self._pools)


def _publication(publication: Publication) -> dict[str, Any]:
    sets = publication.counter_sets
    return _without_empty(
        {
            "driver": publication.driver,
            "version": publication.version,
            "image": publication.image,
            "apiVersion": publication.api_version,
            "layout": publication.layout,
            "count": publication.count,
            "devices": [_group(group) for group in publication.groups],
            "counterSets": _counter_sets(sets) if sets else None,
            "taintsOfFailedDevices": list(publication.taints),
            "unknown": list(publication.unknown),
            "assumes": list(publication.assumes),
        }
    )


def _read_publication(data: Mapping[str, Any]) -> Publication:
    sets = data.get("counterSets")
    return Publication(
        driver=data["driver"],
        version=data["version"],
        image=data["image"],
        api_version=data["apiVersion"],
        layout=data["layout"],
        groups=tuple(map(_read_group, data.get("devices", ()))),
        counter_sets=_read_counter_sets(sets) if sets else None,
        taints=tuple(data.get("taintsOfFailedDevices", ())),
        unknown=tuple(data.get("unknown", ())),
        assumes=tuple(data.get("assumes", ())),
    )


def _group(group: DeviceGroup) -> dict[str, Any]:
    found: dict[str, Any] = {key: getattr(group, key) for key in _WORDS}
    found |= {"gpus": list(group.gpus), "starts": list(group.starts), "memorySlices": group.size}
    found |= {key: getattr(group, key) for key in _FLAGS}
    found["nameUnknown"] = not group.named
    found["attributes"] = _values(group.attributes)
    found["capacity"] = _values(group.capacities)
    found["consumes"] = _values(group.consumes)
    return _without_empty(found)


def _read_group(data: Mapping[str, Any]) -> DeviceGroup:
    return DeviceGroup(
        **{key: data.get(key, "") for key in _WORDS},
        **{key: data.get(key, False) for key in _FLAGS},
        gpus=tuple(data["gpus"]),
        starts=tuple(data.get("starts", ())),
        size=data.get("memorySlices", 0),
        named=not data.get("nameUnknown", False),
        attributes=_read_values(data.get("attributes", {})),
        capacities=_read_values(data.get("capacity", {})),
        consumes=_read_values(data.get("consumes", {})),
    )


def _counter_sets(sets: CounterSets) -> dict[str, Any]:
    named = {"name": sets.name, "gpus": list(sets.gpus), "counters": _values(sets.counters)}
    return {**named, "memorySlice": sets.memory_slice, "memorySlices": sets.slices}


def _read_counter_sets(data: Mapping[str, Any]) -> CounterSets:
    return CounterSets(
        name=data["name"],
        gpus=tuple(data["gpus"]),
        counters=_read_values(data.get("counters", {})),
        memory_slice=data["memorySlice"],
        slices=data["memorySlices"],
    )


def _values(values: Mapping[str, Value]) -> dict[str, Any]:
    return {key: _value(value) for key, value in values.items()}


def _value(value: Value) -> dict[str, Any]:
    """`{string: gpu}`; for an unknown value, its type and what is known about it."""
    amount = value.type == "quantity"
    known = binary_quantity(value.value) if amount and isinstance(value.value, int) else value.value
    found: dict[str, Any] = {value.type: known} if known is not None else {"type": value.type, "unknown": UNKNOWN}
    found |= _without_empty(
        {
            "tolerance": binary_quantity(value.tolerance) if value.tolerance and known is not None else "",
            "begins": value.begins,
            "oneOf": list(value.one_of),
            "optional": value.optional,
            "unverified": not value.certain,
            "policy": {key: binary_quantity(each) for key, each in value.policy.items()},
        }
    )
    return found


def _read_values(data: Mapping[str, Any]) -> dict[str, Value]:
    return {key: _read_value(value) for key, value in data.items()}


def _read_value(data: Mapping[str, Any]) -> Value:
    kind = cast("ValueType", data.get("type") or next(iter(data)))
    value = data.get(kind)
    return Value(
        type=kind,
        value=_bytes(value) if kind == "quantity" and value is not None else value,
        tolerance=_bytes(data.get("tolerance", "0")),
        begins=data.get("begins", ""),
        one_of=tuple(data.get("oneOf", ())),
        optional=data.get("optional", False),
        certain=not data.get("unverified", False),
        policy={key: _bytes(each) for key, each in data.get("policy", {}).items()},
    )


def _bytes(text: str) -> int:
    return int(quantity_value(text))


def _without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in ("", False, None, [], {}, 0)}
