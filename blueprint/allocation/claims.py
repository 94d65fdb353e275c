"""Claims and DeviceClasses of any API version, converted to a common model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from blueprint.records import Record

Path = tuple[str | int, ...]
MOST_DEVICES = 32
"""The maximum number of devices of one claim."""


class SelectorText(Record):
    """An expression, and its path below the claim's `devices` or the class's `spec`."""

    text: str
    path: Path


class DeviceRequest(Record, dict=True):
    """One request of a claim, or one alternative of a `firstAvailable` request.

    Attributes:
        name: The name of the request or alternative.
        parent: The name of the request that contains this alternative; empty for a plain request.
        path: Its path below the claim's `devices`.
        device_class: The name of its DeviceClass.
        selectors: Its own selectors, evaluated after those of the class.
        count: The number of devices; ignored if `all` is set.
        all: Whether it requests all matching devices of the node.
        admin: Whether it has administrative access, also to devices that are in use.
        tolerations: The device taints that it tolerates.
        capacity: The capacity that it requests from shared devices.
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
        """A key for what determines the matching devices: equal for requests that match the same devices."""
        return self.device_class, tuple(each.text for each in self.selectors), tuple(sorted(self.capacity.items()))

    @property
    def full_name(self) -> str:
        """The name in constraints and results: `gpu/large`."""
        return f"{self.parent}/{self.name}" if self.parent else self.name


class Constraint(Record):
    """An attribute that the devices of some or all requests must share, or must not share."""

    attribute: str
    distinct: bool
    requests: frozenset[str]
    path: Path

    def concerns(self, request: DeviceRequest) -> bool:
        """Whether it applies to a request."""
        return not self.requests or bool({request.parent or request.name, request.full_name} & self.requests)


class Claim(Record):
    """A claim: for each request its alternatives, usually one."""

    name: str
    requests: tuple[tuple[DeviceRequest, ...], ...]
    constraints: tuple[Constraint, ...] = ()

    def every_request(self) -> Iterator[DeviceRequest]:
        """All requests and alternatives."""
        for alternatives in self.requests:
            yield from alternatives


class ClaimableClass(Record):
    """A DeviceClass: its selectors, and the extended resource that it provides."""

    name: str
    selectors: tuple[SelectorText, ...] = ()
    extended_resource: str = ""


def read_claim(name: str, devices: Mapping[str, Any]) -> Claim:
    """The claim with this `spec.devices`. Malformed parts are skipped, because the schema check reports them."""
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
    """A DeviceClass of any API version."""
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
