"""Random changes on a real API server, checked against the server's own results.

The oracle does not use managedFields: the object right after the apply, and after the change; and a
server-side dry-run with force, which shows what of *our* fields an apply would restore. Drift must report every
place that changed, no place that did not, and as ours exactly what the dry-run would restore.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import content
from blueprint.bundle.model import Bundle, Object, ObjectId
from blueprint.changes.compare import ABSENT, differences
from blueprint.drift.compare import NOBODYS
from blueprint.drift.model import Finding, FindingKind
from blueprint.drift.objects import examine_objects
from blueprint.drift.view import Live, ObservedObjects, Unseen
from blueprint.inventory.membership import as_member, manager
from blueprint.inventory.model import Inventory, Member
from blueprint.inventory.snapshots import take_snapshot
from blueprint.kubernetes.defaults import is_default
from blueprint.kubernetes.field_types import Shape, shape_of
from blueprint.source.paths import format_path
from tests.support.drift_kinds import definition, many_kinds
from tests.support.drift_mutations import mutate
from tests.support.drift_platform import APPLY, JSON_PATCH, bundle_of
from tests.support.soak import WHOLE
from tests.support.soak import dice as dice_for
from tests.support.waits import eventually

ROUNDS = 850 if WHOLE else 4
"""Changes of each kind; in a soak run, ten thousand in total."""
KINDS = [m["kind"] for m in many_kinds("x")]
ALLOCATED = {"nodePort", "clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamilyPolicy"}
SIDE_EFFECTS = {"deprecated.daemonset.template.generation", "serviceAccount"}
OURS = {FindingKind.MODIFIED, FindingKind.REMOVED, FindingKind.REORDERED}


@dataclass
class OneObject:
    """A view of a single object that was just read."""

    live: Live
    connection: Connection
    url: str
    name: str = "oracle"
    taken: str = ""

    def record(self, blueprint: str) -> Inventory | None:
        raise Unseen(blueprint)

    def disguised(self, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        return manifest

    def versions(self, _wanted: Mapping[ObjectId, str], _blueprint: str) -> Mapping[ObjectId, Live]:
        return {ObjectId.of(self.live): self.live}

    def objects(self, wanted: Mapping[ObjectId, str], _blueprint: str) -> ObservedObjects:
        return ObservedObjects(
            {ObjectId.of(self.live): self.live},
            {i: "not requested" for i in wanted if i.name != self.live["metadata"]["name"]},
        )

    def nodes(self) -> list[Live]:
        return []

    def plan(self, *_asked: object) -> None:
        return None

    def takes(self, *_asked: object) -> None:
        return None

    def cluster_roles(self) -> list[Live]:
        raise Unseen("one object only")

    def autoscalers(self, _namespace: str) -> list[Live]:
        raise Unseen("one object only")

    def predict(self, manifest: Mapping[str, Any], manager: str) -> Live:
        return self.connection.apply(self.url, manifest, manager, force=True, dry_run=True)[0]


@pytest.fixture(scope="module")
def found(connection: Connection) -> Discovery:
    """With our own definition served."""
    crd = definition()
    url = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
    connection.apply(url, crd, "oracle", force=True)

    def served() -> Discovery | None:
        seen = discover(connection)
        resource = seen.find("drift.example.org/v1", "Widget")
        return seen if resource and _answers(connection, resource.collection()) else None

    return eventually(served, "the definition is served")


def _answers(connection: Connection, url: str) -> bool:
    try:
        connection.get(url)
    except ApiError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_drift_agrees_with_the_server(connection: Connection, found: Discovery, namespace: str, kind: str) -> None:
    dice = dice_for(kind)
    manifest = next(m for m in many_kinds(namespace) if m["kind"] == kind)
    rounds = tried = 0
    while rounds < ROUNDS and tried < 20 * ROUNDS:
        tried += 1
        rounds += _round(connection, found, manifest, dice)
    assert rounds, "the server refused every change"


def _round(connection: Connection, found: Discovery, manifest: dict[str, Any], dice: random.Random) -> bool:
    """Apply, change, compare; False if the server rejected the change or it changed nothing."""
    name = f"web-{uuid.uuid4().hex[:8]}"
    manifest = json.loads(json.dumps(manifest)) | {}
    manifest["metadata"]["name"] = name
    bundle = bundle_of("oracle", [manifest, definition()])
    obj = bundle.objects[0]
    resource = found.find(obj.api_version, obj.id.kind)
    assert resource
    url = resource.path(obj.id.namespace, name)
    before, _ = connection.apply(url, as_member(obj.data, "oracle"), manager("oracle"), force=True)
    record = _record(bundle, obj, before)
    done = _change(connection, url, before, dice)
    after = connection.get(url)
    if done is None or content(after) == content(before):
        return False
    restored = _restored(connection, url, obj)
    part = examine_objects(bundle, record, OneObject(after, connection, url), dry_run=restored is not None)
    findings = [f for f in part.findings if f.kind is not FindingKind.UNKNOWN]
    if NOBODYS in {each.reason for each in part.left_out}:
        return False
    _judge(done, before, after, restored, findings)
    connection.delete(url)
    return True


def _restored(connection: Connection, url: str, obj: Object) -> Live | None:
    """What an apply would restore; None if the change made our manifest invalid."""
    ours = as_member(obj.data, "oracle")
    try:
        return connection.apply(url, ours, manager("oracle"), force=True, dry_run=True)[0]
    except ApiError as error:
        if error.status not in {422, 500}:
            raise
        return None


def _record(bundle: Bundle, obj: Object, live: Live) -> Inventory:
    member = Member(obj.id, obj.api_version, take_snapshot(obj, live, "oracle"))
    return Inventory("oracle", members={obj.id: member}, digest=bundle.digest)


def _change(connection: Connection, url: str, before: Live, dice: random.Random) -> str | None:
    """One to three changes in one request; None if the server rejects it."""
    changed, done = before, []
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        changed, what = mutate(changed, dice)
        done.append(what)
    who = dice.choice(["kubectl-edit", "mallory", "helm"])
    try:
        if dice.random() < 0.3:
            patch = [{"op": "replace", "path": f"/{key}", "value": changed[key]} for key in _tops(changed)]
            patch.append(
                {"op": "replace", "path": "/metadata/labels", "value": changed["metadata"].get("labels") or {}}
            )
            connection.request("PATCH", url, patch, query={"fieldManager": who}, content_type=JSON_PATCH)
        elif dice.random() < 0.2:
            body = {k: changed[k] for k in _tops(changed)} | {k: changed[k] for k in ("apiVersion", "kind")}
            body["metadata"] = {"name": changed["metadata"]["name"]}
            query = {"fieldManager": who, "force": "true"}
            connection.request("PATCH", url, body, query=query, content_type=APPLY)
        else:
            connection.request("PUT", url, changed, query={"fieldManager": who})
    except ApiError:
        return None
    return f"{who}: {'; '.join(done)}"


def _tops(changed: Live) -> list[str]:
    return [key for key in ("spec", "data", "rules") if key in changed]


def _judge(done: str, before: Live, after: Live, restored: Live | None, findings: list[Finding]) -> None:
    told = [(f.kind.value, f.path, f.writer.manager if f.writer else None) for f in findings]
    context = f"{done}\n told {told}"
    changed = set(_changed(before, after))
    shown = [f.path for f in findings]
    for path in changed:
        assert any(_related(path, s) for s in shown), f"{path} changed, and nothing is told. {context}"
    for finding in findings:
        follows_image = finding.path.endswith(".imagePullPolicy")  # another image has another default
        if finding.kind is not FindingKind.OWNERSHIP_LOST and not follows_image:
            touched = {*changed, *_changed(before, after, empties=True)}
            related = any(_related(finding.path, path) for path in touched) or finding.kind is FindingKind.REORDERED
            # a client that applies the whole object declares the allocated values: from then on it owns them
            related = related or set(finding.path.split(".")) & ALLOCATED
            # port and protocol identify a Service port: one that takes another's identity is that port, changed
            related = related or (finding.path.startswith("spec.ports[") and _ports(before) != _ports(after))
            assert related, f"{finding.path} did not change. {context}"
    if restored is None:
        return
    ours = set(_changed(restored, after))
    for path in ours:
        near = [f for f in findings if f.kind in OURS and _related(path, f.path)]
        assert near, f"an apply would restore {path}. {context}"
    for finding in findings:
        if finding.kind in {FindingKind.MODIFIED, FindingKind.REMOVED}:
            assert any(_related(finding.path, path) for path in ours), f"an apply keeps {finding.path}. {context}"


def _changed(one: Live, other: Live, *, empties: bool = False) -> Iterator[str]:
    """The paths at which two states differ, as users write them; order is ignored where it has no meaning."""
    for path, old, new in differences(_unordered(one), _unordered(other)):
        if set(path) & (ALLOCATED | SIDE_EFFECTS) or not (old or new or empties):
            continue
        if new is ABSENT and not empties and is_default(path, old, _shape(one), _unordered(one)):
            continue  # a default that disappeared: not declared, not owned, the same without it
        if old is ABSENT and not empties and is_default(path, new, _shape(other), _unordered(other)):
            continue  # a default that came with an addition, which is reported
        yield format_path(path, other if new or new == 0 else one)


def _ports(live: Live) -> set[tuple[int, str]]:
    return {(port["port"], port.get("protocol", "TCP")) for port in live["spec"].get("ports") or () if "port" in port}


def _shape(live: Live) -> Shape:
    [obj, *_] = bundle_of("oracle", [live, definition()]).objects
    return shape_of(obj, bundle_of("oracle", [live, definition()]))


def _unordered(live: Live) -> Live:
    """Its content, with the custom resource's set and keyed list in a fixed order."""
    said = content(live)
    spec = dict(said.get("spec") or {})
    if isinstance(names := spec.get("names"), list):
        spec["names"] = sorted(names)
    if isinstance(keyed := spec.get("keyed"), list):
        spec["keyed"] = sorted(keyed, key=lambda item: item["id"])
    return said | {"spec": spec}


def _related(one: str, other: str) -> bool:
    """Whether the paths are equal, or one is inside the other; list items are not distinguished, since names also
    change.
    """
    one, other = (re.sub(r"\[(\w+=[^\]]*|\d+)\]", "[]", path) for path in (one, other))
    return one == other or _inside(one, other) or _inside(other, one)


def _inside(one: str, other: str) -> bool:
    return one.startswith(other) and one[len(other)] in ".["
