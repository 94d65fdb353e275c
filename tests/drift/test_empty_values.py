"""Values declared as empty: their removal is found, but it is not drift if the server never stored them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.bundle.model import Bundle
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Severity
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from blueprint.inventory.membership import NAMESPACE, parent_name
from blueprint.inventory.model import Snapshot
from blueprint.inventory.storage import read_inventory, write_inventory
from blueprint.records import replace
from tests.support.drift_kinds import definition, many_kinds, widget
from tests.support.drift_platform import JSON_PATCH, MERGE_PATCH, Applied, apply, bundle_of, deployment
from tests.support.waits import eventually

REMOVED, MODIFIED, ADDED = FindingKind.REMOVED, FindingKind.MODIFIED, FindingKind.FOREIGN_ADDITION


class Kept:
    """An applied bundle of objects of any kind."""

    def __init__(self, connection: Connection, manifests: list[dict[str, Any]]) -> None:
        self.connection = connection
        self.bundle: Bundle = replace(bundle_of(f"empty-{uuid.uuid4().hex[:8]}", manifests), digest=uuid.uuid4().hex)
        apply(self.bundle, connection)

    def url(self, kind: str) -> str:
        obj = next(o for o in self.bundle.objects if o.id.kind == kind)
        resource = discover(self.connection).find(obj.api_version, kind)
        assert resource
        return resource.path(obj.id.namespace, obj.id.name)

    def patch(self, kind: str, body: Any, how: str = JSON_PATCH) -> None:
        query = {"fieldManager": "mallory"}
        self.connection.request("PATCH", self.url(kind), body, query=query, content_type=how)

    def told(self, **options: Any) -> set[tuple[FindingKind, str]]:
        report = detect_drift(self.bundle, ClusterView(self.connection), **options)
        return {(f.kind, f.path) for f in report.findings}

    def forget(self) -> None:
        """Delete the record."""
        self.connection.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{parent_name(self.bundle.name)}")

    def age(self) -> None:
        """Turn the record into one of a version that did not note dropped values."""
        record = read_inventory(self.connection, self.bundle.name)
        assert record
        members = {i: replace(m, snapshot=_aged(m.snapshot)) for i, m in record.members.items()}
        write_inventory(self.connection, replace(record, members=members))


def _aged(snapshot: Snapshot | None) -> Snapshot | None:
    return replace(snapshot, dropped=None) if snapshot else None


def _empties(namespace: str) -> list[dict[str, Any]]:
    """Empty values in every kind of map, and in labels and annotations of every object."""
    config = next(m for m in many_kinds(namespace) if m["kind"] == "ConfigMap")
    config["data"] |= {"empty": ""}
    custom = widget(namespace)
    custom["spec"]["granular"] |= {"empty": ""}
    custom["spec"]["sealed"] |= {"empty": ""}
    custom["spec"]["nested"]["free"] |= {"empty": ""}
    custom["spec"]["nested"]["deep"] |= {"id": "", "value": 0}
    custom["spec"]["any"] |= {"empty": "", "none": [], "off": False, "zero": 0, "nothing": {}}
    custom["spec"] |= {"enabled": False, "ratio": 0, "bare": []}
    place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-own"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web", "namespace": namespace}}
    secret["data"] = {"empty": "", "full": "YQ=="}  # type: ignore[assignment]
    for manifest in (config, custom, place, secret):
        manifest["metadata"].setdefault("labels", {})["example.org/empty"] = ""
        manifest["metadata"].setdefault("annotations", {})["example.org/empty"] = ""
    return [place, config, custom, secret]


@pytest.fixture
def served(connection: Connection) -> None:
    """With the definition of the custom resource, whose schema is otherwise unknown because no bundle here
    contains it.
    """
    crd = definition()
    url = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
    connection.apply(url, crd, "oracle", force=True)
    eventually(lambda: discover(connection).find("drift.example.org/v1", "Widget"), "the definition is served")


LABEL, NOTE = "/metadata/labels/example.org~1empty", "/metadata/annotations/example.org~1empty"
LABELS, NOTES = 'metadata.labels["example.org/empty"]', 'metadata.annotations["example.org/empty"]'
REMOVALS = {
    "label": ("ConfigMap", LABEL, REMOVED, LABELS),
    "annotation": ("Secret", NOTE, REMOVED, NOTES),
    "label of a namespace": ("Namespace", LABEL, REMOVED, LABELS),
    "label of a custom resource": ("Widget", LABEL, REMOVED, LABELS),
    "key of a ConfigMap": ("ConfigMap", "/data/empty", REMOVED, "data.empty"),
    "key of a Secret": ("Secret", "/data/empty", REMOVED, "data.empty"),
    "key of a granular map": ("Widget", "/spec/granular/empty", REMOVED, "spec.granular.empty"),
    "key of an atomic map": ("Widget", "/spec/sealed/empty", MODIFIED, "spec.sealed"),
    "key of a nested map": ("Widget", "/spec/nested/free/empty", REMOVED, "spec.nested.free.empty"),
    "text of a custom resource": ("Widget", "/spec/nested/deep/id", REMOVED, "spec.nested.deep.id"),
    "number of a custom resource": ("Widget", "/spec/nested/deep/value", REMOVED, "spec.nested.deep.value"),
    "off in a custom resource": ("Widget", "/spec/enabled", REMOVED, "spec.enabled"),
    "zero in a custom resource": ("Widget", "/spec/ratio", REMOVED, "spec.ratio"),
    "list of a custom resource": ("Widget", "/spec/bare", REMOVED, "spec.bare"),
    "free text": ("Widget", "/spec/any/empty", REMOVED, "spec.any.empty"),
    "free list": ("Widget", "/spec/any/none", REMOVED, "spec.any.none"),
    "free switch": ("Widget", "/spec/any/off", REMOVED, "spec.any.off"),
    "free number": ("Widget", "/spec/any/zero", REMOVED, "spec.any.zero"),
    "free map": ("Widget", "/spec/any/nothing", REMOVED, "spec.any.nothing"),
}  # fmt: skip


@pytest.mark.parametrize("record", ["recorded", "recorded by an earlier version", "not recorded"])
@pytest.mark.usefixtures("served")
def test_what_is_declared_as_empty_and_removed_is_found(connection: Connection, namespace: str, record: str) -> None:
    """Each removal, in each kind of map, is an error, and the suggested command restores it."""
    kept = Kept(connection, _empties(namespace))
    assert kept.told() == set()
    if record == "not recorded":
        kept.forget()
    elif record != "recorded":
        kept.age()
    for kind, pointer, _, _ in REMOVALS.values():
        kept.patch(kind, [{"op": "remove", "path": pointer}])

    report = detect_drift(kept.bundle, ClusterView(connection))

    assert {(f.subject.partition("/")[0], f.kind, f.path) for f in report.findings} == {
        (kind, how, path) for kind, _, how, path in REMOVALS.values()
    }
    severe = [d for d in report.diagnostics if d.severity is Severity.ERROR]
    assert len(severe) == len(REMOVALS)
    force = any("--force-conflicts" in (d.help or "") for d in severe)
    outcome = apply_plan(make_plan(kept.bundle, connection), connection, ApplyOptions(force_conflicts=force))
    assert outcome.exit_code == 0
    assert kept.told() == set()


def _zeros(namespace: str) -> dict[str, Any]:
    """A Deployment as charts render it: full of values that set nothing."""
    made = deployment(namespace)
    spec = made["spec"]["template"]["spec"]
    spec |= {"hostNetwork": False, "hostPID": False, "hostname": "", "imagePullSecrets": [], "affinity": {}}
    main = spec["containers"][0]
    main["env"].append({"name": "EMPTY", "value": ""})
    main |= {"tty": False, "workingDir": "", "command": [], "envFrom": [], "securityContext": {}}
    main["volumeMounts"][0] |= {"readOnly": False, "subPath": ""}
    spec["tolerations"].append({"key": "", "operator": "Exists", "value": ""})
    made["spec"] |= {"minReadySeconds": 0, "paused": False, "strategy": {}}
    return made


@pytest.mark.parametrize("record", ["recorded", "recorded by an earlier version", "not recorded"])
def test_what_the_server_never_kept_is_not_drift(connection: Connection, namespace: str, record: str) -> None:
    kept = Kept(connection, [_zeros(namespace)])
    kept.patch("Deployment", {"metadata": {"labels": {"touched": "1"}}}, MERGE_PATCH)
    if record == "not recorded":
        kept.forget()
    elif record != "recorded":
        kept.age()

    assert kept.told() == {(ADDED, "metadata.labels.touched")}


def test_without_anything_to_decide_by_it_is_unknown(connection: Connection, namespace: str) -> None:
    kept = Kept(connection, [_zeros(namespace)])
    kept.forget()

    told = kept.told(dry_run=False)

    assert {kind for kind, _ in told} == {FindingKind.UNKNOWN}
    assert (FindingKind.UNKNOWN, "spec.template.spec.hostNetwork") in told


def test_a_dropped_value_that_somebody_sets_is_found(connection: Connection, namespace: str) -> None:
    kept = Kept(connection, [_zeros(namespace)])
    base = "/spec/template/spec"
    kept.patch("Deployment", [{"op": "add", "path": f"{base}/hostNetwork", "value": True}])
    kept.patch("Deployment", [{"op": "add", "path": f"{base}/containers/0/env/2/value", "value": "evil"}])

    assert kept.told() == {
        (MODIFIED, "spec.template.spec.hostNetwork"),
        (MODIFIED, "spec.template.spec.containers[name=main].env[name=EMPTY].value"),
    }


def test_a_pointer_that_is_false_is_kept_and_its_removal_is_found(connection: Connection, namespace: str) -> None:
    """`false` differs from an absent value if the default is true."""
    made = deployment(namespace)
    made["spec"]["template"]["spec"] |= {"automountServiceAccountToken": False}
    kept = Kept(connection, [made])
    kept.patch("Deployment", [{"op": "remove", "path": "/spec/template/spec/automountServiceAccountToken"}])

    assert kept.told() == {(REMOVED, "spec.template.spec.automountServiceAccountToken")}
    kept.forget()
    assert kept.told() == {(REMOVED, "spec.template.spec.automountServiceAccountToken")}


def test_text_that_looks_like_a_quantity_is_text(applied: Applied) -> None:
    kept = Kept(applied.connection, [_config(applied.namespace, {"storage": "1Gi", "limits": "1"})])
    kept.patch("ConfigMap", {"data": {"storage": "1024Mi", "limits": "1000m"}}, MERGE_PATCH)

    assert kept.told() == {(MODIFIED, "data.storage"), (MODIFIED, "data.limits")}


def _config(namespace: str, data: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "texts", "namespace": namespace},
        "data": data,
    }


def test_a_variable_that_is_there_twice_is_reported_once(applied: Applied) -> None:
    def twice(live: dict[str, Any]) -> None:
        env = live["spec"]["template"]["spec"]["containers"][0]["env"]
        env.insert(0, {"name": "MODE", "value": "evil"})

    applied.replace("Deployment", twice)

    told = [(f.kind, f.path) for f in applied.findings()]

    assert told == [(MODIFIED, "spec.template.spec.containers[name=main].env[name=MODE]")]


def test_one_kind_in_two_versions_is_read_in_each(connection: Connection, namespace: str) -> None:
    """The server returns all objects of a kind in the requested version; each is compared in its own."""
    scaled = {"maxReplicas": 3, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}
    old = {"apiVersion": "autoscaling/v1", "spec": scaled | {"targetCPUUtilizationPercentage": 70}}
    target = {"type": "Utilization", "averageUtilization": 50}
    metrics = [{"type": "Resource", "resource": {"name": "memory", "target": target}}]
    new = {"apiVersion": "autoscaling/v2", "spec": scaled | {"metrics": metrics}}
    kept = Kept(
        connection,
        [
            made | {"kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "namespace": namespace}}
            for name, made in (("old", old), ("new", new))
        ],
    )
    for obj in kept.bundle.objects:
        path = f"/apis/{obj.api_version}/namespaces/{namespace}/horizontalpodautoscalers/{obj.id.name}"
        body = {"metadata": {"labels": {"touched": "1"}}}
        connection.request("PATCH", path, body, query={"fieldManager": "mallory"}, content_type=MERGE_PATCH)

    report = detect_drift(kept.bundle, ClusterView(connection))

    assert {(f.subject.rpartition("/")[2], f.kind, f.path) for f in report.findings} == {
        ("old", ADDED, "metadata.labels.touched"),
        ("new", ADDED, "metadata.labels.touched"),
    }
