"""What a plan reports for objects: the action, the changed fields, their owners, and the lines they come from."""

from __future__ import annotations

import os
import subprocess

import orjson
import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.apiserver.errors import ApiError, Cause
from blueprint.changes.compare import ABSENT, Action
from blueprint.cli.run_results import plan_run
from blueprint.cluster.plan import make_plan
from blueprint.cluster.plan_model import Plan
from blueprint.cluster.step_decision import find_conflicts
from blueprint.diagnostics import Refused
from blueprint.inventory.storage import read_inventory, write_inventory
from blueprint.lab.assets import find
from blueprint.records import replace
from tests.support.bundles import (
    actions,
    apply,
    bundle,
    codes,
    config_map,
    definition,
    deployment,
    line_of,
    namespace,
    patch_as,
    widget,
)


def counted(cluster, monkeypatch) -> list[str]:
    """Every request that is sent from now on."""
    sent: list[str] = []
    real = cluster._send
    monkeypatch.setattr(cluster, "_send", lambda m, u, *rest: sent.append(f"{m} {u}") or real(m, u, *rest))
    return sent


def test_on_an_empty_cluster_everything_is_created_even_what_cannot_be_asked_about(cluster, unique) -> None:
    """Namespace and CRD are absent: no error, and the plan is complete."""
    group = f"{unique}.example.com"
    wanted = bundle(unique, namespace(unique), definition(group), config_map(unique), widget(group))
    plan = make_plan(wanted, cluster)
    assert [step.action for step in plan.steps] == [Action.CREATE] * 4
    assert (plan.diagnostics, plan.exit_code) == ((), 0)


def test_a_plan_writes_nothing(cluster, unique) -> None:
    make_plan(bundle(unique, namespace(unique)), cluster)
    assert unique not in [n["metadata"]["name"] for n in cluster.list("/api/v1/namespaces")]


def test_a_changed_field_is_named_with_both_values_and_its_line(cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace)), cluster)
    [step] = make_plan(bundle(unique, deployment(namespace, image="registry/operator:2")), cluster).steps
    [field] = step.fields
    path = ("spec", "template", "spec", "containers", 0, "image")
    assert (field.path, field.before, field.after) == (path, "registry/operator:1", "registry/operator:2")
    assert field.origin is not None
    assert field.origin.sources[0].span.line == line_of(*path)


def test_a_removed_field_is_named(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace, a="1", b="2")), cluster)
    [step] = make_plan(bundle(unique, config_map(namespace, a="1")), cluster).steps
    assert [(f.path, f.before, f.after) for f in step.fields] == [(("data", "b"), "2", ABSENT)]


def test_the_line_is_right_although_a_foreign_sidecar_shifts_the_list(cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace)), cluster)
    sidecar = {"spec": {"template": {"spec": {"containers": [{"name": "aaa", "image": "spy"}]}}}}
    patch_as("mallory", cluster, f"/apis/apps/v1/namespaces/{namespace}/deployments/operator", sidecar)
    [step] = make_plan(bundle(unique, deployment(namespace, image="registry/operator:2")), cluster).steps
    [field] = step.fields
    assert field.origin is not None
    assert field.origin.sources[0].span.line == line_of("spec", "template", "spec", "containers", 0, "image")


def test_our_own_label_is_never_shown_as_a_change(cluster, namespace, unique) -> None:
    cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace), "somebody")
    [step] = make_plan(bundle(unique, config_map(namespace)), cluster).steps
    assert (step.action, step.fields, step.reason) == (Action.UPDATE, (), "is added to the record")


def test_what_is_proven_unchanged_costs_no_dry_run(cluster, namespace, unique, monkeypatch) -> None:
    wanted = bundle(unique, config_map(namespace), deployment(namespace))
    apply(wanted, cluster)
    sent = counted(cluster, monkeypatch)
    assert actions(wanted, cluster) == [Action.UNCHANGED] * 2
    assert not [request for request in sent if not request.startswith("GET ")]
    assert not [request for request in sent if "/configmaps/settings" in request], "one LIST, no GET per object"


def test_status_updates_and_foreign_annotations_cost_no_dry_run_either(cluster, namespace, unique, monkeypatch) -> None:
    """The second is tier 1: other content, but our fields and their values are unchanged."""
    wanted = bundle(unique, deployment(namespace))
    apply(wanted, cluster)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/operator"
    patch_as("controller", cluster, f"{path}/status", {"status": {"replicas": 1, "observedGeneration": 1}})
    sent = counted(cluster, monkeypatch)
    assert actions(wanted, cluster) == [Action.UNCHANGED]
    patch_as("controller", cluster, path, {"metadata": {"annotations": {"revision": "1"}}})
    sent.clear()
    assert actions(wanted, cluster) == [Action.UNCHANGED]
    assert not [request for request in sent if "dryRun" in request]


@pytest.mark.parametrize(
    ("manager", "change", "path"),
    [
        ("kubectl-edit", {"spec": {"replicas": 5}}, ("spec", "replicas")),
        (
            "kubectl-client-side-apply",
            {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "other"}]}}}},
            ("spec", "template", "spec", "containers", 0, "image"),
        ),
        (
            "tool.with.dots",
            {"metadata": {"annotations": {"ex.io/x.y": "theirs"}}},
            ("metadata", "annotations", "ex.io/x.y"),
        ),
    ],
)
def test_a_conflict_names_owner_operation_time_both_values_and_the_line(
    manager, change, path, cluster, namespace, unique
) -> None:
    data = deployment(namespace, replicas=3)
    data["metadata"]["annotations"] = {"ex.io/x.y": "ours", "ex.io/x": "other"}
    wanted = bundle(unique, data)
    apply(wanted, cluster)
    patch_as(manager, cluster, f"/apis/apps/v1/namespaces/{namespace}/deployments/operator", change)

    plan = make_plan(wanted, cluster)

    [found] = plan.diagnostics
    evidence = dict(found.evidence)
    assert found.code.slug == "conflict"
    assert (evidence["manager"], evidence["operation"]) == (manager, "Update")
    assert evidence["since"].startswith("20")
    assert found.at is not None
    assert found.at.line == line_of(*path)
    assert plan.steps[0].conflicts[0].path == path
    assert plan.exit_code == 1


def test_a_conflict_through_a_subresource_names_it(cluster, namespace, unique) -> None:
    """An autoscaler owns replicas through `scale`."""
    wanted = bundle(unique, deployment(namespace, replicas=3))
    apply(wanted, cluster)
    scale = f"/apis/apps/v1/namespaces/{namespace}/deployments/operator/scale"
    cluster.patch(scale, {"spec": {"replicas": 7}}, "autoscaler")
    [found] = make_plan(wanted, cluster).diagnostics
    assert dict(found.evidence)["subresource"] == "scale"
    assert "through scale" in found.message


def test_an_immutable_field_means_replacement_which_is_not_done_unasked(cluster, namespace, unique) -> None:
    data = deployment(namespace)
    apply(bundle(unique, data), cluster)
    other = deployment(namespace)
    other["spec"]["selector"]["matchLabels"] = {"app": "operator", "tier": "x"}
    other["spec"]["template"]["metadata"]["labels"] = {"app": "operator", "tier": "x"}
    plan = make_plan(bundle(unique, other), cluster)
    assert [s.action for s in plan.steps] == [Action.REPLACE]
    assert codes(plan) == ["needs-replacement"]
    assert ("spec", "selector", "matchLabels", "tier") in [f.path for f in plan.steps[0].fields]


def test_a_plainly_invalid_object_is_not_called_immutable(cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace)), cluster)
    plan = make_plan(bundle(unique, deployment(namespace, image="")), cluster)
    [found] = plan.diagnostics
    assert found.code.slug == "rejected-by-server"
    assert found.at is not None
    assert found.at.line == line_of("spec", "template", "spec", "containers", 0, "image")


@pytest.mark.parametrize(
    ("break_it", "path"),
    [
        (lambda d: d["spec"]["template"]["spec"]["containers"][0]["env"][0].update(value=1),
         ("spec", "template", "spec", "containers", 0, "env", 0, "value")),
        (lambda d: d["spec"]["template"]["spec"]["containers"][0].update(imagePulPolicy="Always"),
         ("spec", "template", "spec", "containers", 0, "imagePulPolicy")),
        (lambda d: d["metadata"].update(labels={"a.b/c": True}), ("metadata", "labels", "a.b/c")),
    ],
)  # fmt: skip
def test_a_wrong_type_or_unknown_field_is_permanent_and_points_at_its_line(
    break_it, path, cluster, namespace, unique, monkeypatch
) -> None:
    """The server responds with 500 without a reason; a retry would change nothing."""
    data = deployment(namespace)
    break_it(data)
    sent = counted(cluster, monkeypatch)
    plan = make_plan(bundle(unique, data), cluster)
    [found] = plan.diagnostics
    assert found.code.slug == "rejected-by-server"
    assert found.at is not None
    assert found.at.line == line_of(*path)
    assert len([request for request in sent if "dryRun" in request]) == 1


def test_a_kind_that_nobody_serves_is_reported(cluster, unique) -> None:
    plan = make_plan(bundle(unique, widget(f"{unique}.example.com"), namespace(unique)), cluster)
    assert codes(plan) == ["kind-missing-in-cluster"]
    assert plan.exit_code == 1


def test_a_kind_served_in_another_version_only_says_which(cluster, namespace, unique) -> None:
    data = deployment(namespace) | {"apiVersion": "apps/v1beta1"}
    [found] = make_plan(bundle(unique, data), cluster).diagnostics
    assert "it serves apps/v1" in found.message


def test_a_namespace_that_nobody_creates_is_an_error(cluster, unique) -> None:
    plan = make_plan(bundle(unique, config_map(f"no-{unique}"), namespace(unique)), cluster)
    assert codes(plan) == ["rejected-by-server"]
    assert "its namespace is missing" in plan.diagnostics[0].message


def test_an_object_being_deleted_is_recreated(cluster, namespace, unique) -> None:
    held = config_map(namespace)
    held["metadata"]["finalizers"] = ["example.com/held"]
    path = f"/api/v1/namespaces/{namespace}/configmaps/settings"
    cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", held, "somebody")
    cluster.delete(path)
    plan = make_plan(bundle(unique, config_map(namespace)), cluster)
    assert [s.action for s in plan.steps] == [Action.CREATE]
    assert "example.com/held" in plan.steps[0].reason
    assert (codes(plan), plan.exit_code) == (["terminating"], 0)


def test_another_cluster_is_refused(cluster, unique) -> None:
    with pytest.raises(Refused) as caught:
        make_plan(bundle(unique, namespace(unique), cluster_uid="0000"), cluster)
    assert (caught.value.exit_code, codes(caught.value)) == (2, ["wrong-cluster"])
    uid = cluster.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert make_plan(bundle(unique, namespace(unique), cluster_uid=uid), cluster).cluster_uid == uid


def planned_as(lab, user: str, rules: list[dict], wanted) -> Plan:
    """A plan made by a user who may only do what `rules` allow."""
    meta = {"name": f"only-{user}"}
    binding = {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": meta["name"]},
               "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]}  # fmt: skip
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    lab.request("POST", f"{rbac}/clusterroles", {"metadata": meta, "rules": rules})
    lab.request("POST", f"{rbac}/clusterrolebindings", {"metadata": meta, **binding})
    return make_plan(wanted, connect(str(lab.user(user))))


def rule(resources: list[str], *verbs: str) -> dict:
    return {"apiGroups": ["", "apps"], "resources": resources, "verbs": list(verbs)}


def test_a_kind_that_may_not_be_read_is_unknown_and_the_rest_is_planned(lab, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace), deployment(namespace), node_labels="provisioner")
    apply(wanted, cluster)
    plan = planned_as(lab, unique, [rule(["configmaps", "namespaces"], "get", "list")], wanted)
    assert [s.action for s in plan.steps] == [Action.UNCHANGED, Action.UNKNOWN]
    assert (codes(plan), plan.exit_code) == (["forbidden"], 3)
    assert "deployments" in plan.diagnostics[0].message


def test_a_leftover_that_may_not_be_read_is_unknown(lab, cluster, namespace, unique) -> None:
    both = bundle(unique, config_map(namespace), deployment(namespace), node_labels="provisioner")
    apply(both, cluster)
    less = bundle(unique, config_map(namespace), node_labels="provisioner")
    plan = planned_as(lab, unique, [rule(["configmaps", "namespaces"], "get", "list")], less)
    assert [(c.id.kind, c.action) for c in plan.changes] == [
        ("ConfigMap", Action.UNCHANGED),
        ("Deployment", Action.UNKNOWN),
    ]
    assert plan.exit_code == 3


def test_listing_may_be_allowed_in_one_namespace_only(lab, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace), node_labels="provisioner")
    apply(wanted, cluster)
    plan = planned_as(lab, unique, [rule(["configmaps"], "get")], wanted)
    assert [s.action for s in plan.steps] == [Action.UNCHANGED]


def test_an_object_that_may_not_be_created_does_not_count_as_nothing_to_do(lab, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace), config_map(namespace, "new"), node_labels="provisioner")
    apply(bundle(unique, config_map(namespace), node_labels="provisioner"), cluster)
    plan = planned_as(lab, unique, [rule(["configmaps", "namespaces"], "get", "list")], wanted)
    run = plan_run(plan, cluster, changes_are_findings=False)
    assert (run.exit_code, run.verdict) == (3, "Nothing to do, as far as is known; 1 unchanged")


def test_where_nothing_may_be_read_nothing_is_claimed(lab, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace), node_labels="provisioner")
    plan = planned_as(lab, unique, [rule(["pods"], "get")], wanted)
    assert {change.action for change in plan.changes} == {Action.UNKNOWN}
    assert (set(codes(plan)), plan.exit_code) == ({"forbidden"}, 2)


def test_without_the_record_objects_are_compared_and_leftovers_unknown(lab, cluster, namespace, unique) -> None:
    wanted = bundle(unique, deployment(namespace), node_labels="provisioner")
    apply(wanted, cluster)
    plan = planned_as(lab, unique, [rule(["deployments"], "get", "list", "patch")], wanted)
    assert [change.action for change in plan.changes] == [Action.UNCHANGED, Action.UNKNOWN]
    assert (codes(plan), plan.exit_code) == (["forbidden"], 3)
    assert "configmaps" in plan.diagnostics[0].message


def secret(namespace: str, **data: str) -> dict:
    meta = {"name": "s", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "data": data}


def test_values_of_secrets_are_in_no_finding_and_in_no_record(cluster, namespace, unique) -> None:
    ours, theirs = "b3Vycy12YWx1ZQ==", "dGhlaXJzLXZhbHVl"
    wanted = bundle(unique, secret(namespace, key=ours))
    apply(wanted, cluster)
    patch_as("mallory", cluster, f"/api/v1/namespaces/{namespace}/secrets/s", {"data": {"key": theirs}})
    conflict = make_plan(wanted, cluster)
    wrong = make_plan(bundle(unique, secret(namespace, key="%%%")), cluster)
    assert (codes(conflict), codes(wrong)) == (["conflict"], ["rejected-by-server"])
    text = repr([conflict.diagnostics, wrong.diagnostics, read_inventory(cluster, unique)])
    assert not [value for value in (ours, theirs, "%%%") if value in text]


def test_a_conflict_that_cannot_be_located_is_still_told(cluster, namespace, unique) -> None:
    live = cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace), "somebody")
    cause = Cause("FieldManagerConflict", 'conflict with "ghost" using v1', ".data.mode.nowhere")
    error = ApiError(409, "Conflict", "Apply failed", (cause,))
    [found] = find_conflicts(bundle(unique, config_map(namespace)).objects[0], live, error, "us")
    assert (found.owner.manager, found.path) == ("ghost", ("data", "mode"))


def test_a_member_whose_version_is_gone_is_looked_for_in_another(cluster, namespace, unique) -> None:
    """It is the same object in every version: otherwise it would be left behind."""
    apply(bundle(unique, config_map(namespace), deployment(namespace)), cluster)
    record = read_inventory(cluster, unique)
    assert record is not None
    old = {
        i: replace(m, api_version="apps/v1beta1") if i.kind == "Deployment" else m for i, m in record.members.items()
    }
    write_inventory(cluster, replace(record, members=old))
    plan = make_plan(bundle(unique, config_map(namespace)), cluster)
    assert [m.id.kind for m in plan.leftovers] == ["Deployment"]


def test_a_kind_whose_server_is_down_is_unknown_not_absent(cluster, namespace, unique, monkeypatch) -> None:
    wanted = bundle(unique, config_map(namespace), deployment(namespace))
    apply(wanted, cluster)
    whole = discover(cluster)
    rest = {key: value for key, value in whole.resources.items() if key[0] != "apps/v1"}
    down = Discovery(rest, frozenset({"apps/v1"}))
    monkeypatch.setattr("blueprint.cluster.plan.discover", lambda _: down)
    plan = make_plan(wanted, cluster)
    assert [s.action for s in plan.steps] == [Action.UNCHANGED, Action.UNKNOWN]
    assert (codes(plan), plan.exit_code) == (["server-failing"], 3)


def test_a_service_with_a_node_port_is_planned_alike_twice(cluster, namespace, unique) -> None:
    """A dry-run that creates a Service assigns ports and addresses; none of them may appear in the plan."""
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 80}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": namespace},
               "spec": {"type": "NodePort", "ports": [port], "selector": {"a": "b"}}}  # fmt: skip
    wanted = bundle(unique, service)
    first, second = (make_plan(wanted, cluster).changes for _ in range(2))
    assert first == second
    assert first[0].fields == ()
    apply(wanted, cluster)
    assert actions(wanted, cluster) == [Action.UNCHANGED]


def test_a_cluster_scoped_object_with_a_namespace_is_still_one_object(cluster, namespace, unique) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": unique, "namespace": namespace},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}  # fmt: skip
    wanted = bundle(unique, role)
    assert apply(wanted, cluster).exit_code == 0
    assert actions(wanted, cluster) == [Action.UNCHANGED]


def test_what_kubectl_applied_or_edited_is_a_conflict_that_names_it(lab, cluster, namespace, unique, tmp_path) -> None:
    """With kubectl itself, not only under its name."""
    manifest = tmp_path / "map.json"
    manifest.write_bytes(orjson.dumps(config_map(namespace, a="kubectl", b="kubectl")))
    lab.kubectl("apply", "-f", str(manifest))
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nsed -i "s/b: kubectl/b: edited/" "$1"\n')
    editor.chmod(0o755)
    kubectl = find("kubectl")
    assert kubectl is not None
    edit = [kubectl.path, "--kubeconfig", str(lab.kubeconfig), "edit", "configmap", "settings", "-n", namespace]
    subprocess.run(edit, check=True, capture_output=True, env={**os.environ, "KUBE_EDITOR": str(editor)})

    plan = make_plan(bundle(unique, config_map(namespace, a="ours", b="ours")), cluster)

    owners = {found.path: dict(found.evidence)["manager"] for found in plan.diagnostics}
    assert owners == {"data.a": "kubectl-client-side-apply", "data.b": "kubectl-edit"}
