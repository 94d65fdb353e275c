"""Changes made on a real API server as users and tools make them: each is found, and attributed to its writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from blueprint.changes.compare import ABSENT
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.drift.detect import as_run
from blueprint.drift.model import FindingKind
from blueprint.records import replace
from tests.support.drift_platform import APPLY, JSON_PATCH, MERGE_PATCH, Applied, apply, bundle_of

MODIFIED, REMOVED, ADDED = FindingKind.MODIFIED, FindingKind.REMOVED, FindingKind.FOREIGN_ADDITION
POD = "spec.template.spec"
MAIN = f"{POD}.containers[name=main]"


def pod(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


def main(**container: Any) -> dict[str, Any]:
    return pod(containers=[{"name": "main", **container}])


def strategic(what: str, body: Any, manager: str = "kubectl-edit", subresource: str = "") -> Callable[[Applied], None]:
    return lambda applied: applied.patch(what, body, manager=manager, subresource=subresource)


def json_patch(what: str, *operations: tuple[Any, ...], manager: str = "kubectl-patch") -> Callable[[Applied], None]:
    body = [{"op": op[0], "path": op[1]} | ({"value": op[2]} if len(op) > 2 else {}) for op in operations]
    return lambda applied: applied.patch(what, body, manager=manager, how=JSON_PATCH)


def server_side(what: str, body: dict[str, Any], manager: str) -> Callable[[Applied], None]:
    def change(applied: Applied) -> None:
        live = applied.get(what)
        named = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": {"name": "web"}, **body}
        applied.patch(what, named, manager=manager, how=APPLY, force=True)

    return change


TEMPLATE = "/spec/template/spec"
EDITS: dict[str, tuple[Callable[[Applied], None], set[tuple[FindingKind, str, str | None]]]] = {
    "image": (
        strategic("Deployment", main(image="example.org/web:2.0")),
        {(MODIFIED, f"{MAIN}.image", "kubectl-edit")},
    ),
    "image by another applier": (
        server_side("Deployment", pod(containers=[{"name": "main", "image": "x:9"}]), "argocd"),
        {(MODIFIED, f"{MAIN}.image", "argocd")},
    ),
    "replicas by scale": (
        strategic("Deployment", {"spec": {"replicas": 5}}, "kubectl", "scale"),
        {(MODIFIED, "spec.replicas", "kubectl")},
    ),
    "memory limit": (
        strategic("Deployment", main(resources={"limits": {"memory": "2Gi"}})),
        {(MODIFIED, f"{MAIN}.resources.limits.memory", "kubectl-edit")},
    ),
    "variable": (
        strategic("Deployment", main(env=[{"name": "MODE", "value": "slow"}])),
        {(MODIFIED, f"{MAIN}.env[name=MODE].value", "kubectl-edit")},
    ),
    "added variable": (
        strategic("Deployment", main(env=[{"name": "DEBUG", "value": "1"}])),
        {(ADDED, f"{MAIN}.env[name=DEBUG]", "kubectl-edit")},
    ),
    "removed variable": (
        json_patch("Deployment", ("remove", f"{TEMPLATE}/containers/0/env/0")),
        {(REMOVED, f"{MAIN}.env[name=MODE]", None)},
    ),
    "sidecar": (
        strategic("Deployment", pod(containers=[{"name": "spy", "image": "spy"}]), "mallory"),
        {(ADDED, f"{POD}.containers[name=spy]", "mallory")},
    ),
    "sidecar by another applier": (
        server_side("Deployment", pod(containers=[{"name": "spy", "image": "spy"}]), "mallory"),
        {(ADDED, f"{POD}.containers[name=spy]", "mallory")},
    ),
    "host network": (
        strategic("DaemonSet", pod(hostNetwork=True), "mallory"),
        {(ADDED, f"{POD}.hostNetwork", "mallory")},
    ),
    "privileged": (
        strategic("DaemonSet", main(securityContext={"privileged": True})),
        {(ADDED, f"{MAIN}.securityContext", "kubectl-edit")},
    ),
    "pull policy, a default": (
        strategic("Deployment", main(imagePullPolicy="Always")),
        {(ADDED, f"{MAIN}.imagePullPolicy", "kubectl-edit")},
    ),
    "strategy, a default": (
        json_patch("Deployment", ("replace", "/spec/strategy", {"type": "Recreate"})),
        {(ADDED, "spec.strategy.type", "kubectl-patch")},
    ),
    "toleration appended to an atomic list": (
        json_patch("Deployment", ("add", f"{TEMPLATE}/tolerations/-", {"operator": "Exists"})),
        {(MODIFIED, f"{POD}.tolerations", "kubectl-patch")},
    ),
    "key added to an atomic map": (
        strategic("Deployment", pod(nodeSelector={"zone": "b"})),
        {(MODIFIED, f"{POD}.nodeSelector", "kubectl-edit")},
    ),
    "argument": (
        json_patch("Deployment", ("add", f"{TEMPLATE}/containers/0/args/-", "--verbose")),
        {(MODIFIED, f"{MAIN}.args", "kubectl-patch")},
    ),
    "volume of another kind": (
        json_patch("Deployment", ("replace", f"{TEMPLATE}/volumes/0", {"name": "config", "emptyDir": {}})),
        {
            (REMOVED, f"{POD}.volumes[name=config].configMap", None),
            (ADDED, f"{POD}.volumes[name=config].emptyDir", "kubectl-patch"),
        },
    ),
    "label": (
        strategic("Service", {"metadata": {"labels": {"team": "x"}}}, "kubectl-label"),
        {(ADDED, "metadata.labels.team", "kubectl-label")},
    ),
    "declared label": (
        strategic("Deployment", {"metadata": {"labels": {"app": "other"}}}, "kubectl-label"),
        {(MODIFIED, "metadata.labels.app", "kubectl-label")},
    ),
    "dotted annotation": (
        strategic("Deployment", {"metadata": {"annotations": {"example.org/a.b": "2"}}}, "kubectl-annotate"),
        {(MODIFIED, 'metadata.annotations["example.org/a.b"]', "kubectl-annotate")},
    ),
    "first annotation": (
        strategic("ConfigMap", {"metadata": {"annotations": {"a/b": "2"}}}, "kubectl-annotate"),
        {(ADDED, 'metadata.annotations["a/b"]', "kubectl-annotate")},
    ),
    "restart": (
        strategic(
            "Deployment",
            {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}},
            "kubectl-rollout",
        ),
        {
            (
                ADDED,
                'spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]',
                "kubectl-rollout",
            )
        },
    ),
    "finalizer": (
        strategic("ConfigMap", {"metadata": {"finalizers": ["example.org/hold"]}}),
        {(ADDED, "metadata.finalizers[0]", "kubectl-edit")},
    ),
    "data": (
        strategic("ConfigMap", {"data": {"mode": "slow", "extra": "1", "level": None}}),
        {
            (MODIFIED, "data.mode", "kubectl-edit"),
            (ADDED, "data.extra", "kubectl-edit"),
            (REMOVED, "data.level", None),
        },
    ),
    "secret": (
        strategic("Secret", {"data": {"token": "b3RoZXItc2VjcmV0"}}),
        {(MODIFIED, "data.token", "kubectl-edit")},
    ),
    "rules": (
        strategic("Role", {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        {(MODIFIED, "rules", "kubectl-edit")},
    ),
    "port renumbered": (
        json_patch("Service", ("replace", "/spec/ports/0/port", 8080)),
        {
            (REMOVED, "spec.ports[name=http]", None),
            (ADDED, "spec.ports[name=http]", "kubectl-patch"),
        },
    ),
    "service type, a default": (
        strategic("Service", {"spec": {"type": "NodePort"}}),
        {(ADDED, "spec.type", "kubectl-edit")},
    ),
    "init containers swapped": (
        lambda applied: applied.replace("Deployment", lambda live: _pod(live)["initContainers"].reverse()),
        {(FindingKind.REORDERED, f"{POD}.initContainers", "ANY")},
    ),
    "membership label stripped": (
        json_patch("ConfigMap", ("remove", "/metadata/labels/applyset.kubernetes.io~1part-of")),
        {(REMOVED, 'metadata.labels["applyset.kubernetes.io/part-of"]', None)},
    ),
}


def _pod(live: dict[str, Any]) -> dict[str, Any]:
    return live["spec"]["template"]["spec"]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_found_at_its_path_with_its_writer(applied: Applied, edit: str) -> None:
    change, expected = EDITS[edit]
    change(applied)

    report = applied.drift()

    found = {(f.kind, f.path, f.writer.manager if f.writer else None) for f in report.findings}
    wanted = {
        (k, p, next((w for k2, p2, w in found if (k2, p2) == (k, p)), w) if w == "ANY" else w) for k, p, w in expected
    }
    assert found == wanted
    assert report.exit_code == 1


def test_nothing_is_found_right_after_an_apply_and_after_a_second_one(applied: Applied) -> None:
    assert applied.drift().exit_code == 0
    apply(applied.bundle, applied.connection)

    report = applied.drift()

    assert (report.findings, report.diagnostics, report.exit_code) == ((), (), 0)
    assert report.coverage[0].examined == 7


QUIET: dict[str, Callable[[Applied], None]] = {
    "status": strategic(
        "Deployment", {"status": {"replicas": 2, "observedGeneration": 1}}, "kube-controller-manager", "status"
    ),
    "status by hand": strategic("Deployment", {"status": {"readyReplicas": 0}}, "mallory", "status"),
    "revision annotation of the controller": strategic(
        "Deployment",
        {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}}},
        "kube-controller-manager",
    ),
    "containers in another order": lambda applied: applied.replace(
        "Deployment", lambda live: _pod(live)["containers"].reverse()
    ),
    "another applier agrees": server_side("ConfigMap", {"data": {"mode": "fast"}}, "argocd"),
    "a write that changes nothing": strategic("Deployment", main(image="example.org/web:1.0")),
    "a quantity in another form": strategic("Deployment", main(resources={"limits": {"cpu": "1000m"}})),
}


@pytest.mark.parametrize("edit", QUIET)
def test_what_is_not_drift_is_not_reported(applied: Applied, edit: str) -> None:
    QUIET[edit](applied)

    report = applied.drift()

    assert (report.findings, report.exit_code) == ((), 0)


def test_a_name_alone_excuses_nobody(applied: Applied) -> None:
    """A client can call itself kube-controller-manager: its permitted writes are listed field by field."""
    applied.patch("Deployment", pod(hostNetwork=True), manager="kube-controller-manager")

    [finding] = applied.findings()

    assert (finding.kind, finding.path) == (ADDED, f"{POD}.hostNetwork")


def test_a_change_under_our_own_name_is_found(applied: Applied) -> None:
    """Another client applies with our field manager: the set of fields may be unchanged, but the value is not."""
    us = f"blueprint:{applied.bundle.name}"
    live = applied.declared("ConfigMap").data
    labels = applied.get("ConfigMap")["metadata"]["labels"]
    body = {**live, "metadata": {**live["metadata"], "labels": labels}, "data": {"mode": "slow", "level": "3"}}
    applied.patch("ConfigMap", body, manager=us, how=APPLY, force=True)

    [finding] = applied.findings()

    assert (finding.kind, finding.path, finding.live) == (MODIFIED, "data.mode", "slow")
    assert finding.writer is not None
    assert (finding.writer.manager, finding.writer.operation) == (us, "Apply")


def test_an_addition_under_our_own_name_is_found(applied: Applied) -> None:
    us = f"blueprint:{applied.bundle.name}"
    live = applied.declared("ConfigMap").data
    labels = applied.get("ConfigMap")["metadata"]["labels"] | {"extra": "1"}
    body = {**live, "metadata": {**live["metadata"], "labels": labels}}
    applied.patch("ConfigMap", body, manager=us, how=APPLY, force=True)
    applied.patch("Service", {"spec": {"sessionAffinity": "ClientIP"}}, manager=us)

    found = {(f.kind, f.path, f.writer.operation if f.writer else "") for f in applied.findings()}

    assert (FindingKind.MODIFIED, "metadata.labels.extra", "Apply") in found, "an apply takes back the ownership"
    assert (ADDED, "spec.sessionAffinity", "Update") in found


def test_a_value_changed_and_changed_back_has_lost_its_owner(applied: Applied) -> None:
    applied.patch("ConfigMap", {"data": {"mode": "slow"}})
    applied.patch("ConfigMap", {"data": {"mode": "fast"}})

    [finding] = applied.findings()

    assert (finding.kind, finding.path) == (FindingKind.OWNERSHIP_LOST, "data.mode")
    assert finding.writer is not None
    assert finding.writer.manager == "kubectl-edit"


def test_wiped_ownership_is_found_and_hides_no_addition(applied: Applied) -> None:
    """Without managedFields no writer can be named; a sidecar is found nevertheless."""
    applied.patch("Deployment", pod(containers=[{"name": "spy", "image": "spy"}], hostPID=True), manager="mallory")
    applied.patch("Deployment", [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}], how=JSON_PATCH)

    found = {(f.kind, f.path, f.writer) for f in applied.findings()}

    assert found == {
        (FindingKind.OWNERSHIP_LOST, "", None),
        (ADDED, f"{POD}.containers[name=spy]", None),
        (ADDED, f"{POD}.hostPID", None),
    }


def test_wiped_ownership_alone_is_one_finding(applied: Applied) -> None:
    wipe = [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]
    for kind in ("Deployment", "DaemonSet", "Service", "Role", "Secret"):
        applied.patch(kind, wipe, how=JSON_PATCH)

    findings = applied.findings()

    assert {f.kind for f in findings} == {FindingKind.OWNERSHIP_LOST}
    assert len(findings) == 5


def test_a_deleted_object_is_missing(applied: Applied) -> None:
    applied.connection.delete(applied.path("Service"))

    [finding] = applied.findings()

    assert (finding.kind, finding.subject) == (FindingKind.MISSING, f"Service/{applied.namespace}/web")
    assert finding.writer is None


def test_an_object_deleted_and_created_again_is_replaced(applied: Applied) -> None:
    """Its content is as declared, so only the replacement and its writer are reported."""
    live = applied.get("Deployment")
    applied.connection.delete(applied.path("Deployment"))
    for key in ("uid", "resourceVersion", "managedFields", "creationTimestamp", "generation"):
        live["metadata"].pop(key, None)
    collection = applied.path("Deployment").rpartition("/")[0]
    applied.connection.request("POST", collection, live, query={"fieldManager": "kubectl-create"})

    findings = applied.findings()

    assert [f.kind for f in findings] == [FindingKind.REPLACED]
    assert findings[0].writer is not None
    assert findings[0].writer.manager == "kubectl-create"


def test_a_replaced_object_shows_what_differs(applied: Applied) -> None:
    applied.connection.delete(applied.path("ConfigMap"))
    body = {"metadata": {"name": "web"}, "data": {"mode": "slow"}}
    collection = applied.path("ConfigMap").rpartition("/")[0]
    applied.connection.request("POST", collection, body, query={"fieldManager": "kubectl-create"})

    found = {(f.kind, f.path) for f in applied.findings()}

    assert (FindingKind.REPLACED, "") in found
    assert (MODIFIED, "data.mode") in found
    assert (REMOVED, "data.level") in found


def test_a_terminating_object_is_found_with_what_holds_it(applied: Applied) -> None:
    applied.patch("ConfigMap", {"metadata": {"finalizers": ["example.org/hold"]}}, how=MERGE_PATCH)
    applied.connection.delete(applied.path("ConfigMap"))

    found = {f.kind: f for f in applied.findings()}

    assert set(found) == {FindingKind.TERMINATING, ADDED}
    assert "example.org/hold" in found[FindingKind.TERMINATING].remarks[0].message


def test_what_is_no_longer_rendered_is_orphaned(applied: Applied) -> None:
    report = applied.drift(applied.without("Service"))

    [finding] = report.findings
    assert (finding.kind, finding.subject) == (FindingKind.ORPHANED, f"Service/{applied.namespace}/web")
    assert "BP8012" in {d.code.id for d in report.diagnostics}


def test_a_labelled_object_that_no_apply_made_is_a_copy(applied: Applied) -> None:
    labels = applied.get("ConfigMap")["metadata"]["labels"]
    body = {"metadata": {"name": "stray", "labels": labels}}
    collection = applied.path("ConfigMap").rpartition("/")[0]
    applied.connection.request("POST", collection, body, query={"fieldManager": "kubectl-create"})

    [finding] = applied.findings()

    assert (finding.kind, finding.subject) == (FindingKind.COPIED, f"ConfigMap/{applied.namespace}/stray")
    assert finding.writer is not None
    assert finding.writer.manager == "kubectl-create"


def test_a_finding_names_the_blueprint_line_it_contradicts(applied: Applied) -> None:
    applied.patch("Deployment", main(image="example.org/web:2.0"))

    [diagnostic] = applied.drift().diagnostics

    obj = applied.declared("Deployment")
    origin = obj.origins["spec", "template", "spec", "containers", 0, "image"]
    assert diagnostic.at == origin.sources[0].span
    evidence = dict(diagnostic.evidence)
    assert (evidence["declared"], evidence["live"]) == ('"example.org/web:1.0"', '"example.org/web:2.0"')
    assert (evidence["writer"], evidence["operation"]) == ("kubectl-edit", "Update")
    assert evidence["since"].endswith("Z")
    assert evidence["station"] == "live object"


def test_what_differs_inside_an_atomic_list_is_reported(applied: Applied) -> None:
    """The API server treats the whole list as one field; users want to know which part of it changed."""
    applied.patch("Role", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]}]})

    [diagnostic] = applied.drift().diagnostics

    assert '[0].verbs[1]: declared "list", live "delete"' in [note.message for note in diagnostic.notes]


def test_secret_values_appear_nowhere(applied: Applied) -> None:
    applied.patch("Secret", {"data": {"token": "b3RoZXItc2VjcmV0"}})

    told = repr(applied.drift().diagnostics)

    assert "b3RoZXItc2VjcmV0" not in told
    assert "c2VjcmV0LXRva2Vu" not in told


def test_a_field_of_another_bundle_is_not_applied_yet(applied: Applied) -> None:
    """The comparison uses a newer bundle: the value is ours, and it was not changed; no dry-run is needed."""
    manifests = [dict(obj.data) for obj in applied.bundle.objects]
    config = next(m for m in manifests if m["kind"] == "ConfigMap")
    config["data"] = {"mode": "turbo", "level": "3"}
    newer = replace(bundle_of(applied.bundle.name, manifests), digest="b" * 64)
    [finding] = applied.drift(newer, dry_run=False).findings

    assert (finding.kind, finding.path, finding.live) == (MODIFIED, "data.mode", "fast")
    assert "not applied yet" in finding.remarks[0].message


def test_absent_and_null_mean_no_value(applied: Applied) -> None:
    applied.patch("Deployment", pod(hostNetwork=True))

    [finding] = applied.findings()

    assert finding.declared is ABSENT


@pytest.mark.parametrize(
    ("edit", "advice"),
    [("image", "[name=main].image'` restores"), ("removed variable", "blueprint apply` restores it")],
)
def test_what_is_advised_restores_it_and_nothing_less_does(applied: Applied, edit: str, advice: str) -> None:
    """An apply leaves fields of other managers alone unless it is told to take them over; fields without an owner are
    written.
    """
    EDITS[edit][0](applied)
    report = applied.drift()
    [told] = report.diagnostics
    assert advice in (told.help or "")
    force = "image" in advice
    assert any("--force-conflicts" in each for d in report.diagnostics for each in d.commands) is force
    assert ("the commands in the findings restore" in as_run(report, "").verdict.lower()) is force
    plan = make_plan(applied.bundle, applied.connection)

    plainly = apply_plan(plan, applied.connection, ApplyOptions())
    assert plainly.exit_code == int(force)
    if force:
        assert apply_plan(plan, applied.connection, ApplyOptions(force_conflicts=True)).exit_code == 0

    assert not applied.drift().findings
