"""Read the live state of a set of objects: one LIST per kind, then a GET for whatever the LIST did not show.

The LIST selects our label, so its cost does not grow with what else is in the cluster; an object that lost
its label, or never had it, is found by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from blueprint.apiserver.connection import METADATA, PAGE, POOL_SIZE, Connection
from blueprint.apiserver.discovery import Discovery, Resource
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.inventory.membership import PART_OF, applyset_id

_MANY = 8
"""Objects of one kind and namespace from which on a LIST of names costs less than asking for each."""

Wanted = tuple[ObjectId, str]
"""An object and the apiVersion to read it in."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is in the cluster.

    Attributes:
        objects: Those asked for that exist.
        labelled: Those that carry our label, asked for or not.
        unseen: Those that could not be looked at, and why.
        unserved: Those whose kind the server does not serve, so they cannot exist.
    """

    objects: Mapping[ObjectId, dict[str, Any]] = field(default_factory=dict)
    labelled: Mapping[ObjectId, dict[str, Any]] = field(default_factory=dict)
    unseen: Mapping[ObjectId, ApiError] = field(default_factory=dict)
    unserved: frozenset[ObjectId] = frozenset()


def read_live(
    connection: Connection, discovery: Discovery, wanted: Iterable[Wanted], blueprint: str, *, by_name: bool = False
) -> Live:
    """Look at `wanted` and at everything of the same kinds that carries our label.

    `by_name` is for few objects among many, of kinds whose members are known already: none is listed.

    Raises:
        ApiError: the server is gone or does not know us any more; refusals per kind are in `unseen`.
    """
    by_kind: dict[Resource, list[ObjectId]] = defaultdict(list)
    unserved = set()
    unseen: dict[ObjectId, ApiError] = {}
    for identity, api_version in wanted:
        # What was applied in a version that is gone lives on in another; its identity is without version.
        resource = discovery.find(api_version, identity.kind) or discovery.any_version(identity.group, identity.kind)
        if resource:
            by_kind[resource].append(identity)
        elif api_version in discovery.stale:
            unseen[identity] = ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "", f"nobody answers for {api_version}")
        else:
            unserved.add(identity)
    selector = f"{PART_OF}={applyset_id(blueprint)}"
    # A kind that is asked for in two versions is listed in both: an object counts in the one it is asked for in.
    wanted_as = {identity: resource for resource, ids in by_kind.items() for identity in ids}
    labelled: dict[ObjectId, dict[str, Any]] = {}
    for resource, ids in () if by_name else by_kind.items():
        listed = {ObjectId.of(item): item for item in _members(connection, resource, ids, selector)}
        labelled |= {i: item for i, item in listed.items() if wanted_as.get(i, resource) is resource}
    objects = {i: labelled[i] for ids in by_kind.values() for i in ids if i in labelled}
    missing = [
        (resource, identity)
        for resource, ids in by_kind.items()
        for identity in _possible(connection, resource, [i for i in ids if i not in labelled])
    ]
    with ThreadPoolExecutor(POOL_SIZE) as threads:
        for (_, identity), found in zip(
            missing, threads.map(lambda pair: _one(connection, *pair), missing), strict=True
        ):
            if isinstance(found, ApiError):
                unseen[identity] = found
            elif found is not None:
                objects[identity] = found
    return Live(objects, labelled, unseen, frozenset(unserved))


def _members(
    connection: Connection, resource: Resource, ids: list[ObjectId], selector: str
) -> Iterator[dict[str, Any]]:
    """Labelled objects of a kind: across namespaces, or where that is forbidden, in each namespace."""
    try:
        yield from connection.list(resource.collection(), selector)
    except ApiError as error:
        if not error.forbidden:
            raise
        for namespace in sorted({i.namespace for i in ids} - {""}):
            yield from _members_in(connection, resource, namespace, selector)


def _members_in(connection: Connection, resource: Resource, namespace: str, selector: str) -> Iterator[dict[str, Any]]:
    try:
        yield from connection.list(resource.collection(namespace), selector)
    except ApiError as error:
        if not error.forbidden:  # what may not be listed is asked for by name, and then reported as unseen
            raise


def _possible(connection: Connection, resource: Resource, ids: list[ObjectId]) -> Iterator[ObjectId]:
    """Those of `ids` that may be there: where many of a place are asked for, one LIST of names tells."""
    places: dict[str, list[ObjectId]] = defaultdict(list)
    for identity in ids:
        places[identity.namespace].append(identity)
    for namespace, several in places.items():
        names = _names(connection, resource, namespace) if len(several) > _MANY else None
        yield from (i for i in several if names is None or i.name in names)


def _names(connection: Connection, resource: Resource, namespace: str) -> set[str] | None:
    """The names of a kind in one place; None where they may not be listed, or are far more than are asked for."""
    try:
        query = {"limit": str(PAGE)}
        page = connection.request("GET", resource.collection(namespace), query=query, accept=METADATA)
    except ApiError as error:
        if not error.forbidden:
            raise
        return None
    if page["metadata"].get("continue"):
        return None
    return {item["metadata"]["name"] for item in page.get("items") or ()}


def _one(connection: Connection, resource: Resource, identity: ObjectId) -> dict[str, Any] | ApiError | None:
    try:
        found: dict[str, Any] = connection.get(resource.path(identity.namespace, identity.name))
    except ApiError as error:
        if error.missing:
            return None
        if error.forbidden:
            return error
        raise
    return found
