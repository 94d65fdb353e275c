"""Only what was allowed is taken over or recreated: everything, one object, or one field."""

from __future__ import annotations

import io
import json

import pytest

from blueprint.apiserver.managed_fields import Entry, leaves, own_entry
from blueprint.bundle.model import ObjectId
from blueprint.changes.compare import Action
from blueprint.cli.main import main
from blueprint.cli.options import split_scopes
from blueprint.cluster.consent import Consent
from blueprint.cluster.plan import make_plan
from blueprint.cluster.plan_model import FieldConflict
from blueprint.drift.detect import detect_drift
from blueprint.drift.view import ClusterView
from blueprint.inventory.membership import manager
from tests.support.bundles import apply, bundle, codes, config_map, deployment, namespace, patch_as

IMAGE = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"main"}', "f:image")
MAIN = "spec.template.spec.containers[name=main]"


def contested(cluster, unique: str):
    """An applied Deployment of which others own the image, a variable and the replicas; and a ConfigMap owned by
    others.
    """
    wanted = bundle(unique, namespace(unique), config_map(unique), deployment(unique, replicas=2))
    assert apply(wanted, cluster).exit_code == 0
    path = f"/apis/apps/v1/namespaces/{unique}/deployments/operator"
    pod = {"containers": [{"name": "main", "image": "theirs:9", "env": [{"name": "A", "value": "9"}]}]}
    patch_as("kubectl-edit", cluster, path, {"spec": {"replicas": 9, "template": {"spec": pod}}})
    patch_as("argocd", cluster, f"/api/v1/namespaces/{unique}/configmaps/settings", {"data": {"mode": "theirs"}})
    return wanted, path


def state(live) -> tuple[str, str, int]:
    main = live["spec"]["template"]["spec"]["containers"][0]
    return main["image"], main["env"][0]["value"], live["spec"]["replicas"]


def test_one_field_is_taken_and_the_others_are_left_alone(cluster, unique) -> None:
    wanted, path = contested(cluster, unique)
    scope = Consent(named=(f"Deployment/{unique}/operator:{MAIN}.image",))

    outcome = apply(wanted, cluster, force_conflicts=scope)

    live = cluster.get(path)
    assert state(live) == ("registry/operator:1", "9", 9)
    own = own_entry(live, manager(unique))
    assert own is not None
    assert IMAGE in leaves(own.fields)
    assert ("f:spec", "f:replicas") not in leaves(own.fields)
    taken = [d for d in outcome.diagnostics if d.code.slug == "taken-over"]
    left = [d for d in outcome.diagnostics if d.code.slug == "conflict"]
    assert [d.path for d in taken] == [f"{MAIN}.image"]
    assert "kubectl-edit" in taken[0].message
    assert sorted(d.path or "" for d in left) == ["data.mode", "spec.replicas", f"{MAIN}.env[name=A].value"]
    assert outcome.exit_code == 1
    [changed] = [change for change in outcome.changes if change.id.kind == "Deployment"]
    assert [field.shown for field in changed.fields] == [f"{MAIN}.image"]


def test_what_was_left_out_is_not_recorded_as_applied(cluster, unique) -> None:
    wanted, _ = contested(cluster, unique)
    apply(wanted, cluster, force_conflicts=Consent(named=(f"Deployment/{unique}/operator:{MAIN}.image",)))

    found = {(f.path, f.kind.value) for f in detect_drift(wanted, ClusterView(cluster)).findings}

    assert found == {
        ("data.mode", "modified"), ("spec.replicas", "modified"), (f"{MAIN}.env[name=A].value", "modified"),
    }  # fmt: skip
    assert apply(wanted, cluster, force_conflicts=True).exit_code == 0
    assert not detect_drift(wanted, ClusterView(cluster)).findings


def test_one_object_is_taken_and_the_others_are_left_alone(cluster, unique) -> None:
    wanted, path = contested(cluster, unique)

    outcome = apply(wanted, cluster, force_conflicts=Consent(named=(f"Deployment/{unique}/operator",)))

    assert state(cluster.get(path)) == ("registry/operator:1", "1", 2)
    assert cluster.get(f"/api/v1/namespaces/{unique}/configmaps/settings")["data"]["mode"] == "theirs"
    assert codes(outcome).count("taken-over") == 3
    assert codes(outcome).count("conflict") == 1


def test_everything_is_taken_without_a_name(cluster, unique) -> None:
    wanted, path = contested(cluster, unique)

    outcome = apply(wanted, cluster, force_conflicts=True)

    assert outcome.exit_code == 0
    assert state(cluster.get(path)) == ("registry/operator:1", "1", 2)
    assert [s.action for s in make_plan(wanted, cluster).steps] == [Action.UNCHANGED] * 3


def test_a_field_that_nobody_contests_is_written_beside_contested_ones_where_it_is_named(cluster, unique) -> None:
    wanted, path = contested(cluster, unique)
    cluster.patch(path, [{"op": "remove", "path": "/metadata/labels"}], "x", "application/json-patch+json")
    label = 'metadata.labels["applyset.kubernetes.io/part-of"]'

    apply(wanted, cluster, force_conflicts=Consent(named=(f"Deployment/{unique}/operator:{label}",)))

    live = cluster.get(path)
    assert state(live) == ("theirs:9", "9", 9)
    assert live["metadata"]["labels"]


def test_an_object_that_nobody_named_is_left_alone_as_a_whole(cluster, unique) -> None:
    wanted, path = contested(cluster, unique)
    cluster.patch(path, [{"op": "remove", "path": "/metadata/labels"}], "x", "application/json-patch+json")

    apply(wanted, cluster, force_conflicts=Consent(named=(f"ConfigMap/{unique}/settings",)))

    live = cluster.get(path)
    assert state(live) == ("theirs:9", "9", 9)
    assert "labels" not in live["metadata"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["apply", "--replace", "b.yaml"], ["apply", "--replace=", "b.yaml"]),
        (["apply", "b.yaml", "--replace"], ["apply", "b.yaml", "--replace="]),
        (["apply", "--replace", "Service/a/b", "b.yaml"], ["apply", "--replace=Service/a/b", "b.yaml"]),
        (["apply", "--force-conflicts=Role/a/b", "x"], ["apply", "--force-conflicts=Role/a/b", "x"]),
        (["apply", "--force-conflicts", "--replace"], ["apply", "--force-conflicts=", "--replace="]),
    ],
)
def test_a_flag_without_a_name_does_not_take_the_target(given: list[str], told: list[str]) -> None:
    assert split_scopes(given) == told


ROLE = ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "system:node")


@pytest.mark.parametrize(
    ("named", "covered"),
    [
        ("ClusterRole/system:node", True),
        ("ClusterRole/system:node:rules", True),
        ("ClusterRole/system:node:rules[0].verbs", True),
        ("ClusterRole/system:node:rules[0].verb", False),
        ("ClusterRole/system", False),
        ("ClusterRole/system:nodes", False),
        ("Role/x/system:node", False),
    ],
)
def test_names_may_hold_colons(named: str, covered: bool) -> None:
    conflict = FieldConflict(("rules", 0, "verbs"), 1, 2, Entry("m", "Update", "", "", {}), None, ("rules[0].verbs",))
    assert Consent(named=(named,)).covers(ROLE, conflict) is covered


def test_a_name_that_is_nothing_is_refused_before_anything_is_written(lab, cluster, unique, tmp_path, capsys) -> None:
    from blueprint.cluster.planfile import save_plan

    wanted = bundle(unique, namespace(unique), config_map(unique))
    saved = tmp_path / "plan.json"
    save_plan(make_plan(wanted, cluster), saved)

    code = main(
        [
            "apply",
            str(saved),
            "--kubeconfig",
            str(lab.kubeconfig),
            "--report",
            "json",
            "--replace",
            f"ConfigMap/{unique}/setting",
        ]
    )

    [found] = json.loads(capsys.readouterr().out)["diagnostics"]
    assert code == 2
    assert f"did you mean ConfigMap/{unique}/settings" in found["help"]


def test_on_a_terminal_each_loss_must_be_confirmed(cluster, unique, monkeypatch, capsys) -> None:
    """A user may allow the loss of one object and keep another; pressing Enter keeps both."""
    from blueprint.cli import prompts
    from blueprint.cli.commands.apply import _with_confirmed

    def headed(name: str, address: str | None):
        port = {"name": "http", "port": 80, "protocol": "TCP"}
        meta = {"name": name, "namespace": unique}
        spec = {"ports": [port], **({"clusterIP": address} if address else {})}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}

    both = [headed("one", None), headed("two", None)]
    assert apply(bundle(unique, namespace(unique), *both), cluster).exit_code == 0
    wanted = bundle(unique, namespace(unique), headed("one", "None"), headed("two", "None"), digest="d2")
    plan = make_plan(wanted, cluster)
    monkeypatch.setattr(prompts, "on_a_terminal", lambda: True)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n\n"))

    allowed = _with_confirmed(plan, Consent(everything=True))

    assert allowed.named == (f"Service/{unique}/one",)
    assert "cluster IP" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert _with_confirmed(plan, Consent(everything=True)).named == ()
    assert _with_confirmed(plan, Consent(named=("x",))) == Consent(named=("x",))


def test_without_a_terminal_nothing_is_asked(cluster, unique, monkeypatch) -> None:
    from blueprint.cli import prompts
    from blueprint.cli.commands.apply import _with_confirmed

    monkeypatch.setattr(prompts, "on_a_terminal", lambda: False)
    plan = make_plan(bundle(unique, namespace(unique)), cluster)
    assert _with_confirmed(plan, Consent(everything=True)) == Consent(everything=True)
