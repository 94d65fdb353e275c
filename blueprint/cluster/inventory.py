"""The record in the cluster of what was applied, and how each object looked right after.

It is an ApplySet parent as KEP-3659 defines it: a ConfigMap `blueprint-NAME` in the namespace
`gpublueprint-system`, its members labelled with its id. A ConfigMap rather than a Secret, because it holds
hashes and names only, and reading drift should not need the right to read Secrets.

What belongs to us is what the record *and* the live object's label and field manager say; none alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from blueprint.bundle.model import Object, ObjectId
from blueprint.changes.compare import ABSENT
from blueprint.cluster.managed_fields import (
    Tokens,
    content_hash,
    departures,
    fieldset_hash,
    has_foreign_fields,
    mismatches,
    own_entry,
    server_spelling,
    value_at,
)
from blueprint.redaction.secrets import is_confidential_field, is_secret_manifest

NAMESPACE = "gpublueprint-system"
"""Where the records of all blueprints in a cluster are."""

PART_OF = "applyset.kubernetes.io/part-of"
"""The label that every member carries; its value is the id of the record."""

ID_LABEL = "applyset.kubernetes.io/id"
TOOLING = "applyset.kubernetes.io/tooling"
GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds"
NAMESPACES = "applyset.kubernetes.io/additional-namespaces"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An object right after it was applied: later equality of these proves that nothing changed.

    Attributes:
        uid: The live object's.
        resource_version: Right after our write.
        content: `fields.content_hash` of the live object.
        fieldset: `fields.fieldset_hash` of what we owned.
        desired: `fields.digest` of the object in the bundle.
        time: When it was taken, RFC 3339 in UTC.
        foreign: Whether other managers already owned fields of the object that we did not.
        adjusted: Fields of ours that the server or a webhook stored otherwise than we said, as the server
            spells them, with the stored value.
        dropped: Fields of ours that they did not store at all, spelt so too; None in records of before 1.1, which
            do not say.
    """

    uid: str
    resource_version: str
    content: str
    fieldset: str
    desired: str
    time: str
    foreign: bool = False
    adjusted: Mapping[str, Any] = field(default_factory=dict)
    dropped: Sequence[str] | None = None

    def stored_so(self, tokens: Tokens, value: Any) -> bool:
        """Whether our own apply left this value in this field, or, where it is ABSENT, none."""
        spelt = server_spelling(tokens)
        if value is ABSENT:
            return spelt in (self.dropped or ())
        return spelt in self.adjusted and self.adjusted[spelt] == value


@dataclass(frozen=True, slots=True)
class Member:
    """One object of the record. No snapshot: its turn to be written never came, or nobody knows that it did."""

    id: ObjectId
    api_version: str
    snapshot: Snapshot | None = None


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """What we put on a node: label keys, and taints as `key:effect`."""

    uid: str
    labels: tuple[str, ...]
    taints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """The record. `resource_version` is empty where it is not in the cluster yet.

    `version`, `release` and `digest` name the bundle that is applied as a whole: every object and every node of it was
    written, or was as it says. They are empty while none is; what was applied of each object is in its snapshot alone.
    `begun` is the digest of the bundle of the last apply, where that did not get so far.
    """

    blueprint: str
    version: str = ""
    release: str = ""
    digest: str = ""
    begun: str = ""
    server: str = ""
    tool: str = ""
    members: Mapping[ObjectId, Member] = field(default_factory=dict)
    nodes: Mapping[str, NodeRecord] = field(default_factory=dict)
    resource_version: str = ""
    shards: tuple[str, ...] = ()

    @property
    def said(self) -> tuple[object, ...]:
        """Everything it records; two that say the same need no write."""
        kept = (self.blueprint, self.version, self.release, self.digest, self.begun, self.server, self.tool)
        return (*kept, self.members, self.nodes)


def manager(blueprint: str) -> str:
    """The field manager of a blueprint. Part of the contract with clusters: it never changes."""
    return f"blueprint:{blueprint}"


def parent_name(blueprint: str) -> str:
    """The name of the record."""
    return f"blueprint-{blueprint}"


def applyset_id(blueprint: str) -> str:
    """The id of the record as KEP-3659 computes it: from name, namespace, kind and group of the parent."""
    seed = f"{parent_name(blueprint)}.{NAMESPACE}.ConfigMap."
    hashed = base64.urlsafe_b64encode(hashlib.sha256(seed.encode()).digest()).decode().rstrip("=")
    return f"applyset-{hashed}-v1"


def as_member(data: Mapping[str, Any], blueprint: str) -> dict[str, Any]:
    """The object with the label that makes it a member: what is really applied."""
    meta = data["metadata"]
    labels = {**(meta.get("labels") or {}), PART_OF: applyset_id(blueprint)}
    return {**data, "metadata": {**meta, "labels": labels}}


def is_member(live: Mapping[str, Any], blueprint: str) -> bool:
    """Whether a live object says by label or by field manager that it is ours."""
    labels = live["metadata"].get("labels") or {}
    return labels.get(PART_OF) == applyset_id(blueprint) or own_entry(live, manager(blueprint)) is not None


def desired_hash(obj: Object) -> str:
    """A name for what the bundle says of an object; a stored bundle knows it without reading the manifest."""
    return obj.digest


def was_applied(record: Inventory, obj: Object) -> bool:
    """Whether the last thing that was applied to an object is this very declaration."""
    member = record.members.get(obj.id)
    return member is not None and member.snapshot is not None and member.snapshot.desired == desired_hash(obj)


def take_snapshot(obj: Object, live: Mapping[str, Any], blueprint: str) -> Snapshot:
    """Record a live object that is as we applied it."""
    own = own_entry(live, manager(blueprint))
    tree = own.fields if own else {}
    wanted = as_member(obj.data, blueprint)
    differing = {*mismatches(tree, wanted, live), *departures(tree, wanted, live)}
    holds_secrets = is_secret_manifest(live)
    stored = {server_spelling(at): value_at(at, live) for at in sorted(differing)}
    return Snapshot(
        uid=str(live["metadata"]["uid"]),
        resource_version=str(live["metadata"]["resourceVersion"]),
        content=content_hash(live),
        fieldset=fieldset_hash(tree),
        desired=desired_hash(obj),
        time=now(),
        foreign=has_foreign_fields(live, manager(blueprint)),
        adjusted={
            at: value
            for at, value in stored.items()
            if value is not ABSENT and not (holds_secrets and is_confidential_field(at))
        },
        dropped=[at for at, value in stored.items() if value is ABSENT],
    )


def is_held(snapshot: Snapshot, live: Mapping[str, Any], manager: str) -> bool:
    """Whether we own exactly the fields that were ours right after the apply."""
    own = own_entry(live, manager)
    return own is not None and fieldset_hash(own.fields) == snapshot.fieldset


def is_unchanged(snapshot: Snapshot | None, live: Mapping[str, Any]) -> bool:
    """Tier 0: the same object, and the same content as right after it was applied. Says nothing of our wishes."""
    if snapshot is None or live["metadata"].get("uid") != snapshot.uid:
        return False
    if live["metadata"].get("resourceVersion") == snapshot.resource_version:
        return True
    return content_hash(live) == snapshot.content


def group_kinds(ids: Iterable[ObjectId]) -> str:
    """The annotation that tells which kinds to look for: `ClusterRole.rbac.authorization.k8s.io,ConfigMap`."""
    return ",".join(sorted({f"{i.kind}.{i.group}" if i.group else i.kind for i in ids}))


def namespaces(ids: Iterable[ObjectId]) -> str:
    """The annotation that tells which namespaces to look in, the parent's own left out."""
    return ",".join(sorted({i.namespace for i in ids} - {"", NAMESPACE}))


def now() -> str:
    """The time, RFC 3339 in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
