"""What the record of a blueprint must say before an apply writes anything, and after it wrote what it could."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from blueprint._version import __version__
from blueprint.bundle.model import ObjectId
from blueprint.cluster.inventory import Inventory, Member, NodeRecord, Snapshot, was_applied
from blueprint.cluster.plan_model import Plan


@dataclass(frozen=True, slots=True)
class News:
    """What an apply did: snapshots of what it wrote, nodes it wrote, and the names of nodes that are as wished.

    `tried` says whether it tried to write anything at all.
    """

    server: str
    snapshots: Mapping[ObjectId, Snapshot]
    nodes: Mapping[str, NodeRecord]
    nodes_done: frozenset[str]
    tried: bool


def widened(plan: Plan, inventory: Inventory) -> Inventory:
    """The record with everything that may be written, so that a killed run leaves nothing unknown behind.

    From the first write on no bundle is applied as a whole, until `exact` says so.
    """
    members = {o.id: Member(o.id, o.api_version) for o in plan.bundle.objects}
    members |= {m.id: m for m in plan.leftovers}
    members |= dict(inventory.members)
    nodes = dict(inventory.nodes)
    for step in plan.nodes:
        known = nodes.get(step.name, NodeRecord(step.uid, (), ()))
        labels = tuple(sorted({*known.labels, *step.labels}))
        taints = tuple(sorted({*known.taints, *step.ours}))
        if labels or taints:
            nodes[step.name] = NodeRecord(step.uid, labels, taints)
    begun = replace(inventory, version="", release="", digest="", begun=plan.bundle.digest)
    return replace(begun, tool=inventory.tool or __version__, members=members, nodes=nodes)


def exact(plan: Plan, old: Inventory, news: News) -> Inventory:
    """The record of what is rendered, left over or hidden, each object as it was right after its last write."""
    bundle = plan.bundle
    members = {m.id: m for m in plan.hidden}
    members |= {m.id: old.members.get(m.id, m) for m in plan.leftovers}
    for obj in bundle.objects:
        known = old.members.get(obj.id)
        snapshot = news.snapshots.get(obj.id) or (known.snapshot if known else None)
        members[obj.id] = Member(obj.id, obj.api_version, snapshot)
    nodes = _nodes(plan, old, news) if bundle.node_labels == "apply" else old.nodes
    done = replace(old, server=news.server, tool=__version__, members=members, nodes=nodes)
    return _named(plan, done, news)


def _named(plan: Plan, done: Inventory, news: News) -> Inventory:
    """The record with the name of the bundle that is applied as a whole: this one, still the last one, or none."""
    bundle, before = plan.bundle, plan.inventory
    nodes_done = all(step.name in news.nodes_done for step in plan.nodes)
    if nodes_done and all(was_applied(done, obj) for obj in bundle.objects):
        return replace(done, version=bundle.version, release=bundle.release, digest=bundle.digest, begun="")
    if before and before.digest != bundle.digest and not news.tried:
        named = replace(done, version=before.version, release=before.release, digest=before.digest)
        return replace(named, begun=bundle.digest)
    return replace(done, version="", release="", digest="", begun=bundle.digest)


def _nodes(plan: Plan, old: Inventory, news: News) -> dict[str, NodeRecord]:
    """Nodes as written; of a node that could not be written, what was recorded before stays."""
    seen = {step.name for step in plan.nodes} & set(old.nodes)
    return {name: old.nodes[name] for name in seen - news.nodes_done} | dict(news.nodes)
