"""Creates a plan: compares a bundle with a cluster, and determines for every object what applying it would do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from blueprint.apiserver.connect import refused
from blueprint.apiserver.connection import POOL_SIZE, Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import own_entry
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.changes.compare import Action
from blueprint.cluster import codes, findings
from blueprint.cluster.crd_field_loss import find_narrowing, grows
from blueprint.cluster.identity import check_cluster, read_cluster_uid
from blueprint.cluster.live import Live, read_live
from blueprint.cluster.nodes import plan_nodes
from blueprint.cluster.olm import brought_by, subscriptions_of
from blueprint.cluster.plan_model import Plan, Step
from blueprint.cluster.step_decision import Decider, Decision, declared_changes
from blueprint.diagnostics import Diagnostic
from blueprint.inventory.membership import NAMESPACE, is_member, manager, parent_name
from blueprint.inventory.model import Inventory, Member
from blueprint.inventory.storage import read_inventory
from blueprint.records import Record, replace

ACTIVE, TERMINATING, MISSING = "active", "terminating", "missing"


def make_plan(bundle: Bundle, connection: Connection, *, try_new: bool = True) -> Plan:
    """Plan how to apply `bundle`, without writing anything.

    `try_new` is whether to ask the server about objects that do not exist yet. This is unnecessary if the caller writes
    them immediately: the write has the same result, and a new object has no fields to lose.

    Raises:
        Refused: the cluster is not the declared one, the inventory is damaged, or nothing can be examined.
    """
    try:
        cluster_uid = read_cluster_uid(connection)
        check_cluster(bundle, cluster_uid)
        inventory, unread = _record(bundle.name, connection)
        plan = _plan(bundle, connection, cluster_uid, inventory, try_new=try_new)
    except ApiError as error:
        raise refused(error, connection) from None
    if unread is None:
        return plan
    record = ObjectId("", "ConfigMap", NAMESPACE, parent_name(bundle.name))
    found = findings.forbidden(record, unread)
    return replace(plan, unread=record, diagnostics=(*plan.diagnostics, found))


def _record(blueprint: str, connection: Connection) -> tuple[Inventory | None, ApiError | None]:
    """The inventory, or why it cannot be read: objects can be compared without it, but leftovers are unknown."""
    try:
        return read_inventory(connection, blueprint), None
    except ApiError as error:
        if not error.forbidden:
            raise
        return None, error


def _plan(
    bundle: Bundle, connection: Connection, cluster_uid: str, inventory: Inventory | None, *, try_new: bool
) -> Plan:
    discovery = discover(connection)
    members = dict(inventory.members) if inventory else {}
    wanted = {m.id: m.api_version for m in members.values()} | {o.id: o.api_version for o in bundle.objects}
    live = read_live(connection, discovery, wanted.items(), bundle.name)
    steps, refusals = _decide_objects(bundle, connection, discovery, live, members, try_new=try_new)
    ids = {o.id for o in bundle.objects}
    leftovers = tuple(_leftovers(ids, members, live, bundle.name))
    hidden = tuple(m for m in members.values() if m.id not in ids and m.id in live.unseen)
    nodes, node_findings = plan_nodes(bundle, connection, inventory)
    return Plan(
        bundle=bundle,
        cluster_uid=cluster_uid,
        server=connection.version,
        inventory=inventory,
        steps=steps,
        nodes=nodes,
        leftovers=leftovers,
        hidden=hidden,
        diagnostics=(
            *refusals,
            *find_narrowing(steps, connection),
            *node_findings,
            *(_not_rendered(member) for member in leftovers),
            *(findings.unseen(member.id, live.unseen[member.id]) for member in hidden),
        ),
    )


def _decide_objects(
    bundle: Bundle,
    connection: Connection,
    discovery: Discovery,
    live: Live,
    members: Mapping[ObjectId, Member],
    *,
    try_new: bool,
) -> tuple[tuple[Step, ...], list[Diagnostic]]:
    """A step for each object of the bundle, decided concurrently, and what prevents them."""
    namespaces = _namespaces(connection, {obj.id.namespace for obj in bundle.objects} - {""})
    subscriptions = subscriptions_of(bundle.objects)
    planner = _Planner(bundle, connection, discovery, live, members, namespaces, subscriptions, try_new)
    with ThreadPoolExecutor(POOL_SIZE) as threads:
        decisions = list(threads.map(planner.decide, bundle.objects))
    return tuple(step for step, _ in decisions), [found for _, several in decisions for found in several]


def _namespaces(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """The state of each namespace. One that cannot be read is assumed to be active; its objects will show."""
    return {name: namespace_state(connection, name) for name in sorted(names)}


def namespace_state(connection: Connection, name: str) -> str:
    """ACTIVE, TERMINATING or MISSING."""
    try:
        found = connection.get(f"/api/v1/namespaces/{name}")
    except ApiError as error:
        if error.missing:
            return MISSING
        if error.forbidden:
            return ACTIVE
        raise
    leaving = found["metadata"].get("deletionTimestamp") or found["status"].get("phase") == "Terminating"
    return TERMINATING if leaving else ACTIVE


class _Planner(Record):
    bundle: Bundle
    connection: Connection
    discovery: Discovery
    live: Live
    members: Mapping[ObjectId, Member]
    namespaces: Mapping[str, str]
    subscriptions: Mapping[str, ObjectId]
    try_new: bool

    def decide(self, obj: Object) -> Decision:
        """The action of an apply for an object, and findings about it. Only reads from the cluster."""
        identity = obj.id
        if error := self.live.unseen.get(identity):
            return Step(obj, Action.UNKNOWN, reason="cannot be examined", blocked=True), (
                findings.unseen(identity, error),
            )
        resource = self.discovery.find(obj.api_version, identity.kind)
        if resource is None:
            return self._unserved(obj)
        decider = Decider(self.connection, self.bundle.name, self.bundle.release)
        if found := self.live.objects.get(identity):
            member = self.members.get(identity)
            return self._renewed(decider.existing(obj, found, member.snapshot if member else None, resource))
        state = self.namespaces.get(identity.namespace, ACTIVE)
        if state != ACTIVE:
            return self._homeless(obj, state)
        return self._renewed(decider.absent(obj, resource)) if self.try_new else (Step(obj, Action.CREATE), ())

    def _renewed(self, decision: Decision) -> Decision:
        """Reconsider an object that the server rejects, if this plan updates its CRD with new fields."""
        step, found = decision
        if not step.blocked or not all(one.code is codes.REJECTED for one in found) or not self._definition_grows(step):
            return decision
        reason = "is checked after its definition was updated"
        fields = declared_changes(step.object, step.live) if step.live is not None else ()
        return replace(step, fields=fields, reason=reason, blocked=False), ()

    def _definition_grows(self, step: Step) -> bool:
        for other in self.bundle.objects:
            live = self.live.objects.get(other.id) if _defines(other.data, step.id) else None
            if live is not None and grows(live["spec"], other.data["spec"]):
                return True
        return False

    def _unserved(self, obj: Object) -> Decision:
        if any(_defines(other.data, obj.id) for other in self.bundle.objects):
            return Step(obj, Action.CREATE, reason="its kind is defined by this bundle"), ()
        if (subscription := brought_by(obj, self.subscriptions)) and self.discovery.any_version(
            subscription.group, subscription.kind
        ):
            return Step(obj, Action.CREATE, reason=f"its kind comes with the operator of {subscription}"), ()
        group = self.discovery.any_version(obj.id.group, obj.id.kind)
        instead = f"; it serves {group.api_version}" if group else ""
        text = f"{obj.id} cannot be applied: the API server does not serve {obj.id.kind} {obj.api_version}{instead}"
        help_text = "install the component that defines this kind, or let the blueprint manage that component"
        found = findings.plain(codes.NOT_SERVED, obj.id, text, help_text, origin=obj.origin(("kind",)))
        return Step(obj, Action.UNKNOWN, reason="its kind is not served", blocked=True), (found,)

    def _homeless(self, obj: Object, state: str) -> Decision:
        namespace = ObjectId("", "Namespace", "", obj.id.namespace)
        if any(other.id == namespace for other in self.bundle.objects):
            return Step(obj, Action.CREATE, reason=f"with its namespace, which is {state}"), ()
        text = f"{obj.id} cannot be applied: its namespace is {state}, and the bundle does not create it"
        code = codes.TERMINATING if state == TERMINATING else codes.REJECTED
        return Step(obj, Action.CREATE, reason=f"its namespace is {state}", blocked=True), (
            findings.plain(code, obj.id, text, origin=obj.origin(("metadata", "namespace"))),
        )


def _defines(data: Mapping[str, Any], identity: ObjectId) -> bool:
    if data["kind"] != "CustomResourceDefinition":
        return False
    spec = data["spec"]  # The cluster may lack anything: rejected objects are planned like the rest.
    return (spec.get("group"), (spec.get("names") or {}).get("kind")) == (identity.group, identity.kind)


def _leftovers(ids: set[ObjectId], members: Mapping[ObjectId, Member], live: Live, blueprint: str) -> Iterator[Member]:
    """Our objects that are no longer rendered: from the inventory and the live object, or, without an inventory, from
    both marks.
    """
    for identity, member in sorted(members.items()):
        found = live.objects.get(identity)
        if identity not in ids and found is not None and is_member(found, blueprint):
            yield member
    for identity, found in sorted(live.labelled.items()):
        unrecorded = identity not in ids and identity not in members
        if unrecorded and own_entry(found, manager(blueprint)) is not None:
            yield Member(identity, str(found["apiVersion"]))


def _not_rendered(member: Member) -> Diagnostic:
    text = f"{member.id} was applied from this blueprint, but is no longer rendered"
    help_text = "delete it by hand if it is no longer needed; `apply` never deletes objects"
    return findings.plain(codes.NO_LONGER_RENDERED, member.id, text, help_text)
