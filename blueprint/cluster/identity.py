"""Which cluster this is: the uid of the namespace kube-system, which lives as long as its cluster."""

from __future__ import annotations

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle
from blueprint.cluster import codes
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.records import Record


class ClusterIdentity(Record):
    """The identity of a cluster in reports; unknown values are empty.

    Attributes:
        context: Its name in the kubeconfig.
        endpoint: The address of its API server.
        version: The server's version, `v1.36.3`.
        uid: The uid of the namespace kube-system.
    """

    context: str
    endpoint: str = ""
    version: str = ""
    uid: str = ""

    def __str__(self) -> str:
        facts = [self.endpoint, self.version, f"uid {self.uid}" if self.uid else ""]
        known = ", ".join(fact for fact in facts if fact)
        return f"{self.context} ({known})" if known else self.context

    def subject(self) -> dict[str, str]:
        """The identity as the subject of a report: its known facts by name."""
        facts = {"context": self.context, "endpoint": self.endpoint, "server": self.version, "cluster": self.uid}
        return {name: fact for name, fact in facts.items() if fact}


def identify(connection: Connection, uid: str | None = None) -> ClusterIdentity:
    """The cluster of a connection; pass `uid` if it has already been read."""
    found = read_cluster_uid(connection) if uid is None else uid
    return ClusterIdentity(connection.context, connection.endpoint.server, connection.version, found)


def read_cluster_uid(connection: Connection) -> str:
    """The uid of the namespace kube-system, which exists as long as its cluster; empty if reading it is forbidden."""
    try:
        return str(connection.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])
    except ApiError as error:
        if error.forbidden or error.missing:
            return ""
        raise


def check_cluster(bundle: Bundle, found: str) -> None:
    """Raise Refused if the cluster is not the one that the blueprint declares."""
    if bundle.cluster_uid and bundle.cluster_uid != found:
        there = (
            f"is {found}" if found else "cannot be identified, because reading the namespace kube-system is forbidden"
        )
        text = f"blueprint {bundle.name!r} is for cluster {bundle.cluster_uid}; this one {there}"
        raise Refused(Diagnostic(codes.WRONG_CLUSTER, text), exit_code=2)
