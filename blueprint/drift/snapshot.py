"""A cluster in a file: the live objects of a bundle and the nodes, for drift detection without the cluster.

The file does not contain values of Secrets. Each is replaced by a hash keyed with the file's own random salt, which
only shows whether a value equals the declared one.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from blueprint._version import __version__
from blueprint.bundle.model import Bundle, ObjectId
from blueprint.cluster.identity import ClusterIdentity
from blueprint.diagnostics import Diagnostic, Refused
from blueprint.drift import codes
from blueprint.drift.view import Live, ObservedObjects, Unseen, View
from blueprint.inventory.codec import (
    header_from_json,
    header_to_json,
    member_to_row,
    members_from_rows,
    nodes_from_json,
    nodes_to_json,
)
from blueprint.inventory.model import Inventory
from blueprint.inventory.snapshots import now
from blueprint.records import Record, field, replace
from blueprint.redaction.hashes import with_hashed_secrets

SCHEMA = "gpublueprint.dev/snapshot/v1"
_LARGEST = 1 << 30
_GZIP = b"\x1f\x8b"


class SnapshotView(Record):
    """The contents of a snapshot file; a `View`. `bundle` and `digest` are digests: of the bundle, and of the file's
    own text.
    """

    name: str
    taken: str
    salt: str
    inventory: Inventory | None = None
    live: Mapping[ObjectId, Live] = field(default_factory=dict)
    unseen: Mapping[ObjectId, str] = field(default_factory=dict)
    unlisted: Mapping[str, str] = field(default_factory=dict)
    node_list: tuple[Live, ...] | None = None
    nodes_unseen: str = ""
    slices: tuple[Live, ...] | None = None
    slices_unseen: str = ""
    cluster: ClusterIdentity = ClusterIdentity("")
    bundle: str = ""
    digest: str = ""

    def record(self, blueprint: str) -> Inventory | None:
        """The inventory, if it belonged to this blueprint."""
        return self.inventory if self.inventory and self.inventory.blueprint == blueprint else None

    def disguised(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """The manifest with hashes in place of a Secret's values."""
        return with_hashed_secrets(manifest, self.salt)

    def versions(self, wanted: Mapping[ObjectId, str], blueprint: str) -> Mapping[ObjectId, Live]:  # noqa: ARG002
        """Empty, because reading the whole file is the cheapest option."""
        return {}

    def objects(self, wanted: Mapping[ObjectId, str], blueprint: str) -> ObservedObjects:  # noqa: ARG002 - a View
        """All objects in the file. Requested objects that were not examined at the time are unseen."""
        unseen = {i: why for i, why in self.unseen.items() if i in wanted}
        return ObservedObjects(self.live, unseen, self.unlisted)

    def nodes(self) -> list[Live]:
        """The nodes at the time of the snapshot."""
        if self.node_list is None:
            raise Unseen(self.nodes_unseen or "the snapshot contains no nodes")
        return list(self.node_list)

    def plan(self, *_arguments: object) -> None:
        """None: a file contains a past state, and cannot predict."""

    def takes(self, *_arguments: object) -> None:
        """None, for the same reason."""

    def cluster_roles(self) -> list[Live]:
        """Raise Unseen: a file contains only the objects of the bundle."""
        raise Unseen("a snapshot contains only the bundle's roles")

    def autoscalers(self, namespace: str) -> list[Live]:  # noqa: ARG002 - a View
        """Raise Unseen: a file contains only the objects of the bundle."""
        raise Unseen("a snapshot contains only the bundle's autoscalers")

    def resource_slices(self, api_version: str) -> list[Live]:  # noqa: ARG002 - a View
        """The slices at the time of the snapshot."""
        if self.slices is None:
            raise Unseen(self.slices_unseen or "the snapshot contains no ResourceSlices")
        return list(self.slices)

    def daemon_sets(self) -> list[Live]:
        """Raise Unseen: a file contains only the objects of the bundle."""
        raise Unseen("a snapshot contains only the bundle's DaemonSets")

    def predict(self, manifest: Mapping[str, Any], manager: str) -> Live:  # noqa: ARG002 - a View
        """Raise Unseen: a file supports no dry runs."""
        raise Unseen("a dry-run is not possible with a snapshot")


def take(bundle: Bundle, view: View) -> SnapshotView:
    """Read everything that `drift` would read, and store it."""
    inventory = view.record(bundle.name)
    members = inventory.members if inventory else {}
    wanted = {i: m.api_version for i, m in members.items()} | {o.id: o.api_version for o in bundle.objects}
    gathered = view.objects(wanted, bundle.name)
    salt = secrets.token_hex(16)
    nodes, why = None, ""
    try:
        nodes = tuple(view.nodes())
    except Unseen as unseen:
        why = str(unseen)
    slices, why_no_slices = _slices(bundle, view)
    live = {identity: dict(with_hashed_secrets(found, salt)) for identity, found in gathered.live.items()}
    return SnapshotView(
        view.name, now(), salt, inventory, live, gathered.unseen, gathered.unlisted, nodes, why,
        slices=slices, slices_unseen=why_no_slices,
        cluster=view.cluster, bundle=bundle.digest or "",
    )  # fmt: skip


def _slices(bundle: Bundle, view: View) -> tuple[tuple[Live, ...] | None, str]:
    """The ResourceSlices, if the bundle predicts any, and why they could not be read."""
    served = next((each.api_version for pool in bundle.pools for each in pool.published), None)
    if served is None:
        return None, ""
    try:
        return tuple(view.resource_slices(served)), ""
    except Unseen as unseen:
        return None, str(unseen)


def to_bytes(snapshot: SnapshotView, *, compressed: bool) -> bytes:
    """The content of the file: canonical JSON, so that equal states result in equal bytes except for salt and time."""
    document = {
        "schemaVersion": SCHEMA,
        "taken": snapshot.taken,
        "context": snapshot.name,
        "salt": snapshot.salt,
        "inventory": _inventory_to_json(snapshot.inventory),
        "objects": [{"group": i.group, "live": snapshot.live[i]} for i in sorted(snapshot.live)],
        "unseen": [[*_row(i), snapshot.unseen[i]] for i in sorted(snapshot.unseen)],
        **({"unlisted": dict(snapshot.unlisted)} if snapshot.unlisted else {}),
        "nodes": None if snapshot.node_list is None else list(snapshot.node_list),
        "nodesUnseen": snapshot.nodes_unseen,
        **({} if snapshot.slices is None else {"slices": list(snapshot.slices)}),
        **({"slicesUnseen": snapshot.slices_unseen} if snapshot.slices_unseen else {}),
        "cluster": snapshot.cluster.subject(),
        "bundle": snapshot.bundle,
        "tool": __version__,
    }
    document["digest"] = digest_of(document)
    text = orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    return gzip.compress(text, mtime=0) if compressed else text


def digest_of(document: Mapping[str, Any]) -> str:
    """The digest of a snapshot's content, without the digest itself. It detects damage and edits, but does not
    authenticate.
    """
    content = {key: value for key, value in document.items() if key != "digest"}
    return f"sha256:{hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def read_snapshot(path: Path) -> SnapshotView:
    """The snapshot in a file, plain or gzip. Raises Refused (2) for anything else."""
    try:
        document = orjson.loads(_content(path))
        snapshot = _parse(document)
        if snapshot.digest != digest_of(document):
            raise _refused(path, "its content does not match its own digest: it was changed after it was taken")
    except OSError as error:
        raise _refused(path, error.strerror or str(error)) from None
    except (orjson.JSONDecodeError, zlib.error, EOFError):
        raise _refused(path, "it is damaged, or not a snapshot") from None
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise _refused(path, f"it does not have the form of {SCHEMA}") from None
    return snapshot


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    if not content.startswith(_GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    text = unpacker.decompress(content, _LARGEST)
    if not unpacker.eof:
        raise EOFError
    return text


def _parse(document: Any) -> SnapshotView:
    if document["schemaVersion"] != SCHEMA:
        raise ValueError(document["schemaVersion"])
    nodes = document["nodes"]
    live = {ObjectId.of(entry["live"]): entry["live"] for entry in document["objects"]}
    slices = document.get("slices")
    for found in (*live.values(), *(nodes or ()), *(slices or ())):
        _check_object(found)
    return SnapshotView(
        name=str(document["context"]),
        taken=str(document["taken"]),
        salt=str(document["salt"]),
        inventory=_inventory_from_json(document["inventory"]),
        live=live,
        unseen={ObjectId(*map(str, row[:4])): str(row[4]) for row in document["unseen"]},
        unlisted={str(kind): str(why) for kind, why in document.get("unlisted", {}).items()},
        node_list=None if nodes is None else tuple(nodes),
        nodes_unseen=str(document["nodesUnseen"]),
        slices=None if slices is None else tuple(slices),
        slices_unseen=str(document.get("slicesUnseen", "")),
        cluster=_cluster(str(document["context"]), document.get("cluster", {})),
        bundle=str(document.get("bundle", "")),
        digest=str(document.get("digest", "")),
    )


def _cluster(context: str, facts: Mapping[str, Any]) -> ClusterIdentity:
    return ClusterIdentity(context, *(str(facts.get(key, "")) for key in ("endpoint", "server", "cluster")))


def _check_object(found: Any) -> None:
    """Raise TypeError unless it has the form of an API object."""
    meta = found["metadata"]
    shapes = ((found, dict), (meta, dict), (meta.get("labels", {}), dict), (meta.get("managedFields", []), list))
    if not all(isinstance(value, shape) for value, shape in shapes) or not isinstance(meta["name"], str):
        raise TypeError


def _row(identity: ObjectId) -> list[str]:
    return [identity.group, identity.kind, identity.namespace, identity.name]


def _inventory_to_json(inventory: Inventory | None) -> dict[str, Any] | None:
    if inventory is None:
        return None
    members = [member_to_row(inventory.members[i]) for i in sorted(inventory.members)]
    return {**header_to_json(inventory), "members": members, "nodes": nodes_to_json(inventory.nodes)}


def _inventory_from_json(data: Any) -> Inventory | None:
    if data is None:
        return None
    members, nodes = members_from_rows(data["members"]), nodes_from_json(data["nodes"])
    return replace(header_from_json(data), members=members, nodes=nodes)


def _refused(path: Path, why: str) -> Refused:
    text = f"the snapshot {path} cannot be used: {why}"
    return Refused(Diagnostic(codes.SNAPSHOT_UNREADABLE, text), exit_code=2)
