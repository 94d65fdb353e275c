"""Advice is correct: every command that drift prints is run against a real API server, and undoes the edit.

Each edit is a plain write through the API, under the name of some other manager. Drift runs, its commands are run as
printed, and drift runs again. For an edit that no command can undo, none may be printed.
"""

from __future__ import annotations

import copy
import shlex
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.bundle.model import Bundle, ObjectId
from blueprint.cli.main import build_parser
from blueprint.cli.options import split_scopes
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.consent import Consent
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Diagnostic
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from tests.support.drift_kinds import definition, many_kinds
from tests.support.drift_platform import APPLY, JSON_PATCH, MERGE_PATCH, STRATEGIC, bundle_of, deployment
from tests.support.waits import eventually

Data = dict[str, Any]
POD = "/spec/template/spec"
MAIN = f"{POD}/containers/0"
MOST_ROUNDS = 3


def named(kind: str, where: str) -> Data:
    """One object of `kind`, in its namespace or under its name."""
    found = next((m for m in (*many_kinds(where), *others(where)) if m["kind"] == kind), None)
    assert found, kind
    made = copy.deepcopy(found)
    if kind == "CronJob":  # its last variable refers to the first
        env = made["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["env"]
        env.append({"name": "BOTH", "value": "$(MODE)"})
    return made


def others(where: str) -> Iterator[Data]:
    """Kinds that the common table does not contain; cluster-scoped ones are named after the namespace."""

    def thing(api: str, kind: str, *, wide: bool = False, **rest: Any) -> Data:
        meta = {"name": where, "labels": {"app": "web"}} if wide else {"name": "web", "namespace": where}
        return {"apiVersion": api, "kind": kind, "metadata": meta, **rest}

    rbac, admission = "rbac.authorization.k8s.io", "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    subject = {"kind": "Group", "name": "g", "apiGroup": rbac}
    hook = {
        "name": "a.example.org", "admissionReviewVersions": ["v1"], "sideEffects": "None", "failurePolicy": "Ignore",
        "clientConfig": {"url": "https://127.0.0.1:1/"}, "namespaceSelector": {"matchLabels": {"none": where}},
        "rules": [{"apiGroups": ["x"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["nothings"]}],
    }  # fmt: skip
    container = {"name": "main", "image": "x:1"}
    yield thing("batch/v1", "Job", spec={"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}})
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    yield thing("v1", "PersistentVolumeClaim", spec=claim)
    yield thing("v1", "Secret", type="Opaque", data={"token": "YQ=="})
    yield thing("v1", "LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]})
    yield thing(f"{rbac}/v1", "ClusterRole", wide=True, rules=[rule])
    role = {"apiGroup": rbac, "kind": "ClusterRole", "name": "view"}
    yield thing(f"{rbac}/v1", "RoleBinding", roleRef=role, subjects=[subject])
    yield thing("scheduling.k8s.io/v1", "PriorityClass", wide=True, value=7, description="d")
    yield thing(admission, "MutatingWebhookConfiguration", wide=True, webhooks=[hook, hook | {"name": "b.example.org"}])
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    paths = {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}
    yield thing("networking.k8s.io/v1", "Ingress", spec={"rules": [{"host": "a.example.org", "http": paths}]})
    yield thing("v1", "Namespace", wide=True) | {"metadata": {"name": f"{where}-n", "labels": {"level": "high"}}}


@dataclass(frozen=True)
class World:
    """One applied object, and the operations that change it."""

    bundle: Bundle
    connection: Connection
    lab: Any

    @property
    def url(self) -> str:
        obj = self.bundle.objects[0]
        resource = discover(self.connection).find(obj.api_version, obj.id.kind)
        assert resource
        return resource.path(obj.id.namespace, obj.id.name)

    @property
    def live(self) -> Data:
        return self.connection.get(self.url)

    def patch(self, body: Any, how: str, manager: str = "kubectl-edit", under: str = "") -> None:
        query = {"fieldManager": manager} | ({"force": "true"} if how == APPLY else {})
        self.connection.request("PATCH", self.url + under, body, query=query, content_type=how)

    def put(self, change: Callable[[Data], Any], manager: str = "kubectl-replace") -> None:
        live = self.live
        change(live)
        self.connection.request("PUT", self.url, live, query={"fieldManager": manager})

    def drift(self, **options: Any) -> list[Diagnostic]:
        report = detect_drift(self.bundle, ClusterView(self.connection), **options)
        return [d for d in report.diagnostics if d.code.id[:4] == "BP80"]

    def carry_out(self, command: str) -> int:
        """Run a command, as far as possible without a shell and a file."""
        program, *words = shlex.split(command)
        if program == "kubectl":
            return self.lab.kubectl(*words, check=False).returncode
        assert program == "blueprint"
        options = build_parser("apply").parse_args(split_scopes([words[0], "bundle", *words[1:]]))
        taking, replacing = Consent.given(options.force_conflicts), Consent.given(options.replace)
        plan = make_plan(self.bundle, self.connection)
        return apply_plan(plan, self.connection, ApplyOptions(20, taking, replace=replacing)).exit_code


Edit = tuple[str, Callable[[World], None]]


def strategic(kind: str, body: Any, manager: str = "kubectl-edit") -> Edit:
    return kind, lambda world: world.patch(body, STRATEGIC, manager)


def merge(kind: str, body: Any, manager: str = "kubectl-patch") -> Edit:
    return kind, lambda world: world.patch(body, MERGE_PATCH, manager)


def ops(kind: str, *operations: tuple[Any, ...]) -> Edit:
    body = [{"op": op, "path": path} | ({"value": rest[0]} if rest else {}) for op, path, *rest in operations]
    return kind, lambda world: world.patch(body, JSON_PATCH, "kubectl-patch")


def put(kind: str, change: Callable[[Data], Any]) -> Edit:
    return kind, lambda world: world.put(change)


def several(*edits: Edit) -> Edit:
    def change(world: World) -> None:
        for _, edit in edits:
            edit(world)

    return edits[0][0], change


def by_apply(kind: str, body: Data, manager: str = "argocd") -> Edit:
    def change(world: World) -> None:
        live = world.live
        head = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": {"name": live["metadata"]["name"]}}
        world.patch(head | body, APPLY, manager)

    return kind, change


def under_our_name(kind: str, change: Callable[[Data], Any], *, how: str = APPLY) -> Edit:
    """Another client uses our field manager."""

    def write(world: World) -> None:
        us = f"blueprint:{world.bundle.name}"
        live = world.live
        data = copy.deepcopy(dict(world.bundle.objects[0].data))
        data["metadata"] = {**data["metadata"], "labels": live["metadata"]["labels"]}
        change(data)
        world.patch(data, how, us)

    return kind, write


def main(**container: Any) -> Data:
    return pod(containers=[{"name": "main", **container}])


def pod(**spec: Any) -> Data:
    return {"spec": {"template": {"spec": spec}}}


WIPE = ("replace", "/metadata/managedFields", [{}])


def through_v1(world: World) -> None:
    url = world.url.replace("/v2/", "/v1/")
    body = {"spec": {"targetCPUUtilizationPercentage": 77}}
    world.connection.request("PATCH", url, body, query={"fieldManager": "kubectl-edit"}, content_type=MERGE_PATCH)


def deleted(world: World) -> None:
    world.connection.delete(world.url)


def made_anew(change: Callable[[Data], Any] = lambda _: None) -> Callable[[World], None]:
    def write(world: World) -> None:
        world.connection.delete(world.url)
        data = copy.deepcopy(dict(world.bundle.objects[0].data))
        change(data)
        query = {"fieldManager": "kubectl-create"}
        world.connection.request("POST", world.url.rpartition("/")[0], data, query=query)

    return write


def reordered(*path: str, manager: str = "kubectl-replace") -> Callable[[Data], Any]:
    def change(live: Data) -> None:
        for step in path:
            live = live[step] if not step.isdecimal() else live[int(step)]  # type: ignore[call-overload]
        live.reverse()  # type: ignore[attr-defined]

    return change


INIT = ("spec", "template", "spec", "initContainers")
EDITS: dict[str, Edit] = {
    "image": strategic("Deployment", main(image="x:2")),
    "image by an applier": by_apply("Deployment", pod(containers=[{"name": "main", "image": "x:9"}])),
    "two contested fields of one object": strategic("Deployment", {"spec": {"replicas": 9, **main(image="x")["spec"]}}),
    "contested and removed": several(
        strategic("Deployment", main(image="x:2")), ops("Deployment", ("remove", f"{MAIN}/env/1"))
    ),
    "scale": ("Deployment", lambda world: world.patch({"spec": {"replicas": 5}}, MERGE_PATCH, "kubectl", "/scale")),
    "variable": strategic("Deployment", main(env=[{"name": "MODE", "value": "slow"}])),
    "variable added": strategic("Deployment", main(env=[{"name": "DEBUG", "value": "1"}])),
    "variable removed": ops("Deployment", ("remove", f"{MAIN}/env/0")),
    "variable twice": put("Deployment", lambda live: live["spec"]["template"]["spec"]["containers"][0]["env"].append(
        {"name": "MODE", "value": "again"})),
    "variable from elsewhere": ops("Deployment", ("replace", f"{MAIN}/env/0", {
        "name": "MODE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})),
    "sidecar": strategic("Deployment", pod(containers=[{"name": "spy", "image": "spy"}])),
    "two sidecars and a variable": several(
        strategic("Deployment", pod(containers=[{"name": "spy", "image": "spy"}, {"name": "spy2", "image": "spy"}])),
        strategic("Deployment", main(env=[{"name": "DEBUG", "value": "1"}])),
    ),
    "sidecar first": ops("Deployment", ("add", f"{POD}/containers/0", {"name": "spy", "image": "spy"})),
    "host network": strategic("Deployment", pod(hostNetwork=True)),
    "pull policy": strategic("Deployment", main(imagePullPolicy="Never")),
    "arguments": ops("Deployment", ("replace", f"{MAIN}/args", ["--port", "81"])),
    "node selector": merge("Deployment", pod(nodeSelector={"other": "x"})),
    "toleration": ops("Deployment", ("add", f"{POD}/tolerations/-", {"key": "a", "operator": "Exists"})),
    "another strategy": merge("Deployment", {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}),
    "paused": merge("Deployment", {"spec": {"paused": True}}),
    "volume of another type": ops("Deployment", ("replace", f"{POD}/volumes/0", {"name": "config", "emptyDir": {}})),
    "port of a container renumbered": ops("Deployment", ("replace", f"{MAIN}/ports/0/containerPort", 8080)),
    "init containers reordered": put("Deployment", reordered(*INIT)),
    "init containers reordered and an image changed": put("Deployment", lambda live: (
        reordered(*INIT)(live), live["spec"]["template"]["spec"]["containers"][0].update(image="x:7"))),
    "init containers reordered with a stranger": put("Deployment", lambda live: (
        reordered(*INIT)(live), live["spec"]["template"]["spec"]["initContainers"].insert(
            0, {"name": "spy", "image": "spy"}))),
    "variables reordered that refer to each other": ("CronJob", lambda world: world.put(
        reordered("spec", "jobTemplate", "spec", "template", "spec", "containers", "0", "env"))),
    "restart": strategic("Deployment", {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}}),
    "label": strategic("Deployment", {"metadata": {"labels": {"app": "other"}}}),
    "label added": strategic("Deployment", {"metadata": {"labels": {"team.example.org/a_b.c": "x"}}}),
    "label removed": ops("Deployment", ("remove", "/metadata/labels/app")),
    "membership label removed": ops("ConfigMap", ("remove", "/metadata/labels/applyset.kubernetes.io~1part-of")),
    "annotation added": merge("Deployment", {"metadata": {"annotations": {"a/b": "2"}}}),
    "finalizer": strategic("ConfigMap", {"metadata": {"finalizers": ["example.org/hold"]}}),
    "owners wiped": ops("Deployment", WIPE),
    "owners wiped of a Service": ops("Service", WIPE),
    "owners wiped of a Secret": ops("Secret", WIPE),
    "owners wiped of a custom resource": ops("Widget", WIPE),
    "owners wiped, image changed": several(
        strategic("Deployment", main(image="x:2")), ops("Deployment", WIPE)
    ),
    "owners wiped, host network": several(strategic("Deployment", pod(hostNetwork=True)), ops("Deployment", WIPE)),
    "owner of one field, the same value": several(
        merge("ConfigMap", {"data": {"a": "2"}}), merge("ConfigMap", {"data": {"a": "1"}})
    ),
    "our name, another value": under_our_name("ConfigMap", lambda data: data["data"].update(a="9")),
    "our name, an addition": under_our_name("ConfigMap", lambda data: data["data"].update(extra="9")),
    "our name, a removal": under_our_name("ConfigMap", lambda data: data["data"].pop("a")),
    "our name, by an update": under_our_name("ConfigMap", lambda data: data["data"].update(a="9"), how=MERGE_PATCH),
    "data": merge("ConfigMap", {"data": {"a": "2"}}),
    "data added": merge("ConfigMap", {"data": {"extra": "2"}}),
    "data removed": merge("ConfigMap", {"data": {"a": None}}),
    "data frozen": merge("ConfigMap", {"immutable": True}),
    "data changed and frozen": several(
        merge("ConfigMap", {"data": {"a": "2"}}), merge("ConfigMap", {"immutable": True})
    ),
    "binary data added": merge("ConfigMap", {"binaryData": {"b": "YQ=="}}),
    "secret": merge("Secret", {"data": {"token": "Yg=="}}),
    "secret added": merge("Secret", {"data": {"more": "Yg=="}}),
    "deleted": ("Deployment", deleted),
    "made anew": ("ConfigMap", made_anew()),
    "made anew with another value": ("ConfigMap", made_anew(lambda data: data["data"].update(a="9", more="1"))),
    "made anew, a Deployment": ("Deployment", made_anew()),
    "port of a Service renumbered": ops("Service", ("replace", "/spec/ports/0/port", 8080)),
    "port of a Service added": ops("Service", ("add", "/spec/ports/-", {"name": "c", "port": 99, "protocol": "TCP"})),
    "type of a Service": merge("Service", {"spec": {"type": "NodePort"}}),
    "affinity of a Service": merge("Service", {"spec": {"sessionAffinity": "ClientIP"}}),
    "selector of a Service": merge("Service", {"spec": {"selector": {"app": "evil"}}}),
    "external addresses": merge("Service", {"spec": {"externalIPs": ["192.0.2.1"]}}),
    "target port": ops("Service", ("replace", "/spec/ports/0/targetPort", 8080)),
    "partition": merge("StatefulSet", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 1}}}}),
    "suspended": merge("CronJob", {"spec": {"suspend": True}}),
    "schedule": merge("CronJob", {"spec": {"schedule": "1 * * * *"}}),
    "autoscaler": merge("HorizontalPodAutoscaler", {"spec": {"maxReplicas": 9}}),
    "autoscaler through another version": ("HorizontalPodAutoscaler", through_v1),
    "budget": merge("PodDisruptionBudget", {"spec": {"minAvailable": 0}}),
    "budget of another type": merge("PodDisruptionBudget", {"spec": {"minAvailable": None, "maxUnavailable": 1}}),
    "policy widened": merge("NetworkPolicy", {"spec": {"ingress": [{}]}}),
    "policy removed": merge("NetworkPolicy", {"spec": {"ingress": None}}),
    "policy types": merge("NetworkPolicy", {"spec": {"policyTypes": ["Ingress", "Egress"]}}),
    "rules": merge("Role", {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
    "rules of the cluster": ops("ClusterRole", ("add", "/rules/0/verbs/-", "delete")),
    "aggregation": merge("ClusterRole", {"metadata": {"labels": {"aggregate": "yes"}}}),
    "subject": ops("RoleBinding", ("add", "/subjects/-", {"kind": "User", "name": "m", "apiGroup":
        "rbac.authorization.k8s.io"})),
    "quota": merge("ResourceQuota", {"spec": {"hard": {"pods": "99"}}}),
    "quota added": merge("ResourceQuota", {"spec": {"hard": {"services": "9"}}}),
    "limits": merge("LimitRange", {"spec": {"limits": [{"type": "Container", "default": {"cpu": "9"}}]}}),
    "priority described": merge("PriorityClass", {"description": "other"}),
    "webhook fails": ops("MutatingWebhookConfiguration", ("replace", "/webhooks/0/timeoutSeconds", 3)),
    "host": ops("Ingress", ("replace", "/spec/rules/0/host", "b.example.org")),
    "namespace label": merge("Namespace", {"metadata": {"labels": {"level": "low"}}}),
    "namespace label added": merge("Namespace", {"metadata": {"labels": {"more": "x"}}}),
    "field of a custom resource": merge("Widget", {"spec": {"size": "2000m"}}),
    "default of a custom resource": merge("Widget", {"spec": {"policy": "Never"}}),
    "set of a custom resource": ops("Widget", ("add", "/spec/names/-", "z")),
    "set of a custom resource, removed": ops("Widget", ("remove", "/spec/names/0")),
    "items of a custom resource": ops("Widget", ("add", "/spec/keyed/-", {"id": "z"}), ("remove", "/spec/keyed/0")),
    "map of a custom resource": merge("Widget", {"spec": {"granular": {"k": "x", "extra": "y"}}}),
    "sealed map of a custom resource": merge("Widget", {"spec": {"sealed": {"more": "y"}}}),
    "unknown field of a custom resource": merge("Widget", {"spec": {"any": {"new": {"deep": [1]}}}}),
}  # fmt: skip
NO_COMMAND = {
    "data frozen": "`immutable: true` cannot be taken back, and nothing that is declared differs",
}
"""Edits that remain in part after every printed command, with the reason."""


@pytest.fixture(scope="module")
def widgets(connection: Connection) -> None:
    crd = definition()
    url = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{crd['metadata']['name']}"
    connection.apply(url, crd, "oracle", force=True)
    eventually(
        lambda: connection.get("/apis/drift.example.org/v1/widgets"), "the definition is served", errors=(ApiError,)
    )


@pytest.fixture
def world(lab, connection: Connection, namespace: str) -> Callable[[str], World]:
    def make(kind: str) -> World:
        made = World(bundle_of(f"a-{uuid.uuid4().hex[:8]}", [named(kind, namespace)]), connection, lab)
        outcome = apply_plan(make_plan(made.bundle, connection), connection, ApplyOptions(20))
        assert outcome.exit_code == 0, outcome.diagnostics
        assert made.drift() == []
        return made

    return make


@pytest.mark.parametrize("edit", EDITS)
def test_what_is_printed_undoes_the_edit(world: Callable[[str], World], widgets: None, edit: str) -> None:
    kind, change = EDITS[edit]
    made = world(kind)
    change(made)
    found = made.drift()
    assert found, "the edit is not noticed"
    said = [(d.path, d.help) for d in found]
    done: list[tuple[str, int]] = []
    for _ in range(MOST_ROUNDS):
        # Each command of one run is executed once; if one of them failed, the remaining findings show it.
        commands = dict.fromkeys(command for d in found for command in d.commands)
        if not commands:
            break
        done += [(command, made.carry_out(command)) for command in commands]
        found = made.drift()
    if edit in NO_COMMAND:
        assert found, f"{edit} is undone after all"
        assert not any(d.commands for d in found), [(d.message, d.help) for d in found]
        assert all(d.help for d in found)
    else:
        assert found == [], (said, done)
        assert done


WIPED = ["Job", "Namespace", "PersistentVolumeClaim", "Service", "StatefulSet", "Ingress", "PriorityClass", "CronJob"]


@pytest.mark.parametrize("kind", WIPED)
def test_wiped_owners_come_back_whatever_the_server_filled_in(world: Callable[[str], World], kind: str) -> None:
    """Kinds in which the server itself writes a lot: this must not be reported as an addition, nor be owned
    afterwards.
    """
    made = world(kind)
    before = made.live
    made.patch([{"op": WIPE[0], "path": WIPE[1], "value": WIPE[2]}], JSON_PATCH)

    [found] = made.drift()
    assert made.carry_out(found.commands[0]) == 0

    assert made.drift() == []
    after = made.live
    assert [e["manager"] for e in after["metadata"]["managedFields"]] == [f"blueprint:{made.bundle.name}"]
    assert {**after, "metadata": None} == {**before, "metadata": None}
    assert made.carry_out("blueprint apply") == 0
    assert made.live["metadata"]["resourceVersion"] == after["metadata"]["resourceVersion"]


@pytest.mark.parametrize("edit", ["image", "sidecar", "volume of another type", "owners wiped", "deleted"])
def test_every_command_is_in_the_help_as_it_must_be_typed(world: Callable[[str], World], edit: str) -> None:
    kind, change = EDITS[edit]
    made = world(kind)
    change(made)
    for found in made.drift():
        assert found.commands
        for command in found.commands:
            assert f"`{command}`" in (found.help or "")


def test_repairing_one_field_takes_over_no_other(world: Callable[[str], World]) -> None:
    kind, change = EDITS["two contested fields of one object"]
    made = world(kind)
    change(made)
    [image] = [d for d in made.drift() if (d.path or "").endswith("image")]

    assert made.carry_out(image.commands[0]) == 1

    assert [d.path for d in made.drift()] == ["spec.replicas"]
    assert made.live["spec"]["replicas"] == 9


def test_without_dry_runs_ownership_decides(world: Callable[[str], World]) -> None:
    made = world("ConfigMap")
    made.patch({"data": {"a": "2"}}, MERGE_PATCH)

    [found] = made.drift(dry_run=False)

    assert made.carry_out(found.commands[0]) == 0
    assert made.drift() == []


def test_what_terminates_promises_nothing(world: Callable[[str], World]) -> None:
    made = world("ConfigMap")
    made.patch({"metadata": {"finalizers": ["example.org/hold"]}, "data": {"a": "2"}}, MERGE_PATCH)
    made.connection.delete(made.url)

    found = made.drift()

    assert len(found) == 3
    assert all(not d.commands and d.help for d in found)


def test_where_the_namespace_is_missing_no_apply_is_promised(lab, connection: Connection, namespace: str) -> None:
    gone = f"{namespace}-gone"
    made = World(bundle_of(f"a-{uuid.uuid4().hex[:8]}", [named("ConfigMap", gone)]), connection, lab)

    [found] = [d for d in made.drift() if d.code.slug == "missing-object"]

    assert found.commands == ()
    assert "namespace is missing" in (found.help or "")


def test_a_copy_of_ours_is_reported_as_a_copy_with_who_made_it(world: Callable[[str], World]) -> None:
    made = world("Deployment")
    copied = copy.deepcopy(made.live)
    copied["metadata"] = {"name": "copy", "labels": copied["metadata"]["labels"]}
    query = {"fieldManager": "kubectl-create"}
    made.connection.request("POST", made.url.rpartition("/")[0], copied, query=query)

    [found] = made.drift()

    assert found.code.slug == "copied-label"
    assert "kubectl-create" in found.message
    assert made.carry_out(found.commands[0]) == 0
    assert made.drift() == []


def test_an_orphan_is_deleted_by_what_is_printed_unless_it_holds_something(lab, connection, namespace: str) -> None:
    both = bundle_of(f"a-{uuid.uuid4().hex[:8]}", [named("ConfigMap", namespace), named("Secret", namespace)])
    apply_plan(make_plan(both, connection), connection, ApplyOptions(20))
    made = World(bundle_of(both.name, []), connection, lab)

    by_kind = {(d.subject or "").partition("/")[0]: d for d in made.drift() if d.code.slug == "orphaned-object"}

    assert by_kind["Secret"].commands == ()
    assert made.carry_out(by_kind["ConfigMap"].commands[0]) == 0
    assert [d.subject for d in made.drift() if d.code.slug == "orphaned-object"] == [f"Secret/{namespace}/web"]


def test_an_object_deleted_and_made_by_hand_is_one_finding(world: Callable[[str], World]) -> None:
    made = world("ConfigMap")
    made_anew()(made)

    report = detect_drift(made.bundle, ClusterView(made.connection))

    assert [f.kind for f in report.findings] == [FindingKind.REPLACED]
    assert report.findings[0].writer is not None
    assert report.findings[0].writer.manager == "kubectl-create"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("edit", ["our name, another value", "data removed"])
def test_no_force_is_advised_where_nobody_else_owns_anything(
    world: Callable[[str], World], edit: str, dry_run: bool
) -> None:
    kind, change = EDITS[edit]
    made = world(kind)
    change(made)

    assert [d.commands for d in made.drift(dry_run=dry_run)] == [("blueprint apply",)]


def test_another_order_is_not_blamed_on_who_wrote_before_our_apply(lab, connection: Connection, namespace: str) -> None:
    made = World(bundle_of(f"a-{uuid.uuid4().hex[:8]}", [named("Deployment", namespace)]), connection, lab)
    early = copy.deepcopy(dict(made.bundle.objects[0].data))
    early["metadata"]["labels"] = {"app": "web", "early": "yes"}
    connection.request("POST", made.url.rpartition("/")[0], early, query={"fieldManager": "mallory"})
    time.sleep(1.1)
    assert made.carry_out("blueprint apply") == 0
    made.put(reordered(*INIT))

    kinds = {f.kind: f.writer for f in detect_drift(made.bundle, ClusterView(connection)).findings}

    assert kinds[FindingKind.REORDERED] is None
    assert kinds[FindingKind.FOREIGN_ADDITION] is not None


def test_another_order_is_blamed_on_nobody_who_cannot_have_done_it(world: Callable[[str], World]) -> None:
    """Our own entry is the only one: the server records no writer for an order."""
    made = world("Deployment")
    made.put(reordered(*INIT))

    [finding] = detect_drift(made.bundle, ClusterView(made.connection)).findings

    assert finding.kind is FindingKind.REORDERED
    assert finding.writer is None


def test_another_order_is_blamed_on_the_last_who_wrote_after_us(world: Callable[[str], World]) -> None:
    made = world("Deployment")
    time.sleep(1.1)  # managedFields have a resolution of one second
    made.put(lambda live: (reordered(*INIT)(live), live["metadata"]["labels"].update(extra="1")), "mallory")

    [finding] = [
        f for f in detect_drift(made.bundle, ClusterView(made.connection)).findings if f.kind is FindingKind.REORDERED
    ]

    assert finding.writer is not None
    assert finding.writer.manager == "mallory"


def test_a_change_through_another_version_names_its_writer(world: Callable[[str], World]) -> None:
    made = world("HorizontalPodAutoscaler")
    through_v1(made)

    [finding] = detect_drift(made.bundle, ClusterView(made.connection)).findings

    assert finding.writer is not None
    assert finding.writer.manager == "kubectl-edit"


def test_commands_name_the_target_and_the_cluster_of_the_run() -> None:
    from blueprint.drift import codes
    from blueprint.drift.commands import aimed, kubectl

    identity = ObjectId("apps", "Deployment", "ns", "web")
    commands = ("blueprint apply '--force-conflicts=Deployment/ns/web:a[name=b].c'", kubectl("delete", identity))
    text = f"`{commands[0]}` or `{commands[1]}`"
    found = Diagnostic(codes.MODIFIED, "m", help=text, commands=commands)

    told = aimed(found, ["my blueprint.yaml"], ["--context=prod"])

    assert told.commands == (
        "blueprint apply 'my blueprint.yaml' '--force-conflicts=Deployment/ns/web:a[name=b].c' --context=prod",
        "kubectl delete deployment.apps web --namespace ns --context=prod",
    )
    assert told.help == f"`{told.commands[0]}` or `{told.commands[1]}`"


def test_the_table_is_as_long_as_the_edits_that_are_known() -> None:
    assert len(EDITS) >= 60
    assert set(NO_COMMAND) <= set(EDITS)
    assert deployment("x")["spec"]["template"]["spec"]["initContainers"][1:], "an order needs two"
