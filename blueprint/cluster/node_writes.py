"""Writes the labels and taints of one node."""

from __future__ import annotations

import time
from typing import Any

from blueprint.apiserver.codes import SERVER_FAILING
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Taint
from blueprint.cluster import codes, findings
from blueprint.cluster.nodes import NODES, taints_of
from blueprint.cluster.plan_model import NodeStep
from blueprint.diagnostics import Diagnostic
from blueprint.inventory.membership import manager

_ATTEMPTS = 5
_PAUSE = 0.1
"""The pause in seconds, doubled with every attempt."""


def write_node(connection: Connection, step: NodeStep, blueprint: str, *, force: bool) -> Diagnostic | None:
    """Apply a step to one node. Return None on success.

    Raises:
        ApiError: the server is unavailable, or no longer accepts the credentials.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return _write(connection, step, manager(blueprint), force=force)
        except ApiError as error:
            if error.transient and not error.unsent and attempt < _ATTEMPTS:
                time.sleep(_PAUSE * 2**attempt)
                continue
            if error.fatal:
                raise
            return _trouble(step, error)


def _write(connection: Connection, step: NodeStep, us: str, *, force: bool) -> Diagnostic | None:
    """Write labels and taints. Both can be repeated safely: labels are bound to the uid, taints to the observed
    version.
    """
    if step.writes_labels:
        meta = {"name": step.name, "uid": step.uid, "labels": dict(step.labels)}
        body = {"apiVersion": "v1", "kind": "Node", "metadata": meta}
        connection.apply(f"{NODES}/{step.name}", body, us, force=force and bool(step.conflicts))
    return None if step.taints is None else _write_taints(connection, step, step.taints, us)


def _trouble(step: NodeStep, error: ApiError) -> Diagnostic:
    if error.forbidden:
        return findings.forbidden(step.id, error)
    if error.transient:
        return findings.plain(SERVER_FAILING, step.id, f"the API server keeps failing for {step.id}: {error}")
    return findings.plain(codes.REJECTED, step.id, f"the API server rejects {step.id}: {error.message}")


def _write_taints(connection: Connection, step: NodeStep, taints: tuple[Taint, ...], us: str) -> Diagnostic | None:
    """Write the taints. The list is atomic, so the write is conditional on the version that was read, which heartbeats
    change.
    """
    for _ in range(_ATTEMPTS):
        node = connection.get(f"{NODES}/{step.name}")
        if node["metadata"]["uid"] == step.uid and taints_of(node) == taints:
            return None  # an earlier attempt whose response was lost
        if node["metadata"]["uid"] != step.uid or taints_of(node) != step.taints_before:
            text = f"{step.id} was not written, because its taints changed after the plan was made"
            return findings.plain(codes.STALE_PLAN, step.id, text, "run `plan` and `apply` again")
        version = {"uid": step.uid, "resourceVersion": node["metadata"]["resourceVersion"]}
        body = {"metadata": version, "spec": {"taints": [_as_data(t) for t in taints] or None}}
        try:
            connection.patch(f"{NODES}/{step.name}", body, us)
        except ApiError as error:
            if not error.stale:
                raise
        else:
            return None
    text = f"the taints of {step.id} were not written, because the node changes faster than it can be read"
    return findings.plain(SERVER_FAILING, step.id, text)


def _as_data(taint: Taint) -> dict[str, Any]:
    value = {"value": taint.value} if taint.value else {}
    return {"key": taint.key, **value, "effect": taint.effect}
