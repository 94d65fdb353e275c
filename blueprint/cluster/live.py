"""Reads the live state of a set of objects: one LIST per kind, then a GET for every object that the LIST did not
return.

The LIST selects our label, so its cost does not depend on other objects in the cluster. An object without the label is
found by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from blueprint.apiserver.connection import METADATA, PAGE, POOL_SIZE, Connection
from blueprint.apiserver.discovery import Discovery, Resource
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.inventory.membership import PART_OF, applyset_id
from blueprint.records import Record, field

_MANY = 8
"""The number of objects of one kind and namespace above which a LIST of names costs less than reading each one."""

Data = dict[str, Any]
Wanted = tuple[ObjectId, str]
"""An object and the apiVersion to read it in."""


class Live(Record):
    """The state of the cluster.

    Attributes:
        objects: The requested objects that exist.
        labelled: The objects with our label, requested or not.
        unseen: The objects that could not be examined, and why.
        unserved: The objects whose kind the server does not serve, so they cannot exist.
        unlisted: Kinds whose labelled objects may not be listed: beyond the requested ones, nothing is known.
    """

    objects: Mapping[ObjectId, Data] = field(default_factory=dict)
    labelled: Mapping[ObjectId, Data] = field(default_factory=dict)
    unseen: Mapping[ObjectId, ApiError] = field(default_factory=dict)
    unserved: frozenset[ObjectId] = frozenset()
    unlisted: Mapping[Resource, ApiError] = field(default_factory=dict)


class _Request(Record):
    """The objects to read, by resource, and those that cannot be requested."""

    by_resource: Mapping[Resource, list[ObjectId]]
    unseen: Mapping[ObjectId, ApiError]
    unserved: frozenset[ObjectId]


def read_live(
    connection: Connection, discovery: Discovery, wanted: Iterable[Wanted], blueprint: str, *, by_name: bool = False
) -> Live:
    """Read `wanted` and all objects of the same kinds with our label.

    `by_name` is for a few objects among many, of kinds whose members are already known: nothing is listed.

    Raises:
        ApiError: the server is unavailable or no longer accepts the credentials. Errors for single kinds are in
            `unseen`.
    """
    request = _request(discovery, wanted)
    labelled, unlisted = ({}, {}) if by_name else _list_labelled(connection, request, blueprint)
    objects = {i: labelled[i] for ids in request.by_resource.values() for i in ids if i in labelled}
    found, unseen = _get_missing(connection, request, labelled)
    return Live(objects | found, labelled, {**request.unseen, **unseen}, request.unserved, unlisted)


def _request(discovery: Discovery, wanted: Iterable[Wanted]) -> _Request:
    by_resource: dict[Resource, list[ObjectId]] = defaultdict(list)
    unserved = set()
    unseen: dict[ObjectId, ApiError] = {}
    for identity, api_version in wanted:
        # An object that was applied in a removed API version still exists in another one; its identity has no version.
        resource = discovery.find(api_version, identity.kind) or discovery.any_version(identity.group, identity.kind)
        if resource:
            by_resource[resource].append(identity)
        elif api_version in discovery.stale:
            unseen[identity] = ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "", f"no API server serves {api_version}")
        else:
            unserved.add(identity)
    return _Request(by_resource, unseen, frozenset(unserved))


def _list_labelled(
    connection: Connection, request: _Request, blueprint: str
) -> tuple[dict[ObjectId, Data], dict[Resource, ApiError]]:
    """All labelled objects of the requested kinds, and the kinds that cannot be listed."""
    selector = f"{PART_OF}={applyset_id(blueprint)}"
    # A kind that is requested in two versions is listed in both: an object counts in the requested one.
    wanted_as = {identity: resource for resource, ids in request.by_resource.items() for identity in ids}
    labelled: dict[ObjectId, Data] = {}
    unlisted: dict[Resource, ApiError] = {}
    for resource, ids in request.by_resource.items():
        items, refusal = _members(connection, resource, ids, selector)
        listed = {ObjectId.of(item): item for item in items}
        labelled |= {i: item for i, item in listed.items() if wanted_as.get(i, resource) is resource}
        if refusal:
            unlisted[resource] = refusal
    return labelled, unlisted


def _get_missing(
    connection: Connection, request: _Request, labelled: Mapping[ObjectId, Data]
) -> tuple[dict[ObjectId, Data], dict[ObjectId, ApiError]]:
    """Objects that no list returned, read by name: those that exist, and those that cannot be read."""
    missing = [
        (resource, identity)
        for resource, ids in request.by_resource.items()
        for identity in _possible(connection, resource, [i for i in ids if i not in labelled])
    ]
    with ThreadPoolExecutor(POOL_SIZE) as threads:
        responses = list(threads.map(lambda pair: _one(connection, *pair), missing))
    found: dict[ObjectId, Data] = {}
    unseen: dict[ObjectId, ApiError] = {}
    for (_, identity), answer in zip(missing, responses, strict=True):
        if isinstance(answer, ApiError):
            unseen[identity] = answer
        elif answer is not None:
            found[identity] = answer
    return found, unseen


def _members(
    connection: Connection, resource: Resource, ids: list[ObjectId], selector: str
) -> tuple[list[Data], ApiError | None]:
    """The labelled objects of a kind: across namespaces, or, if that is forbidden, in each namespace.

    Objects that cannot be listed are read by name. The error is returned in any case, because other labelled objects
    stay unknown.
    """
    try:
        return connection.list(resource.collection(), selector), None
    except ApiError as error:
        if not error.forbidden:
            raise
        refusal: ApiError | None = error
    found: list[Data] = []
    for namespace in sorted({i.namespace for i in ids} - {""}):
        try:
            found += connection.list(resource.collection(namespace), selector)
            refusal = None
        except ApiError as error:
            if not error.forbidden:
                raise
            return found, error
    return found, refusal


def _possible(connection: Connection, resource: Resource, ids: list[ObjectId]) -> Iterator[ObjectId]:
    """The objects in `ids` that may exist: if many are requested in one place, a LIST of names determines this."""
    places: dict[str, list[ObjectId]] = defaultdict(list)
    for identity in ids:
        places[identity.namespace].append(identity)
    for namespace, several in places.items():
        names = _names(connection, resource, namespace) if len(several) > _MANY else None
        yield from (i for i in several if names is None or i.name in names)


def _names(connection: Connection, resource: Resource, namespace: str) -> set[str] | None:
    """The names of a kind in one place; None if they cannot be listed, or are far more than requested."""
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


def _one(connection: Connection, resource: Resource, identity: ObjectId) -> Data | ApiError | None:
    try:
        found: Data = connection.get(resource.path(identity.namespace, identity.name))
    except ApiError as error:
        if error.missing:
            return None
        if error.forbidden:
            return error
        raise
    return found
