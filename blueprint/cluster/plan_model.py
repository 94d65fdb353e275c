"""The model of a plan: one step per object, bound to the live state on which the decision was based."""

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
    """The live object on which a step is based."""

    uid: str
    resource_version: str
    content: str

    @classmethod
    def of(cls, live: Mapping[str, Any]) -> LiveVersion:
        """The version of a live object."""
        meta = live["metadata"]
        return cls(str(meta["uid"]), str(meta["resourceVersion"]), content_hash(live))

    def is_still(self, live: Mapping[str, Any]) -> bool:
        """Whether nothing relevant changed: the same object with the same content, whatever its status."""
        meta = live["metadata"]
        if meta["uid"] != self.uid:
            return False
        return meta["resourceVersion"] == self.resource_version or content_hash(live) == self.content


class FieldConflict(Record):
    """A declared field that another manager owns with another value, or a field that prevents a declared one from being
    written.

    Attributes:
        path: The field in the declared object; in the live one if it is `in_the_way`.
        spelt: The notations in which users may write it.
        in_the_way: Whether it is undeclared, and the server accepts the declared fields only without it.
        tokens: The field in managedFields notation, if it is in the way.
        located: Whether `path` is complete: the owner may have written the object in another API version.
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
    """One object and the action for it.

    `live` is the object as it was read, or None if it does not exist or is being deleted (`leaving`). A step that is
    `blocked` must not be written: the server rejects it, or it is not what was approved. If it is also `replaceable`,
    the object may be deleted and recreated, if that is allowed; `loses` describes what is lost. `reclaims` contains the
    new managedFields if no owner is recorded any longer.
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
        """The identity of the object."""
        return self.object.id

    @property
    def change(self) -> ObjectChange:
        """The step as a change for reports."""
        return ObjectChange(self.id, self.action, self.fields, self.reason)

    @property
    def approval(self) -> str:
        """An identifier of exactly what was approved: the action, and every field with its old and new value."""
        return approval(self.change)


def approval(change: ObjectChange) -> str:
    """See `Step.approval`."""

    def value(of: Any) -> Any:
        """A JSON form that distinguishes a missing value from null."""
        return {"absent": True} if of is ABSENT else [of]

    fields = [[list(f.path), value(f.before), value(f.after)] for f in change.fields]
    return json_digest([str(change.action), fields])


class NodeStep(Record):
    """One node: the labels that it must have from us, and the resulting list of taints.

    `labels` contains everything that we own on it (server-side apply removes labels that are no longer in it). `taints`
    is None if the list does not change. `ours` are the declared taints in it, as `key:effect`. `fresh` is a node that
    we have not marked before.
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
        """The step as a change for reports."""
        return ObjectChange(self.id, self.action, self.fields)


class Plan(Record):
    """The changes that applying a bundle would make to one cluster, object by object, field by field.

    Attributes:
        bundle: The bundle to apply.
        cluster_uid: The uid of the namespace kube-system, which identifies the cluster; empty if it cannot be read.
        server: The server's version.
        inventory: The existing inventory; its members include those whose object no longer exists.
        steps: One per object of the bundle, in its order.
        nodes: One per node of the pools, and per node that we leave.
        leftovers: Objects that are ours according to inventory and live object, but are no longer rendered.
        unread: The inventory itself, if it could not be read; then leftovers are unknown too.
        hidden: Members of the inventory that are no longer rendered and could not be examined.
        diagnostics: Conflicts, rejections, and what could not be examined.
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
        """All changes, including unchanged objects and what a prune would delete."""
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
        """The required contents of the inventory for this plan."""
        nodes = {n.name: NodeRecord(n.uid, tuple(sorted(n.labels)), n.ours) for n in self.nodes}
        return ApplyScope(self.bundle, self.inventory, self.leftovers, self.hidden, nodes)

    @property
    def unknown(self) -> int:
        """The number of objects that could not be examined."""
        return sum(change.action is Action.UNKNOWN for change in self.changes)

    @property
    def exit_code(self) -> int:
        """1 with errors, 2 if nothing could be examined, 3 if a part could not, otherwise 0."""
        blind = {FORBIDDEN, SERVER_FAILING}
        if any(d.severity is Severity.ERROR and d.code not in blind for d in self.diagnostics):
            return 1
        if not self.unknown:
            return 0
        return 2 if self.unknown == len(self.changes) else 3
