"""Read the live state of a set of objects: one LIST per kind, then a GET for whatever the LIST did not show.

The LIST selects our label, so its cost does not grow with what else is in the cluster; an object that lost
its label, or never had it, is found by name.
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
"""Objects of one kind and namespace from which on a LIST of names costs less than requesting each."""

Data = dict[str, Any]
Wanted = tuple[ObjectId, str]
"""An object and the apiVersion to read it in."""


class Live(Record):
    """What is in the cluster.

    Attributes:
        objects: Those requested that exist.
        labelled: Those that carry our label, requested or not.
        unseen: Those that could not be looked at, and why.
        unserved: Those whose kind the server does not serve, so they cannot exist.
        unlisted: Kinds of which nobody may list what carries our label: beyond what was requested, nothing is known.
    """

    objects: Mapping[ObjectId, Data] = field(default_factory=dict)
    labelled: Mapping[ObjectId, Data] = field(default_factory=dict)
    unseen: Mapping[ObjectId, ApiError] = field(default_factory=dict)
    unserved: frozenset[ObjectId] = frozenset()
    unlisted: Mapping[Resource, ApiError] = field(default_factory=dict)


class _Request(Record):
    """What to look at, by the resource to request it; and what there is nothing to request."""

    by_resource: Mapping[Resource, list[ObjectId]]
    unseen: Mapping[ObjectId, ApiError]
    unserved: frozenset[ObjectId]


def read_live(
    connection: Connection, discovery: Discovery, wanted: Iterable[Wanted], blueprint: str, *, by_name: bool = False
) -> Live:
    """Look at `wanted` and at everything of the same kinds that carries our label.

    `by_name` is for few objects among many, of kinds whose members are known already: none is listed.

    Raises:
        ApiError: the server is gone or does not know us any more; refusals per kind are in `unseen`.
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
        # What was applied in a version that is gone lives on in another; its identity is without version.
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
    """Everything with our label, of every kind that is requested; and the kinds that cannot be listed."""
    selector = f"{PART_OF}={applyset_id(blueprint)}"
    # A kind that is requested in two versions is listed in both: an object counts in the one it is requested in.
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
    """What no list showed, requested by name: those that exist, and those that may not be read."""
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
    """Labelled objects of a kind: across namespaces, or where that is forbidden, in each namespace.

    What may not be listed is requested by name, and then reported as unseen; the refusal goes with the rest, since
    others with our label stay unknown.
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
    """Those of `ids` that may be there: where many of a place are requested, one LIST of names tells."""
    places: dict[str, list[ObjectId]] = defaultdict(list)
    for identity in ids:
        places[identity.namespace].append(identity)
    for namespace, several in places.items():
        names = _names(connection, resource, namespace) if len(several) > _MANY else None
        yield from (i for i in several if names is None or i.name in names)


def _names(connection: Connection, resource: Resource, namespace: str) -> set[str] | None:
    """The names of a kind in one place; None where they may not be listed, or are far more than are requested."""
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
