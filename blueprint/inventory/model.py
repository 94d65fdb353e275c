"""The inventory: what was applied from one blueprint, and how each object looked right after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.apiserver.managed_fields import Tokens, server_spelling
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT
from blueprint.records import Record, field, replace


class Snapshot(Record):
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


class Member(Record):
    """One object of the inventory.

    Attributes:
        id: Which object.
        api_version: The version that it was applied in.
        snapshot: How it was right after; None where its turn never came, or nobody knows that it did.
        revision: The revision that holds the manifest of the snapshot; empty in inventories of before 1.1.
    """

    id: ObjectId
    api_version: str
    snapshot: Snapshot | None = None
    revision: str = ""


class Part(Record):
    """A ConfigMap that holds a piece of the inventory, and the SHA-256 of that piece."""

    name: str
    sha256: str


class Revision(Record):
    """What a bundle declared, kept in the cluster apart from the inventory: see `content`.

    Attributes:
        id: A name for exactly this content.
        version: The blueprint's.
        release: Of the components.
        digest: The bundle's; empty where it was never written to a folder.
        time: When it was first applied, RFC 3339 in UTC.
        complete: Whether it was applied as a whole at some time.
        parts: Where its content is, in order; none while it is not in the cluster.
    """

    id: str
    version: str
    release: str
    digest: str
    time: str
    complete: bool = False
    parts: tuple[Part, ...] = ()


class NodeRecord(Record):
    """What we put on a node: label keys, and taints as `key:effect`."""

    uid: str
    labels: tuple[str, ...]
    taints: tuple[str, ...]


class Inventory(Record):
    """What was applied from one blueprint. `resource_version` is empty where it is not in the cluster yet.

    `version`, `release` and `digest` name the bundle that is applied as a whole: every object and every node of it was
    written, or was as it says. They are empty while none is; what was applied of each object is in its snapshot alone.
    `begun` is the digest of the bundle of the last apply, where that did not get so far. `revisions` are what can be
    read back, the last one first. `stored` names the ConfigMaps that hold it, besides the one that all begins with.
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
        """Whether both record the same, wherever they are stored: then there is nothing to write."""
        return replace(self, resource_version="", stored=()) == replace(other, resource_version="", stored=())

    def revision(self, identity: str) -> Revision | None:
        """The revision of this name."""
        return next((revision for revision in self.revisions if revision.id == identity), None)
