"""Requests for nodes, which no autoscaler handles in a lab: the lab accepts each of them."""

from __future__ import annotations

from datetime import UTC, datetime

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import USERS, Bundle, Object
from blueprint.catalog.component_files.lab_programs import NodeRequests, QueueProgram

_WRITER = "blueprint-lab-autoscaler"


def node_requests_of(program: QueueProgram, bundle: Bundle) -> NodeRequests | None:
    """How the manager requests nodes; None if nothing in the bundle makes it do so."""
    how = program.node_requests
    return (
        how if how and any((obj.id.group, obj.id.kind) == (program.group, how.kind) for obj in bundle.objects) else None
    )


def as_object(how: NodeRequests) -> Object:
    """A request object with only its kind."""
    return Object({"apiVersion": how.api_version, "kind": how.request, "metadata": {"name": "any"}}, USERS)


def answer(how: NodeRequests, connection: Connection) -> None:
    """Accept all pending requests. Raises ApiError."""
    for each in connection.list(how.requests):
        conditions = (each.get("status") or {}).get("conditions") or []
        if any(found["type"] == how.answered for found in conditions):
            continue
        metadata = each["metadata"]
        collection, _, plural = how.requests.rpartition("/")
        path = f"{collection}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}/status"
        yes = {
            "type": how.answered,
            "status": "True",
            "reason": "Simulated",
            "message": "the lab has no autoscaler and approves it",
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        connection.patch(path, {"status": {"conditions": [*conditions, yes]}}, _WRITER)
