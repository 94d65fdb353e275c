"""Read-only views of a cluster: its objects and nodes, and the result of a hypothetical apply."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import groupby
from typing import Any, Protocol

from blueprint.apiserver.connect import connect, refused
from blueprint.apiserver.connection import METADATA, PAGE, Connection
from blueprint.apiserver.discovery import Discovery, Resource, discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.changes.compare import Action
from blueprint.cluster.identity import ClusterIdentity, check_cluster, identify, read_cluster_uid
from blueprint.cluster.live import Wanted, read_live
from blueprint.cluster.obstacles import JSON_PATCH
from blueprint.cluster.plan_model import Step
from blueprint.diagnostics import Refused
from blueprint.inventory.membership import PART_OF, applyset_id
from blueprint.inventory.model import Inventory, Snapshot
from blueprint.inventory.storage import read_inventory
from blueprint.records import Record, field

_THREADS = 4
_FEW = 20
"""If at most this fraction of a kind's objects is requested, they are read by name; otherwise the kind is listed."""
_MOST_DRY_RUNS = 100
"""The maximum number of findings for which the server is asked how to undo them; beyond it, ownership decides."""
Live = dict[str, Any]


class Unseen(Exception):  # noqa: N818 - it is an answer: nothing is known
    """Something could not be examined; the message gives the reason."""


class ObservedObjects(Record):
    """The result of reading a set of objects.

    Attributes:
        live: The existing objects, including others than requested.
        unseen: Objects that could not be examined, and why.
        unlisted: Kinds (`Deployment.apps`) that cannot be listed, and why: other objects with our label are unknown.
    """

    live: Mapping[ObjectId, Live] = field(default_factory=dict)
    unseen: Mapping[ObjectId, str] = field(default_factory=dict)
    unlisted: Mapping[str, str] = field(default_factory=dict)


class View(Protocol):
    """A cluster, or a file with its state."""

    @property
    def name(self) -> str:
        """The display name: a context, a file."""

    @property
    def cluster(self) -> ClusterIdentity:
        """The identity of the cluster, as far as known."""

    @property
    def digest(self) -> str:
        """The digest of a file's content; empty for a cluster."""

    @property
    def taken(self) -> str:
        """The time of a file's snapshot; empty for a cluster."""

    def record(self, blueprint: str) -> Inventory | None:
        """The inventory; None if there is none. Raises Unseen."""

    def disguised(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """A manifest in the form of this view's live objects: a file has keyed hashes in place of Secret values."""

    def versions(self, wanted: Mapping[ObjectId, str], blueprint: str) -> Mapping[ObjectId, Live]:
        """The metadata of all objects with the blueprint's label, as far as it can be read cheaply."""

    def objects(self, wanted: Mapping[ObjectId, str], blueprint: str) -> ObservedObjects:
        """The requested objects (by identity, with their apiVersion), and others with the blueprint's label."""

    def nodes(self) -> list[Live]:
        """All nodes. Raises Unseen."""

    def cluster_roles(self) -> list[Live]:
        """All ClusterRoles in the cluster. Raises Unseen."""

    def autoscalers(self, namespace: str) -> list[Live]:
        """All HorizontalPodAutoscalers in a namespace. Raises Unseen."""

    def resource_slices(self, api_version: str) -> list[Live]:
        """All ResourceSlices in the cluster. Raises Unseen."""

    def daemon_sets(self) -> list[Live]:
        """All DaemonSets in the cluster. Raises Unseen."""

    def predict(self, manifest: Mapping[str, Any], manager: str) -> Live:
        """The object after an apply that takes over all conflicts. Raises Unseen."""

    def plan(self, obj: Object, live: Live | None, snapshot: Snapshot | None, bundle: Bundle) -> Step | None:
        """The action of an apply for an object; None if unknown."""

    def takes(self, live: Live, patch: Sequence[Mapping[str, Any]]) -> bool | None:
        """Whether the server would accept a JSON patch; None if unknown."""


class ClusterView:
    """A cluster seen through its API server. Nothing is written: only GET, LIST and dry runs."""

    def __init__(self, connection: Connection) -> None:
        self.name = connection.context
        self.taken = ""
        self.digest = ""
        self._connection = connection
        self._found: Discovery | None = None
        self._nodes: list[Live] | None = None
        self._daemon_sets: list[Live] | None = None
        self._places: dict[str, str] = {}
        self._dry_runs = 0
        self._members: Counter[tuple[str, str]] = Counter()

    @property
    def _discovery(self) -> Discovery:
        """The served kinds, discovered once. Raises Refused (2): without them nothing can be examined."""
        if self._found is None:
            try:
                self._found = discover(self._connection)
            except ApiError as error:
                raise refused(error, self._connection) from None
        return self._found

    @cached_property
    def cluster(self) -> ClusterIdentity:
        """The identity of the cluster, read once."""
        try:
            return identify(self._connection)
        except ApiError:
            return identify(self._connection, "")

    def record(self, blueprint: str) -> Inventory | None:
        """The inventory in the cluster."""
        try:
            return read_inventory(self._connection, blueprint)
        except ApiError as error:
            raise Unseen(in_words(error)) from None
        except Refused as damaged:
            raise Unseen(str(damaged)) from None

    def disguised(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """The unchanged manifest."""
        return manifest

    def versions(self, wanted: Mapping[ObjectId, str], blueprint: str) -> Mapping[ObjectId, Live]:
        """One LIST of metadata per kind: half the cost of a full one, for both sides."""
        discovery = self._discovery
        resources = {discovery.find(api_version, i.kind) for i, api_version in wanted.items()} - {None}
        selector = f"{PART_OF}={applyset_id(blueprint)}"
        with ThreadPoolExecutor(_THREADS) as pool:
            parts = list(pool.map(lambda resource: self._metadata(resource, selector), resources))
        members = {identity: found for part in parts for identity, found in part.items()}
        self._members = Counter((identity.group, identity.kind) for identity in members)
        return members

    def _metadata(self, resource: Resource | None, selector: str) -> dict[ObjectId, Live]:
        """Kinds whose metadata cannot be listed are left to `objects`, which reports why."""
        found: dict[ObjectId, Live] = {}
        if resource is None:
            return found
        query = {"labelSelector": selector, "limit": str(PAGE)}
        try:
            while True:
                page = self._connection.request("GET", resource.collection(), query=query, accept=METADATA)
                for item in page.get("items") or ():
                    meta = item["metadata"]
                    key = ObjectId(resource.group, resource.kind, meta.get("namespace", ""), meta["name"])
                    found[key] = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta}
                if not (token := page["metadata"].get("continue")):
                    return found
                query["continue"] = token
        except ApiError:
            return {}  # Nothing is proven for this kind: `objects` lists it, and reports the reason if that fails too.

    def objects(self, wanted: Mapping[ObjectId, str], blueprint: str) -> ObservedObjects:
        """One LIST per kind, several kinds concurrently; a few objects among many known ones are read by name."""
        discovery = self._discovery
        kinds = [list(ids) for _, ids in groupby(sorted(wanted), key=lambda i: (i.group, i.kind))]
        parts = [[(identity, wanted[identity]) for identity in ids] for ids in kinds]
        with ThreadPoolExecutor(_THREADS) as pool:
            seen = list(pool.map(lambda part: self._kind(discovery, part, blueprint), parts))
        return ObservedObjects(
            {identity: found for part in seen for identity, found in part.live.items()},
            {identity: why for part in seen for identity, why in part.unseen.items()},
            {kind: why for part in seen for kind, why in part.unlisted.items()},
        )

    def _kind(self, discovery: Discovery, wanted: list[Wanted], blueprint: str) -> ObservedObjects:
        """Read one kind. An error does not affect other kinds."""
        first = wanted[0][0]
        few = len(wanted) * _FEW <= self._members[first.group, first.kind]
        try:
            live = read_live(self._connection, discovery, wanted, blueprint, by_name=few)
            if few and live.unseen:  # permission to list does not imply permission to get
                live = read_live(self._connection, discovery, wanted, blueprint)
        except ApiError as error:
            return ObservedObjects(unseen={identity: in_words(error) for identity, _ in wanted})
        unserved = {identity: _not_served(identity) for identity in live.unserved}
        return ObservedObjects(
            {**live.labelled, **live.objects},
            unserved | {identity: in_words(error) for identity, error in live.unseen.items()},
            {_kind_name(resource): in_words(error) for resource, error in live.unlisted.items()},
        )

    def nodes(self) -> list[Live]:
        """Every node of the cluster, listed once."""
        if self._nodes is None:
            try:
                self._nodes = self._connection.list("/api/v1/nodes")
            except ApiError as error:
                raise Unseen(in_words(error)) from None
        return self._nodes

    def plan(self, obj: Object, live: Live | None, snapshot: Snapshot | None, bundle: Bundle) -> Step | None:
        """Determined by dry runs, up to a maximum number of objects."""
        from blueprint.cluster.step_decision import Decider  # only if something differs

        resource = self._discovery.find(obj.api_version, obj.id.kind)
        if resource is None or not self._may_dry_run():
            return None
        decider = Decider(self._connection, bundle.name, bundle.release)
        try:
            if live is not None:
                return decider.existing(obj, live, snapshot, resource)[0]
            return self._homeless(obj, bundle) or decider.absent(obj, resource)[0]
        except ApiError:
            return None

    def _homeless(self, obj: Object, bundle: Bundle) -> Step | None:
        """An object whose namespace does not accept it, as an apply would find."""
        from blueprint.cluster.plan import ACTIVE, TERMINATING, namespace_state

        where = obj.id.namespace
        if where and where not in self._places:
            self._places[where] = namespace_state(self._connection, where)
        state = self._places.get(where, ACTIVE)
        made = any(other.id.kind == "Namespace" and other.id.name == where for other in bundle.objects)
        if state == ACTIVE:
            return None
        reason = f"its namespace is {state}" + (", and an apply makes it" if made else "")
        return Step(obj, Action.CREATE, reason=reason, blocked=not made or state == TERMINATING)

    def takes(self, live: Live, patch: Sequence[Mapping[str, Any]]) -> bool | None:
        """Determined by a dry run."""
        identity = ObjectId.of(live)
        resource = self._discovery.find(str(live["apiVersion"]), identity.kind)
        if resource is None or not self._may_dry_run():
            return None
        url, query = resource.path(identity.namespace, identity.name), {"dryRun": "All"}
        try:
            self._connection.request("PATCH", url, list(patch), query=query, content_type=JSON_PATCH)
        except ApiError as error:
            return False if error.invalid or error.stale else None
        return True

    def _may_dry_run(self) -> bool:
        self._dry_runs += 1
        return self._dry_runs <= _MOST_DRY_RUNS

    def cluster_roles(self) -> list[Live]:
        """All ClusterRoles, listed on request."""
        return self._listed("/apis/rbac.authorization.k8s.io/v1/clusterroles")

    def autoscalers(self, namespace: str) -> list[Live]:
        """All HorizontalPodAutoscalers, listed on request."""
        return self._listed(f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers")

    def resource_slices(self, api_version: str) -> list[Live]:
        """All ResourceSlices, listed on request."""
        return self._listed(f"/apis/{api_version}/resourceslices")

    def daemon_sets(self) -> list[Live]:
        """All DaemonSets, listed on first use."""
        if self._daemon_sets is None:
            self._daemon_sets = self._listed("/apis/apps/v1/daemonsets")
        return self._daemon_sets

    def _listed(self, path: str) -> list[Live]:
        try:
            return self._connection.list(path)
        except ApiError as error:
            raise Unseen(in_words(error)) from None

    def predict(self, manifest: Mapping[str, Any], manager: str) -> Live:
        """The result of a server-side dry run."""
        identity = ObjectId.of(manifest)
        resource = self._discovery.find(str(manifest["apiVersion"]), identity.kind)
        if resource is None:
            raise Unseen(_not_served(identity))
        path = resource.path(identity.namespace, identity.name)
        try:
            return self._connection.apply(path, manifest, manager, force=True, dry_run=True)[0]
        except ApiError as error:
            raise Unseen(in_words(error)) from None


def open_cluster(bundle: Bundle, kubeconfig: str | None, context: str | None, timeout: float) -> ClusterView:
    """The cluster of a context, if it is the one that the bundle is for. Raises Refused (2)."""
    connection = connect(kubeconfig, context, timeout)
    if bundle.cluster_uid:
        check_cluster(bundle, read_cluster_uid(connection))
    return ClusterView(connection)


def _kind_name(resource: Resource) -> str:
    return f"{resource.kind}.{resource.group}" if resource.group else resource.kind


def _not_served(identity: ObjectId) -> str:
    group = f" ({identity.group})" if identity.group else ""
    return f"the API server does not serve {identity.kind}{group}"


def in_words(error: ApiError) -> str:
    """Why a request failed, in readable form."""
    if error.status == 0:
        return f"no answer: {error.message}"
    if error.kind_missing:
        return f"not served: {error.request}"
    return f"{error.status} {error.reason}: {error.message}"
