"""The inventory: what was applied from one blueprint, and how each object looked right after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blueprint.apiserver.managed_fields import Tokens, server_spelling
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import ABSENT


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
