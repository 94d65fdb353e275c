"""The kinds that the API server serves, with their resources, scopes and verbs. Takes two requests, whatever is
installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.records import Record

_AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"
)


class Resource(Record):
    """One kind in one served version. `name` is the plural used in URLs; `namespaced` is its scope."""

    group: str
    version: str
    kind: str
    name: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`, ..."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def collection(self, namespace: str = "") -> str:
        """The URL path of the collection; across all namespaces if none is given."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.name}"

    def path(self, namespace: str, name: str) -> str:
        """The URL path of one object."""
        return f"{self.collection(namespace)}/{quote(name, safe='')}"


class Discovery(Record):
    """All served kinds, by (apiVersion, kind). `stale` contains group versions whose server did not respond."""

    resources: Mapping[tuple[str, str], Resource]
    stale: frozenset[str] = frozenset()

    def find(self, api_version: str, kind: str) -> Resource | None:
        """The resource of a kind in exactly this version; None if it is not served."""
        return self.resources.get((api_version, kind))

    def including(self, resources: Iterable[Resource]) -> Discovery:
        """A copy with resources that are known to be served, although discovery may not list them yet."""
        known = {(resource.api_version, resource.kind): resource for resource in resources}
        return Discovery({**known, **self.resources}, self.stale)

    def any_version(self, group: str, kind: str) -> Resource | None:
        """The resource of a kind in the server's preferred version of the group."""
        found = (r for r in self.resources.values() if r.group == group and r.kind == kind)
        return next(found, None)


def discover(connection: Connection) -> Discovery:
    """Discover the served kinds. Raises ApiError."""
    resources: dict[tuple[str, str], Resource] = {}
    stale: set[str] = set()
    for root in ("/api", "/apis"):
        answer = connection.get(root, accept=_AGGREGATED)
        if answer.get("kind") == "APIGroupDiscoveryList":
            found = _aggregated(answer, stale)
        else:
            found = _legacy(connection, root, answer, stale)
        for resource in found:
            resources.setdefault((resource.api_version, resource.kind), resource)
    return Discovery(resources, frozenset(stale))


def is_served(connection: Connection, resource: Resource) -> bool:
    """Whether the endpoint itself responds. Discovery can list a kind some time before or after that."""
    try:
        connection.request("GET", resource.collection(), query={"limit": "1"})
    except ApiError as error:
        # Forbidden, or a failing webhook, is a response of the endpoint; a plain 404 means that there is none.
        return not error.kind_missing
    return True


def _aggregated(answer: Mapping[str, Any], stale: set[str]) -> Iterator[Resource]:
    for group in answer.get("items") or ():
        name = group.get("metadata", {}).get("name", "")
        for version in group.get("versions") or ():
            if version.get("freshness") == "Stale":
                stale.add(f"{name}/{version['version']}")
            for entry in version.get("resources") or ():
                if kind := (entry.get("responseKind") or {}).get("kind"):
                    yield Resource(
                        name,
                        str(version["version"]),
                        str(kind),
                        str(entry["resource"]),
                        entry.get("scope") == "Namespaced",
                        frozenset(entry.get("verbs") or ()),
                    )


def _legacy(connection: Connection, root: str, answer: Mapping[str, Any], stale: set[str]) -> Iterator[Resource]:
    """For servers before 1.27: one request per group version."""
    versions = list(answer.get("versions") or ())
    for group in answer.get("groups") or ():
        versions += [v["groupVersion"] for v in group.get("versions") or ()]
    for group_version in versions:
        try:
            listed = connection.get(f"{root}/{group_version}")
        except ApiError:
            stale.add(group_version)
            continue
        group, _, version = group_version.rpartition("/")
        for entry in listed.get("resources") or ():
            if "/" not in entry["name"]:
                yield Resource(
                    group,
                    version,
                    str(entry["kind"]),
                    str(entry["name"]),
                    bool(entry.get("namespaced")),
                    frozenset(entry.get("verbs") or ()),
                )
