"""The inventory: what was applied from one blueprint, and the state of each object right after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.apiserver.managed_fields import Tokens, server_spelling
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT
from blueprint.records import Record, field, replace


class Snapshot(Record):
    """An object right after it was applied. If these values are still the same later, nothing has changed.

    Attributes:
        uid: The uid of the live object.
        resource_version: Its resourceVersion right after our write.
        content: `fields.content_hash` of the live object.
        fieldset: `fields.fieldset_hash` of what we owned.
        desired: `fields.digest` of the object in the bundle.
        time: When it was taken, RFC 3339 in UTC.
        foreign: Whether other managers already owned fields of the object that we did not.
        adjusted: Our fields that the server or a webhook stored with another value, in the server's notation, with the
            stored value.
        dropped: Our fields that were not stored at all, in the same notation; None in inventories before 1.1, which do
            not contain them.
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
        """Whether our own apply resulted in this value, or in no value if it is ABSENT."""
        spelt = server_spelling(tokens)
        if value is ABSENT:
            return spelt in (self.dropped or ())
        return spelt in self.adjusted and self.adjusted[spelt] == value


class Member(Record):
    """One object of the inventory.

    Attributes:
        id: The identity of the object.
        api_version: The API version in which it was applied.
        snapshot: Its state right after; None if it was never written, or if that is unknown.
        revision: The revision with the manifest of the snapshot; empty in inventories before 1.1.
    """

    id: ObjectId
    api_version: str
    snapshot: Snapshot | None = None
    revision: str = ""


class Part(Record):
    """A ConfigMap with a piece of the inventory, and the SHA-256 of that piece."""

    name: str
    sha256: str


class Revision(Record):
    """The declaration of a bundle, stored in the cluster separately from the inventory: see `content`.

    Attributes:
        id: An identifier of exactly this content.
        version: The version of the blueprint.
        release: The release of the components.
        digest: The digest of the bundle; empty if it was never written to a folder.
        time: When it was first applied, RFC 3339 in UTC.
        complete: Whether it has ever been applied completely.
        parts: The ConfigMaps with its content, in order; empty if it is not in the cluster.
    """

    id: str
    version: str
    release: str
    digest: str
    time: str
    complete: bool = False
    parts: tuple[Part, ...] = ()


class NodeRecord(Record):
    """The marks that we set on a node: label keys, and taints as `key:effect`."""

    uid: str
    labels: tuple[str, ...]
    taints: tuple[str, ...]


class Inventory(Record):
    """The record of the objects that were applied from one blueprint. `resource_version` is empty if it is not in the
    cluster yet.

    `version`, `release` and `digest` identify the bundle that is completely applied: all of its objects and nodes were
    written, or were already as declared. They are empty if there is none; what was applied of each object is then only
    in its snapshot. `begun` is the digest of the bundle of the last apply, if it was not completed. `revisions` are the
    stored revisions, the most recent first. `stored` lists its ConfigMaps besides the first one.
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
    revisions: tuple[Revision, ...] = ()
    resource_version: str = ""
    stored: tuple[str, ...] = ()

    def has_same_content(self, other: Inventory) -> bool:
        """Whether both contain the same, wherever they are stored: then nothing needs to be written."""
        return replace(self, resource_version="", stored=()) == replace(other, resource_version="", stored=())

    def revision(self, identity: str) -> Revision | None:
        """The revision with this id."""
        return next((revision for revision in self.revisions if revision.id == identity), None)
