"""Creates workloads and their accompanying objects, as a user would: individually, so that an error does not affect
others.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Object
from blueprint.cluster.waits import await_definition
from blueprint.kubernetes.stages import Stage, stage_of
from blueprint.lab.trial.surroundings import MANAGER
from blueprint.records import Record

_ACCOUNT = "error looking up service account"
_MOST = 10.0
"""The maximum time in seconds for a controller to create a new namespace's ServiceAccount; it takes a fraction of a
second.
"""
_PAUSE = 0.1
Json = Mapping[str, Any]


class Refusal(Record):
    """The reason why an object could not be created. `unknown_kind` and `no_namespace` mark common reasons."""

    text: str
    unknown_kind: bool = False
    no_namespace: bool = False


def submit(objects: Iterable[Object], connection: Connection, timeout: float) -> dict[int, Json | Refusal]:
    """Create the objects, dependencies first. Return the created object, or the reason, by the input object's `id()`.

    Raises ApiError if the server is unavailable.
    """
    discovery = discover(connection)
    found: dict[int, Json | Refusal] = {}
    for obj in sorted(objects, key=lambda each: stage_of(each.id)):
        found[id(obj)] = _submitted(obj, connection, discovery)
        if stage_of(obj.id) is Stage.DEFINITIONS and not isinstance(found[id(obj)], Refusal):
            await_definition(connection, obj.data, timeout)
            discovery = discover(connection)
    return found


def _submitted(obj: Object, connection: Connection, discovery: Discovery) -> Json | Refusal:
    resource = discovery.find(obj.api_version, obj.id.kind)
    if resource is None:
        instead = discovery.any_version(obj.id.group, obj.id.kind)
        near = f"; it is served as {instead.api_version}" if instead else ""
        return Refusal(f"no API server here knows {obj.id.kind} of {obj.api_version}{near}", unknown_kind=True)
    data, namespace = obj.data, ""
    if resource.namespaced:
        namespace = obj.id.namespace or "default"
        data = {**data, "metadata": {**data["metadata"], "namespace": namespace}}
    name = data["metadata"].get("name")
    collection = resource.collection(namespace)
    end = time.monotonic() + _MOST
    while True:
        try:
            if name is None:
                return _named(connection.post(collection, data, MANAGER))
            return _applied(resource.path(namespace, name), collection, data, connection)
        except ApiError as error:
            if error.status == 0:
                raise
            if _ACCOUNT in error.message and time.monotonic() < end:
                time.sleep(_PAUSE)
                continue
            return _refusal(error, namespace)


def _applied(path: str, collection: str, data: Json, connection: Connection) -> Json:
    """Apply an object. An existing one that cannot be changed accordingly is recreated."""
    try:
        return connection.apply(path, data, MANAGER, force=True)[0]
    except ApiError as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY or read_object(path, connection) is None:
            raise
    connection.delete(path)
    end = time.monotonic() + _MOST
    while read_object(path, connection) is not None and time.monotonic() < end:
        time.sleep(_PAUSE)
    return _named(connection.post(collection, data, MANAGER))


def read_object(path: str, connection: Connection) -> Json | None:
    """The object at a URL path; None if it does not exist. Raises ApiError."""
    try:
        found: Json = connection.get(path)
    except ApiError as error:
        if error.missing:
            return None
        raise
    return found


def remove(objects: Iterable[Object], connection: Connection, timeout: float) -> None:
    """Delete what was submitted, and wait until no pod of it is left. Raises ApiError."""
    discovery = discover(connection)
    namespaces = set()
    for obj in objects:
        if resource := discovery.find(obj.api_version, obj.id.kind):
            namespace = obj.id.namespace or "default" if resource.namespaced else ""
            namespaces.add(namespace)
            try:
                connection.delete(resource.path(namespace, obj.id.name))
            except ApiError as error:
                if not error.missing:
                    raise
    end = time.monotonic() + timeout
    while any(connection.list(f"/api/v1/namespaces/{each}/pods") for each in namespaces - {""}):
        if time.monotonic() > end:
            return
        time.sleep(_PAUSE)


def _named(answer: Any) -> Json:
    found: Json = answer
    return found


def _refusal(error: ApiError, namespace: str) -> Refusal:
    gone = error.missing and f'namespaces "{namespace}" not found' in error.message
    text = f"its namespace {namespace} does not exist" if gone else error.message
    return Refusal(text, no_namespace=gone)
