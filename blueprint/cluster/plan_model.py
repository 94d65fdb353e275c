"""What a plan is made of: one step per object, bound to the live state that it was decided on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blueprint.apiserver.codes import FORBIDDEN, SERVER_FAILING
from blueprint.apiserver.managed_fields import Entry, Tokens, content_hash
from blueprint.bundle.model import Bundle, FieldOrigin, Object, ObjectId, Path, Taint, json_digest
from blueprint.changes.compare import ABSENT, Action, FieldChange, ObjectChange
from blueprint.diagnostics import Diagnostic, Severity
from blueprint.inventory.model import Inventory, Member, NodeRecord
from blueprint.inventory.update import ApplyScope
from blueprint.records import Record, field


class LiveVersion(Record):
    """The live object that a step was decided on."""

    uid: str
    resource_version: str
    content: str

    @classmethod
    def of(cls, live: Mapping[str, Any]) -> LiveVersion:
        """Remember a live object."""
        meta = live["metadata"]
        return cls(str(meta["uid"]), str(meta["resourceVersion"]), content_hash(live))

    def is_still(self, live: Mapping[str, Any]) -> bool:
        """Whether nothing that matters changed: the same object with the same content, whatever its status."""
        meta = live["metadata"]
        if meta["uid"] != self.uid:
            return False
        return meta["resourceVersion"] == self.resource_version or content_hash(live) == self.content


class FieldConflict(Record):
    """A declared field that somebody else owns with another value, or what keeps a declared one from being written.

    Attributes:
        path: The field in the declared object; in the live one where it is `in_the_way`.
        spelt: The ways in which people may write it.
        in_the_way: Not declared at all: the server takes what is declared only without it.
        tokens: The field as managedFields name it, where it is in the way.
        located: Whether `path` is all of it: the owner may have written the object in another version of its kind.
    """

    path: Path
    declared: Any
    live: Any
    owner: Entry
    origin: FieldOrigin | None
    spelt: tuple[str, ...] = ()
    in_the_way: bool = False
    tokens: Tokens = ()
    located: bool = True


class Step(Record):
    """One object and what is to be done about it.

    `live` is the object as it was read, None where there is none or it is on its way out (`leaving`). A step
    that is `blocked` is not to be written: the server refuses it, or it is not what was approved. One that is
    `replaceable` as well may be, where replacing is allowed: the object is deleted and created anew; `loses` says
    what goes with it. `reclaims` is what managedFields are to say where nobody is recorded as an owner any more.
    """

    object: Object
    action: Action
    fields: tuple[FieldChange, ...] = ()
    reason: str = ""
    live: Mapping[str, Any] | None = None
    conflicts: tuple[FieldConflict, ...] = ()
    leaving: bool = False
    blocked: bool = False
    seen: LiveVersion | None = None
    replaceable: bool = False
    loses: tuple[str, ...] = ()
    reclaims: tuple[Mapping[str, Any], ...] = ()

    @property
    def id(self) -> ObjectId:
        """Which object."""
        return self.object.id

    @property
    def change(self) -> ObjectChange:
        """The step as reports tell it."""
        return ObjectChange(self.id, self.action, self.fields, self.reason)

    @property
    def approval(self) -> str:
        """A name for exactly what was approved: the action, and every field with its old and new value."""
        return approval(self.change)


def approval(change: ObjectChange) -> str:
    """See `Step.approval`."""

    def value(of: Any) -> Any:
        """A JSON form that tells an absent value from null."""
        return {"absent": True} if of is ABSENT else [of]

    fields = [[list(f.path), value(f.before), value(f.after)] for f in change.fields]
    return json_digest([str(change.action), fields])


class NodeStep(Record):
    """One node: the labels it must have from us, and its whole list of taints afterwards.

    `labels` is everything we own on it (server-side apply takes back what is no longer in it). `taints` is None
    where the list stays as it is. `ours` are the taints of it that are declared, as `key:effect`. `fresh` is a node
    that we have not marked before.
    """

    name: str
    uid: str
    resource_version: str
    action: Action
    labels: Mapping[str, str]
    taints: tuple[Taint, ...] | None = None
    taints_before: tuple[Taint, ...] = ()
    ours: tuple[str, ...] = ()
    fields: tuple[FieldChange, ...] = ()
    conflicts: tuple[FieldConflict, ...] = ()
    writes_labels: bool = False
    blocked: bool = False
    fresh: bool = False

    @property
    def id(self) -> ObjectId:
        """The node as an object."""
        return ObjectId("", "Node", "", self.name)

    @property
    def change(self) -> ObjectChange:
        """The step as reports tell it."""
        return ObjectChange(self.id, self.action, self.fields)


class Plan(Record):
    """What applying a bundle would do to one cluster, object by object, field by field.

    Attributes:
        bundle: What is to be applied.
        cluster_uid: The uid of the namespace kube-system: which cluster; empty where it may not be read.
        server: The server's version.
        inventory: The record that was found; its members are also those whose object is gone.
        steps: One per object of the bundle, in its order.
        nodes: One per node of the pools, and per node that we leave.
        leftovers: Objects that the record and the live object call ours and that are no longer rendered.
        unread: The record itself, where it could not be read; what is left over is then unknown too.
        hidden: Members of the record that are no longer rendered and could not be looked at.
        diagnostics: Conflicts, refusals, what could not be looked at.
    """

    bundle: Bundle
    cluster_uid: str
    server: str
    inventory: Inventory | None
    steps: tuple[Step, ...]
    nodes: tuple[NodeStep, ...] = ()
    leftovers: tuple[Member, ...] = ()
    hidden: tuple[Member, ...] = ()
    unread: ObjectId | None = None
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @property
    def changes(self) -> tuple[ObjectChange, ...]:
        """Everything that would happen, unchanged objects included, and what a prune would delete."""
        gone = tuple(
            ObjectChange(m.id, Action.DELETE, reason="no longer rendered; left alone until pruned")
            for m in self.leftovers
        )
        unseen = tuple(ObjectChange(m.id, Action.UNKNOWN, reason="no longer rendered") for m in self.hidden)
        if self.unread:
            unseen += (ObjectChange(self.unread, Action.UNKNOWN, reason="the record of what was applied"),)
        return (*(s.change for s in self.steps), *(n.change for n in self.nodes), *gone, *unseen)

    @property
    def scope(self) -> ApplyScope:
        """What the inventory has to know of this plan."""
        nodes = {n.name: NodeRecord(n.uid, tuple(sorted(n.labels)), n.ours) for n in self.nodes}
        return ApplyScope(self.bundle, self.inventory, self.leftovers, self.hidden, nodes)

    @property
    def unknown(self) -> int:
        """How many objects could not be looked at."""
        return sum(change.action is Action.UNKNOWN for change in self.changes)

    @property
    def exit_code(self) -> int:
        """1 with errors, 2 where nothing could be looked at, 3 where a part could not, else 0."""
        blind = {FORBIDDEN, SERVER_FAILING}
        if any(d.severity is Severity.ERROR and d.code not in blind for d in self.diagnostics):
            return 1
        if not self.unknown:
            return 0
        return 2 if self.unknown == len(self.changes) else 3
