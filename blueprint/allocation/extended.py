"""Extended resources that DeviceClasses provide: the claim that the scheduler creates for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from blueprint.allocation.claims import Claim, ClaimableClass, DeviceRequest
from blueprint.units import as_count

IMPLICIT = "deviceclass.resource.kubernetes.io/"
"""The prefix of the extended resource that every DeviceClass provides implicitly, followed by its name."""
Container = Mapping[str, Any]


def class_of(resource: str, classes: Iterable[ClaimableClass]) -> str:
    """The name of the DeviceClass that provides an extended resource; empty if none does. The first by name if several
    do.
    """
    named = sorted(each.name for each in classes)
    if resource.startswith(IMPLICIT):
        name = resource.removeprefix(IMPLICIT)
        return name if name in named else ""
    return min((each.name for each in classes if each.extended_resource == resource), default="")


def claim_of(pod: Mapping[str, Any], resources: Iterable[str], classes: Sequence[ClaimableClass]) -> Claim | None:
    """The claim for the extended resources of a pod that the node itself does not offer.

    An init container reuses devices of the containers that run after it, as far as possible.
    """
    requests: list[DeviceRequest] = []
    for resource in sorted(resources):
        if name := class_of(resource, classes):
            requests += _requests(pod, resource, name)
    ordered = sorted(requests, key=lambda each: each.name)
    return Claim("extended resources", tuple((each,) for each in ordered)) if ordered else None


def _requests(pod: Mapping[str, Any], resource: str, name: str) -> Iterator[DeviceRequest]:
    init = _maps(pod.get("initContainers"))
    containers = [*init, *_maps(pod.get("containers"))]
    short = [index < len(init) and each.get("restartPolicy") != "Always" for index, each in enumerate(containers)]
    amounts = [requested(each).get(resource, 0) for each in containers]
    most, at = 0, 0
    for index, each in enumerate(amounts):
        reused = sum(other for place, other in enumerate(amounts) if place >= index and not short[place])
        if short[index] and each - reused > most:
            most, at = each - reused, index
    if most:
        yield _request(at, containers[at], resource, name, most)
    for index, each in enumerate(amounts):
        if each and not short[index]:
            yield _request(index, containers[index], resource, name, each)


def _request(index: int, container: Container, resource: str, name: str, count: int) -> DeviceRequest:
    place = sorted(requested(container)).index(resource)
    return DeviceRequest(f"container-{index}-request-{place}", "", (), name, count=count)


def requested(container: Container) -> dict[str, int]:
    """The whole-number resource requests of a container. Limits count where requests are missing."""
    resources = _map(container.get("resources"))
    found = {**_map(resources.get("limits")), **_map(resources.get("requests"))}
    return {str(name): as_count(value) or 0 for name, value in found.items()}


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _maps(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []
