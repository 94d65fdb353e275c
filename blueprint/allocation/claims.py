"""Claims and DeviceClasses as they are written, in any version of the API, and as they are meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from blueprint.records import Record

Path = tuple[str | int, ...]
MOST_DEVICES = 32
"""How many devices one claim may get."""


class SelectorText(Record):
    """An expression, and where it stands below the claim's `devices` or the class's `spec`."""

    text: str
    path: Path


class DeviceRequest(Record, dict=True):
    """One request of a claim, or one alternative of a request with `firstAvailable`.

    Attributes:
        name: Its own name.
        parent: The name of the request that it is an alternative of; empty where it is none.
        path: Where it stands below the claim's `devices`.
        device_class: Names its DeviceClass.
        selectors: Its own, after those of the class.
        count: How many devices; of no meaning with `all`.
        all: Whether it wants every device of the node that matches.
        admin: Whether it takes devices that others have, too.
        tolerations: Of taints of devices.
        capacity: What it wants of devices that are shared.
    """

    name: str
    parent: str
    path: Path
    device_class: str
    selectors: tuple[SelectorText, ...] = ()
    count: int = 1
    all: bool = False
    admin: bool = False
    tolerations: tuple[Mapping[str, Any], ...] = ()
    capacity: Mapping[str, str] = {}

    @cached_property
    def selects(self) -> tuple[Any, ...]:
        """What decides which devices match: equal for requests that the same devices match."""
        return self.device_class, tuple(each.text for each in self.selectors), tuple(sorted(self.capacity.items()))

    @property
    def full_name(self) -> str:
        """As constraints and results name it: `gpu/large`."""
        return f"{self.parent}/{self.name}" if self.parent else self.name


class Constraint(Record):
    """What the devices of some requests, or of all, must have in common, or must not."""

    attribute: str
    distinct: bool
    requests: frozenset[str]
    path: Path

    def concerns(self, request: DeviceRequest) -> bool:
        """Whether it is about a request."""
        return not self.requests or bool({request.parent or request.name, request.full_name} & self.requests)


class Claim(Record):
    """What a claim wants: for each request its alternatives, mostly one."""

    name: str
    requests: tuple[tuple[DeviceRequest, ...], ...]
    constraints: tuple[Constraint, ...] = ()

    def every_request(self) -> Iterator[DeviceRequest]:
        """Requests and alternatives."""
        for alternatives in self.requests:
            yield from alternatives


class ClaimableClass(Record):
    """A DeviceClass: which devices are of it, and the plain resource that stands for it."""

    name: str
    selectors: tuple[SelectorText, ...] = ()
    extended_resource: str = ""


def read_claim(name: str, devices: Mapping[str, Any]) -> Claim:
    """The claim whose `spec.devices` this is. What has no sound form is left out: schemas find it."""
    requests = tuple(_request(each, ("requests", index)) for index, each in enumerate(_maps(devices.get("requests"))))
    constraints = tuple(
        Constraint(
            str(each.get("matchAttribute") or each.get("distinctAttribute")),
            not each.get("matchAttribute"),
            frozenset(map(str, _items(each.get("requests")))),
            ("constraints", index),
        )
        for index, each in enumerate(_maps(devices.get("constraints")))
        if each.get("matchAttribute") or each.get("distinctAttribute")
    )
    return Claim(name, requests, constraints)


def read_class(data: Mapping[str, Any]) -> ClaimableClass:
    """A DeviceClass, of any version."""
    spec = _map(data.get("spec"))
    selectors = tuple(_selectors(spec, ()))
    return ClaimableClass(str(data["metadata"]["name"]), selectors, str(spec.get("extendedResourceName") or ""))


def _request(data: Mapping[str, Any], path: Path) -> tuple[DeviceRequest, ...]:
    name = str(data.get("name", ""))
    if first := _maps(data.get("firstAvailable")):
        places = ((each, (*path, "firstAvailable", index)) for index, each in enumerate(first))
        return tuple(_exact(each, str(each.get("name", "")), name, place) for each, place in places)
    if isinstance(data.get("exactly"), Mapping):
        return (_exact(data["exactly"], name, "", (*path, "exactly")),)
    return (_exact(data, name, "", path),)  # v1beta1


def _exact(data: Mapping[str, Any], name: str, parent: str, path: Path) -> DeviceRequest:
    count = data.get("count", 1)
    return DeviceRequest(
        name,
        parent,
        path,
        str(data.get("deviceClassName", "")),
        tuple(_selectors(data, path)),
        count if isinstance(count, int) and not isinstance(count, bool) else 1,
        data.get("allocationMode") == "All",
        not parent and data.get("adminAccess") is True,
        tuple(_maps(data.get("tolerations"))),
        {str(key): str(value) for key, value in _map(_map(data.get("capacity")).get("requests")).items()},
    )


def _selectors(data: Mapping[str, Any], path: Path) -> Iterator[SelectorText]:
    for index, each in enumerate(_maps(data.get("selectors"))):
        text = _map(each.get("cel")).get("expression")
        if isinstance(text, str):
            yield SelectorText(text, (*path, "selectors", index, "cel", "expression"))


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in _items(value) if isinstance(each, Mapping)]
