"""Applying: what is written, what is not, in which order, and how conflicts and obstacles are handled."""

from __future__ import annotations

import itertools
import threading

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.discovery import discover
from blueprint.apiserver.errors import ApiError
from blueprint.apiserver.managed_fields import own_entry
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.cluster.plan_model import Step
from blueprint.cluster.step_decision import Decider
from blueprint.inventory.membership import NAMESPACE, manager, parent_name
from blueprint.inventory.storage import read_inventory
from blueprint.records import replace
from tests.support.bundles import (
    actions,
    apply,
    bundle,
    codes,
    config_map,
    definition,
    deployment,
    each_object,
    line_of,
    namespace,
    patch_as,
    versions,
    widget,
)
from tests.support.waits import PATIENCE


def deployments(namespace: str, name: str = "operator") -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"


def config_maps(namespace: str, name: str = "settings") -> str:
    return f"/api/v1/namespaces/{namespace}/configmaps/{name}"


def record(name: str) -> str:
    return config_maps(NAMESPACE, parent_name(name))


def test_a_second_apply_writes_nothing_at_all(cluster, unique) -> None:
    group = f"{unique}.example.com"
    wanted = bundle(unique, namespace(unique), definition(group), config_map(unique), deployment(unique), widget(group))
    first = apply(wanted, cluster)
    paths = [
        f"/api/v1/namespaces/{unique}",
        f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.{group}",
        config_maps(unique),
        deployments(unique),
        f"/apis/{group}/v1/widgets/w",
        record(unique),
    ]
    before = versions(cluster, *paths)
    second = apply(wanted, cluster)

    assert (first.written, first.exit_code) == (5, 0)
    assert (second.written, second.unchanged, second.changes, second.exit_code) == (0, 5, (), 0)
    assert versions(cluster, *paths) == before


@pytest.mark.parametrize("round_", range(5))
def test_custom_resources_follow_their_definition_in_one_apply(round_, cluster, unique) -> None:
    """For some milliseconds after its creation a CRD is not served."""
    kinds = [f"Kind{letter}" for letter in "abcd"]
    group = f"{unique}.example.com"
    crds = [definition(group, kind) for kind in kinds]
    outcome = apply(bundle(unique, *crds, *(widget(group, kind=kind) for kind in kinds)), cluster)
    assert (outcome.diagnostics, outcome.written) == ((), 8)


def test_our_field_manager_owns_what_was_applied(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace)), cluster)
    own = own_entry(cluster.get(config_maps(namespace)), f"blueprint:{unique}")
    assert own is not None
    assert own.fields["f:data"] == {"f:mode": {}}


def test_a_key_that_is_no_longer_declared_goes(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace, a="1", b="2")), cluster)
    apply(bundle(unique, config_map(namespace, a="1")), cluster)
    assert cluster.get(config_maps(namespace))["data"] == {"a": "1"}


def test_a_conflict_leaves_that_object_alone_and_applies_the_others(cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace, replicas=3), config_map(namespace)), cluster)
    patch_as("kubectl-edit", cluster, deployments(namespace), {"spec": {"replicas": 5}})
    wanted = bundle(unique, deployment(namespace, replicas=3), config_map(namespace, mode="lax"))

    outcome = apply(wanted, cluster)

    assert (codes(outcome), outcome.exit_code, outcome.written) == (["conflict"], 1, 1)
    assert cluster.get(deployments(namespace))["spec"]["replicas"] == 5
    assert cluster.get(config_maps(namespace))["data"] == {"mode": "lax"}


def test_force_takes_the_field_over_and_says_from_whom(cluster, namespace, unique) -> None:
    wanted = bundle(unique, deployment(namespace, replicas=3))
    apply(wanted, cluster)
    patch_as("kubectl-edit", cluster, deployments(namespace), {"spec": {"replicas": 5}})

    outcome = apply(wanted, cluster, force_conflicts=True)

    [note] = outcome.diagnostics
    assert (note.code.slug, dict(note.evidence)["manager"], outcome.exit_code) == ("taken-over", "kubectl-edit", 0)
    assert cluster.get(deployments(namespace))["spec"]["replicas"] == 3
    assert actions(wanted, cluster) == [Action.UNCHANGED]


def test_a_refused_object_does_not_stop_the_others(cluster, namespace, unique) -> None:
    bad = config_map(namespace, "bad", number=5)
    outcome = apply(bundle(unique, bad, config_map(namespace)), cluster)
    assert (codes(outcome), outcome.exit_code, outcome.written) == (["rejected-by-server"], 1, 1)
    assert outcome.diagnostics[0].at is not None
    assert outcome.diagnostics[0].at.line == line_of("data", "number")


def test_managed_fields_in_a_manifest_are_refused_not_sent_again(cluster, namespace, unique) -> None:
    data = config_map(namespace)
    data["metadata"]["managedFields"] = [{"manager": "x", "operation": "Apply", "apiVersion": "v1"}]
    assert codes(apply(bundle(unique, data), cluster)) == ["rejected-by-server"]


def test_an_object_too_large_is_refused_in_the_server_s_words(cluster, namespace, unique) -> None:
    outcome = apply(bundle(unique, config_map(namespace, blob="x" * 1_100_000)), cluster)
    assert codes(outcome) == ["rejected-by-server"]
    assert "Too long" in outcome.diagnostics[0].message


def webhook(name: str, namespace: str, **settings) -> dict:
    """An admission webhook for ConfigMaps of one namespace, at a port on which nothing listens."""
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": "gate.example.com",
            "clientConfig": {"url": "https://127.0.0.1:1/"},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["*"], "resources": ["configmaps"]}],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "admissionReviewVersions": ["v1"], "sideEffects": "None", "timeoutSeconds": 1, **settings,
        }],
    }  # fmt: skip


HOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


def test_a_dead_webhook_makes_a_plan_unknown_and_an_apply_patient(cluster, namespace, unique) -> None:
    """It may come back: the write is retried as long as --timeout allows, and then the webhook is named."""
    cluster.post(HOOKS, webhook(unique, namespace), "somebody")
    wanted = bundle(unique, config_map(namespace), deployment(namespace))
    plan = make_plan(wanted, cluster)
    assert [s.action for s in plan.steps] == [Action.UNKNOWN, Action.CREATE]
    assert (codes(plan), plan.exit_code) == (["server-failing"], 3)

    late = apply(wanted, cluster, timeout=1)
    assert (codes(late), late.exit_code, late.written) == (["server-failing"], 1, 1)
    assert "gate.example.com" in late.diagnostics[0].message

    threading.Timer(1, lambda: cluster.delete(f"{HOOKS}/{unique}")).start()
    healed = apply(wanted, cluster, timeout=PATIENCE)
    assert (healed.exit_code, healed.written) == (0, 1)


def test_a_webhook_that_allows_no_dry_run_does_not_stop_an_apply(cluster, namespace, unique) -> None:
    """Such webhooks can no longer be created through the API, but old ones remain, so the response is simulated."""
    wanted = bundle(unique, config_map(namespace, a="1"))
    apply(wanted, cluster)
    changed = bundle(unique, config_map(namespace, a="2"))
    refusal = ApiError(400, "BadRequest", 'admission webhook "x" does not support dry run')
    decider = Decider(cluster, unique)
    live = cluster.get(config_maps(namespace))
    resource = discover(cluster).find("v1", "ConfigMap")
    assert resource is not None
    step, found = decider._refused(Step(changed.objects[0], Action.UNCHANGED, live=live), live, resource, refusal)
    assert (step.action, step.blocked, found) == (Action.UPDATE, False, ())


def test_what_is_no_longer_rendered_is_named_kept_and_never_deleted(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace), config_map(namespace, "old")), cluster)
    for _ in range(2):
        outcome = apply(bundle(unique, config_map(namespace), digest="d2"), cluster)
        assert (codes(outcome), outcome.exit_code) == (["no-longer-rendered"], 0)
    assert cluster.get(config_maps(namespace, "old"))
    plan = make_plan(bundle(unique, config_map(namespace)), cluster)
    assert [c.id.name for c in plan.changes if c.action is Action.DELETE] == ["old"]


def test_a_plan_is_not_carried_out_over_a_state_it_did_not_see(cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace, a="1")), cluster)
    plan = make_plan(bundle(unique, config_map(namespace, a="2")), cluster)
    patch_as("somebody", cluster, config_maps(namespace), {"data": {"other": "x"}})

    outcome = apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE))

    assert (codes(outcome), outcome.exit_code) == (["stale-plan"], 1)
    assert cluster.get(config_maps(namespace))["data"]["a"] == "1"


def test_a_status_update_in_between_does_not_make_a_plan_stale(cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace, replicas=1)), cluster)
    plan = make_plan(bundle(unique, deployment(namespace, replicas=2)), cluster)
    patch_as("controller", cluster, f"{deployments(namespace)}/status", {"status": {"replicas": 1}})
    assert apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE)).exit_code == 0
    assert cluster.get(deployments(namespace))["spec"]["replicas"] == 2


@pytest.mark.parametrize("again", [False, True])
def test_an_object_deleted_or_replaced_in_between_is_not_resurrected(again, cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace, a="1")), cluster)
    plan = make_plan(bundle(unique, config_map(namespace, a="2")), cluster)
    cluster.delete(config_maps(namespace))
    if again:
        cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace, a="9"), "somebody")
    assert codes(apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE))) == ["stale-plan"]


def test_an_object_being_deleted_is_waited_for_and_recreated(cluster, namespace, unique) -> None:
    held = config_map(namespace)
    held["metadata"]["finalizers"] = ["example.com/held"]
    old = cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", held, "somebody")
    cluster.delete(config_maps(namespace))
    wanted = bundle(unique, config_map(namespace, a="new"))

    late = apply(wanted, cluster, timeout=0.3)
    assert (codes(late), late.exit_code) == (["terminating"], 1)
    assert "example.com/held" in late.diagnostics[0].message

    let_go = {"metadata": {"finalizers": None}}
    threading.Timer(0.5, lambda: cluster.patch(config_maps(namespace), let_go, "somebody")).start()
    assert apply(wanted, cluster).exit_code == 0
    live = cluster.get(config_maps(namespace))
    assert (live["metadata"]["uid"] != old["metadata"]["uid"], live["data"]) == (True, {"a": "new"})


def test_a_namespace_that_never_goes_away_is_waited_for_and_named(cluster, unique) -> None:
    """Without a namespace controller nothing empties it, like a finalizer in a real cluster."""
    cluster.post("/api/v1/namespaces", namespace(unique), "somebody")
    cluster.delete(f"/api/v1/namespaces/{unique}")
    wanted = bundle(unique, namespace(unique), config_map(unique))
    assert actions(wanted, cluster) == [Action.CREATE, Action.CREATE]
    [planned] = make_plan(wanted, cluster).diagnostics
    outcome = apply(wanted, cluster, timeout=0.3)
    assert codes(outcome) == ["not-written", "terminating"]
    assert outcome.exit_code == 1
    [late] = (found for found in outcome.diagnostics if found.code.slug == "terminating")
    assert all("held by kubernetes" in found.message for found in (planned, late)), "both name the same holder"


def test_a_token_comes_after_its_account_and_a_binding_after_its_role(cluster, unique) -> None:
    """The token controller deletes a token without an account; a binding to a missing role needs extra permissions."""
    annotations = {"kubernetes.io/service-account.name": "robot"}
    meta = {"name": "robot", "namespace": unique}
    token = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
             "metadata": {**meta, "annotations": annotations}}  # fmt: skip
    rbac = "rbac.authorization.k8s.io"
    binding = {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": meta,
               "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "robot"},
               "subjects": [{"kind": "ServiceAccount", **meta}]}  # fmt: skip
    role = {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta,
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}  # fmt: skip
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    many = [config_map(unique, f"c{i}") for i in range(20)]
    wanted = bundle(unique, namespace(unique), token, binding, *many, role, account)
    order: list[str] = []
    plan = make_plan(wanted, cluster)
    outcome = apply_plan(plan, cluster, ApplyOptions(20), each_object(lambda what, _how: order.append(what.kind)))
    assert (outcome.exit_code, sorted(order[-2:])) == (0, ["RoleBinding", "Secret"])

    refused = bundle(unique, token | {"metadata": token["metadata"] | {"labels": {"a": "b"}}},
                     account | {"metadata": meta | {"labels": {"a": "not valid!"}}}, digest="d2")  # fmt: skip
    assert codes(apply(refused, cluster)) == ["no-longer-rendered"] * 23 + ["not-written", "rejected-by-server"]


def test_an_apply_asks_nothing_about_what_it_makes(cluster, namespace, unique, monkeypatch) -> None:
    """New objects are written at once, and reported as well as if a plan had queried them first."""
    sent: list[str] = []
    real = cluster._send
    monkeypatch.setattr(cluster, "_send", lambda m, u, *rest: sent.append(f"{m} {u}") or real(m, u, *rest))
    wanted = bundle(unique, config_map(namespace), deployment(namespace, image=""))
    plan = make_plan(wanted, cluster, try_new=False)
    assert [step.action for step in plan.steps] == [Action.CREATE] * 2

    outcome = apply_plan(plan, cluster, ApplyOptions(5))

    assert not [request for request in sent if "dryRun" in request]
    assert (outcome.written, outcome.exit_code) == (1, 1)
    [told], [asked] = outcome.diagnostics, make_plan(wanted, cluster).diagnostics
    assert told == asked, "the same words, at the same line"


def test_an_object_is_written_though_discovery_does_not_list_its_kind_yet(cluster, unique, monkeypatch) -> None:
    """Discovery is refreshed after endpoints respond: here it never lists the new kind."""
    group = f"{unique}.example.org"
    before = discover(cluster)
    for module in ("apply", "tasks"):
        monkeypatch.setattr(f"blueprint.cluster.{module}.discover", lambda _: before)

    outcome = apply(bundle(unique, definition(group), widget(group)), cluster)

    assert (outcome.diagnostics, outcome.written) == ((), 2)
    assert cluster.get(f"/apis/{group}/v1/widgets/w")["spec"] == {"size": 3}


def test_a_definition_that_never_settles_holds_back_only_what_needs_it(cluster, namespace, unique) -> None:
    """Two definitions claim the same names: the second is accepted but never established."""
    group = f"{unique}.example.com"
    apply(bundle(f"{unique}-a", definition(group)), cluster)
    rival = definition(group)
    rival["metadata"]["name"] = f"gadgets.{group}"
    rival["spec"]["names"] = {"plural": "gadgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    outcome = apply(bundle(unique, rival, config_map(namespace)), cluster, timeout=0.5)
    assert codes(outcome) == ["never-ready"]
    assert "its names are taken" in outcome.diagnostics[0].message
    assert cluster.get(config_maps(namespace))


def test_a_user_who_may_not_write_gets_the_missing_permission(lab, cluster, namespace, unique) -> None:
    rules = [{"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": ["get", "list"]}]
    meta = {"name": f"reader-{unique}"}
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    lab.request("POST", f"{rbac}/clusterroles", {"metadata": meta, "rules": rules})
    lab.request("POST", f"{rbac}/clusterrolebindings", {
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": meta["name"]},
        "subjects": [{"kind": "User", "name": unique, "apiGroup": "rbac.authorization.k8s.io"}],
    })  # fmt: skip
    wanted = bundle(unique, config_map(namespace), node_labels="provisioner")
    plan = make_plan(wanted, connect(str(lab.user(unique))))
    assert codes(plan) == ["forbidden"]
    assert "cannot patch" in plan.diagnostics[0].message


def test_stages_are_in_order_and_progress_tells_each_object_once(cluster, unique) -> None:
    group = f"{unique}.example.com"
    wanted = bundle(unique, namespace(unique), definition(group), config_map(unique), deployment(unique), widget(group))
    told: list[str] = []
    apply_plan(
        make_plan(wanted, cluster),
        cluster,
        ApplyOptions(20),
        each_object(lambda i, what: told.append(f"{i.kind} {what}")),
    )
    kinds = ["Namespace", "CustomResourceDefinition", "ConfigMap", "Deployment", "Widget"]
    assert told == [f"{kind} created" for kind in kinds]


def test_ctrl_c_reports_what_is_live_and_the_next_apply_goes_on(cluster, namespace, unique) -> None:
    maps = [config_map(namespace, f"m{index:02}") for index in range(30)]
    wanted = bundle(unique, *maps, deployment(namespace))
    count = itertools.count()

    def interrupt(_identity, _what) -> None:
        if next(count) == 10:
            raise KeyboardInterrupt

    outcome = apply_plan(make_plan(wanted, cluster), cluster, ApplyOptions(20), each_object(interrupt))

    assert (outcome.interrupted, outcome.exit_code) == (True, 130)
    live = {item["metadata"]["name"] for item in cluster.list(f"/api/v1/namespaces/{namespace}/configmaps")}
    inventory = read_inventory(cluster, unique)
    assert inventory is not None
    known = {m.id.name for m in inventory.members.values() if m.snapshot}
    assert known == live & {data["metadata"]["name"] for data in maps}
    [found] = outcome.diagnostics
    assert (found.code.slug, f"; {31 - outcome.written} objects (" in found.message) == ("not-written", True)

    again = apply(wanted, cluster)
    assert (again.exit_code, again.written) == (0, 31 - outcome.written)
    assert apply(wanted, cluster).written == 0


def test_an_unchanged_object_is_not_recorded_as_others_left_it(cluster, namespace, unique) -> None:
    """A foreign sidecar must stay visible to drift, however often apply has nothing to do."""
    wanted = bundle(unique, deployment(namespace))
    apply(wanted, cluster)
    before = read_inventory(cluster, unique)
    sidecar = {"spec": {"template": {"spec": {"hostNetwork": True}}}}
    patch_as("mallory", cluster, deployments(namespace), sidecar)
    assert apply(replace(wanted, digest="d2"), cluster).written == 0
    after = read_inventory(cluster, unique)
    assert before is not None
    assert after is not None
    assert before.members == after.members


def test_a_snapshot_says_that_others_were_there_already(cluster, namespace, unique) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    cluster.post(path, deployment(namespace, paused=True), "somebody")
    apply(bundle(unique, deployment(namespace), config_map(namespace)), cluster)
    inventory = read_inventory(cluster, unique)
    assert inventory is not None
    foreign = {m.id.kind: m.snapshot.foreign for m in inventory.members.values() if m.snapshot}
    assert foreign == {"Deployment": True, "ConfigMap": False}


def test_manager_names_are_a_contract() -> None:
    assert manager("prod") == "blueprint:prod"
