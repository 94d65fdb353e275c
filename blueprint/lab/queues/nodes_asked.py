"""Requests for nodes, which no autoscaler answers in a lab: the lab says yes to each."""

from __future__ import annotations

from datetime import UTC, datetime

from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import USERS, Bundle, Object
from blueprint.catalog.component_files.lab_programs import AskedNodes, QueueProgram

_WRITER = "blueprint-lab-autoscaler"


def asked_nodes(program: QueueProgram, bundle: Bundle) -> AskedNodes | None:
    """How the manager asks for nodes; None where nothing in the bundle has it ask."""
    asks = program.asks
    asking = asks and any((obj.id.group, obj.id.kind) == (program.group, asks.kind) for obj in bundle.objects)
    return asks if asking else None


def as_object(asked: AskedNodes) -> Object:
    """A request, as far as it says of which kind it is."""
    return Object({"apiVersion": asked.api_version, "kind": asked.request, "metadata": {"name": "any"}}, USERS)


def answer(asked: AskedNodes, connection: Connection) -> None:
    """Say yes to every request that has no answer. Raises ApiError."""
    for each in connection.list(asked.requests):
        conditions = (each.get("status") or {}).get("conditions") or []
        if any(found["type"] == asked.answered for found in conditions):
            continue
        metadata = each["metadata"]
        collection, _, plural = asked.requests.rpartition("/")
        path = f"{collection}/namespaces/{metadata['namespace']}/{plural}/{metadata['name']}/status"
        yes = {
            "type": asked.answered,
            "status": "True",
            "reason": "Simulated",
            "message": "the lab has no autoscaler and says yes",
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        connection.patch(path, {"status": {"conditions": [*conditions, yes]}}, _WRITER)
