"""Waits for what the next write needs: active namespaces, CRDs that are established and served."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Resource, is_served
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import ObjectId
from blueprint.cluster import codes, findings
from blueprint.diagnostics import Diagnostic

PAUSE = 0.05
"""Seconds between two checks. CRDs are served some 30 ms after they were created."""

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


class GateClosedError(Exception):
    """The condition did not become true, or cannot; contains the reason."""


def wait_until(look: Callable[[], str], timeout: float, stop: Event | None = None) -> None:
    """Call `look` until it returns no reason to wait.

    Raises:
        GateClosedError: with the last reason, after `timeout` seconds or once `stop` is set.
    """
    end = time.monotonic() + timeout
    stop = stop or Event()
    while complaint := look():
        if time.monotonic() > end or stop.wait(PAUSE):
            raise GateClosedError(complaint)


def await_namespace(connection: Connection, name: str, timeout: float) -> Diagnostic | None:
    """Wait until objects can be created in a namespace. Return None on success."""

    def look() -> str:
        """Why nothing can be created in the namespace; empty once this is possible."""
        try:
            found = connection.get(f"/api/v1/namespaces/{name}")
        except ApiError as error:
            return "" if error.forbidden else error.message
        phase = found.get("status", {}).get("phase", "unknown")
        return "" if phase == "Active" else f"its phase is {phase}"

    return _never(ObjectId("", "Namespace", "", name), "was not active", look, timeout)


def await_definition(connection: Connection, crd: Mapping[str, Any], timeout: float) -> Diagnostic | None:
    """Wait until a CRD is established and all of its served versions respond. Return None on success."""
    name = str(crd["metadata"]["name"])
    served = served_by(crd)

    def look() -> str:
        """Why the CRD is not served; empty once it is."""
        complaint = _not_established(connection, name)
        return complaint or next((f"{r.api_version} is not served" for r in served if not is_served(connection, r)), "")

    identity = ObjectId("apiextensions.k8s.io", "CustomResourceDefinition", "", name)
    return _never(identity, "was not established and served", look, timeout)


def served_by(crd: Mapping[str, Any]) -> list[Resource]:
    """The resources that a CRD makes the API server serve."""
    spec = crd["spec"]
    return [
        Resource(
            spec["group"],
            version["name"],
            spec["names"]["kind"],
            spec["names"]["plural"],
            namespaced=spec["scope"] == "Namespaced",
            verbs=frozenset(),
        )
        for version in spec["versions"]
        if version.get("served")
    ]


def _not_established(connection: Connection, name: str) -> str:
    try:
        found = connection.get(f"{_CRDS}/{name}")
    except ApiError as error:
        return "" if error.forbidden else error.message
    conditions = {c["type"]: c for c in found.get("status", {}).get("conditions") or ()}
    refused = conditions.get("NamesAccepted", {})
    if refused.get("status") == "False":
        raise GateClosedError(f"its names are taken: {refused.get('message', '')}")
    return "" if conditions.get("Established", {}).get("status") == "True" else "it is not established"


def await_gone(
    connection: Connection, path: str, uid: str, identity: ObjectId, timeout: float, stop: Event | None = None
) -> Diagnostic | None:
    """Wait until an object that is being deleted no longer exists (or another one has its name). Return None on
    success.
    """

    def look() -> str:
        """Why the object still exists; empty once it does not."""
        try:
            found = connection.get(path)
        except ApiError as error:
            return "" if error.missing else error.message
        if found["metadata"]["uid"] != uid:
            return ""
        return f"it is still being deleted; held by {held_by(found)}"

    try:
        wait_until(look, timeout, stop)
    except GateClosedError as closed:
        return findings.plain(codes.TERMINATING, identity, f"{identity} still existed after {timeout:g} s: {closed}")
    return None


def held_by(found: Mapping[str, Any]) -> str:
    """The reasons why the deletion of an object is blocked: its finalizers, and for a namespace also the spec's
    finalizers and its conditions.
    """
    held = [*(found["metadata"].get("finalizers") or ())]
    if found.get("kind", "Namespace") == "Namespace":
        held += (found.get("spec") or {}).get("finalizers") or ()
    return (", ".join(held) or "nothing visible") + _why(found)


def _why(found: Mapping[str, Any]) -> str:
    """The conditions of a namespace that explain what it waits for."""
    waiting = [
        str(c.get("message"))
        for c in found.get("status", {}).get("conditions") or ()
        if c.get("status") == "True" and c.get("reason") in {"SomeResourcesRemain", "SomeFinalizersRemain"}
    ]
    return f" ({'; '.join(waiting)})" if waiting else ""


def _never(identity: ObjectId, what: str, look: Callable[[], str], timeout: float) -> Diagnostic | None:
    try:
        wait_until(look, timeout)
    except GateClosedError as closed:
        return findings.plain(codes.NEVER_READY, identity, f"{identity} {what} within {timeout:g} s: {closed}")
    return None
