"""Which cluster this is: the uid of the namespace kube-system, which lives as long as its cluster."""

from __future__ import annotations

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle
from blueprint.cluster import codes
from blueprint.diagnostics import Diagnostic, Refused


def read_cluster_uid(connection: Connection) -> str:
    """The uid of the namespace kube-system, which lives as long as its cluster; empty where forbidden."""
    try:
        return str(connection.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])
    except ApiError as error:
        if error.forbidden or error.missing:
            return ""
        raise


def check_cluster(bundle: Bundle, found: str) -> None:
    """Refuse a cluster that is not the one the blueprint names."""
    if bundle.cluster_uid and bundle.cluster_uid != found:
        there = f"is {found}" if found else "cannot be identified: the namespace kube-system may not be read"
        text = f"blueprint {bundle.name!r} is for cluster {bundle.cluster_uid}; this one {there}"
        raise Refused(Diagnostic(codes.WRONG_CLUSTER, text), exit_code=2)
