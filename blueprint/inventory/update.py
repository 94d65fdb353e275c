"""The inventory before an apply writes anything, and after it has written what it could."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from blueprint._version import __version__
from blueprint.bundle.model import Bundle, ObjectId
from blueprint.inventory.content import revision_of
from blueprint.inventory.model import Inventory, Member, NodeRecord, Revision, Snapshot
from blueprint.inventory.snapshots import was_applied
from blueprint.records import Record, replace

HISTORY = 3
"""The number of completely applied revisions that stay in the cluster, including the current one."""


class ApplyScope(Record):
    """The input of an apply.

    Attributes:
        bundle: The bundle to apply.
        before: The existing inventory.
        leftovers: Members that are no longer rendered.
        hidden: Members that are no longer rendered and could not be read.
        nodes: The marks from us on each planned node afterwards.
    """

    bundle: Bundle
    before: Inventory | None
    leftovers: tuple[Member, ...]
    hidden: tuple[Member, ...]
    nodes: Mapping[str, NodeRecord]


class ApplyResult(Record):
    """The result of an apply.

    Attributes:
        server: The server's version.
        snapshots: Snapshots of the objects that it wrote.
        nodes: The marks on the nodes that it wrote.
        nodes_done: Nodes that are as declared.
        attempted: Whether it tried to write anything at all.
    """

    server: str
    snapshots: Mapping[ObjectId, Snapshot]
    nodes: Mapping[str, NodeRecord]
    nodes_done: frozenset[str]
    attempted: bool


def widened(scope: ApplyScope, inventory: Inventory) -> Inventory:
    """The inventory extended by everything that may be written, so that a killed run leaves nothing unknown.

    From the first write on, no bundle counts as completely applied until `exact` records it.
    """
    members = {o.id: Member(o.id, o.api_version) for o in scope.bundle.objects}
    members |= {m.id: m for m in scope.leftovers}
    members |= dict(inventory.members)
    nodes = dict(inventory.nodes)
    for name, planned in scope.nodes.items():
        known = nodes.get(name, NodeRecord(planned.uid, (), ()))
        labels = tuple(sorted({*known.labels, *planned.labels}))
        taints = tuple(sorted({*known.taints, *planned.taints}))
        if labels or taints:
            nodes[name] = NodeRecord(planned.uid, labels, taints)
    begun = replace(inventory, version="", release="", digest="", begun=scope.bundle.digest)
    current = _current(scope, inventory)
    revisions = _retained((current, *inventory.revisions), members)
    return replace(begun, tool=inventory.tool or __version__, members=members, nodes=nodes, revisions=revisions)


def exact(scope: ApplyScope, old: Inventory, result: ApplyResult) -> Inventory:
    """The inventory of rendered, leftover and hidden objects, each with its state right after its last write."""
    bundle = scope.bundle
    members = {m.id: m for m in scope.hidden}
    members |= {m.id: old.members.get(m.id, m) for m in scope.leftovers}
    for obj in bundle.objects:
        known = old.members.get(obj.id)
        snapshot = result.snapshots.get(obj.id) or (known.snapshot if known else None)
        members[obj.id] = Member(obj.id, obj.api_version, snapshot, known.revision if known else "")
    nodes = _nodes(scope, old, result) if bundle.node_labels == "apply" else old.nodes
    done = replace(old, server=result.server, tool=__version__, members=members, nodes=nodes)
    named = _named(scope, done, result)
    applied = named.digest == bundle.digest and not named.begun
    return _with_revision(scope, named, complete=applied) if applied or result.attempted else named


def _with_revision(scope: ApplyScope, done: Inventory, *, complete: bool) -> Inventory:
    """The inventory with the location of this bundle's content, and the objects to which it applies."""
    known = _current(scope, done)
    current = replace(known, complete=complete or known.complete)
    members = dict(done.members)
    for obj in scope.bundle.objects:
        if was_applied(done, obj):
            members[obj.id] = replace(members[obj.id], revision=current.id)
    return replace(done, members=members, revisions=_retained((current, *done.revisions), members))


def _current(scope: ApplyScope, inventory: Inventory) -> Revision:
    """The revision of the bundle: the known one, or a new one whose content is not stored yet."""
    new = revision_of(scope.bundle)
    return inventory.revision(new.id) or new


def _retained(revisions: Sequence[Revision], members: Mapping[ObjectId, Member]) -> tuple[Revision, ...]:
    """The first revision, those from which some member was applied, and the last complete ones, without duplicates."""
    used = {member.revision for member in members.values()}
    known = {revision.id: revision for revision in reversed(revisions)}
    order = list(dict.fromkeys(revision.id for revision in revisions))
    complete = [identity for identity in order if known[identity].complete][:HISTORY]
    return tuple(known[identity] for identity in order if identity in {order[0], *used, *complete})


def _named(scope: ApplyScope, done: Inventory, result: ApplyResult) -> Inventory:
    """The inventory with the bundle that is completely applied: this one, still the previous one, or none."""
    bundle, before = scope.bundle, scope.before
    nodes_done = scope.nodes.keys() <= result.nodes_done
    if nodes_done and all(was_applied(done, obj) for obj in bundle.objects):
        return replace(done, version=bundle.version, release=bundle.release, digest=bundle.digest, begun="")
    if before and before.digest != bundle.digest and not result.attempted:
        named = replace(done, version=before.version, release=before.release, digest=before.digest)
        return replace(named, begun=bundle.digest)
    return replace(done, version="", release="", digest="", begun=bundle.digest)


def _nodes(scope: ApplyScope, old: Inventory, result: ApplyResult) -> dict[str, NodeRecord]:
    """Nodes as written; for nodes that could not be written, the previous record stays."""
    planned = scope.nodes.keys() & old.nodes.keys()
    return {name: old.nodes[name] for name in planned - result.nodes_done} | dict(result.nodes)
