"""Labels and taints of nodes: ours are set and removed, those of others stay."""

from __future__ import annotations

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle, Source, Taint
from blueprint.changes.compare import Action
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import Span
from blueprint.inventory.model import NodeRecord
from blueprint.inventory.storage import read_inventory
from blueprint.records import replace
from tests.support.bundles import (
    GPU_TAINT,
    apply,
    bundle,
    codes,
    config_map,
    deployment,
    each_object,
    namespace,
    patch_as,
    pool,
)
from tests.support.waits import PATIENCE


@pytest.fixture
def node(cluster: Connection, unique: str) -> str:
    """A node of its own, selected by `pool: UNIQUE`, with a foreign label and taint."""
    theirs = [{"key": "theirs", "effect": "NoExecute"}]
    body = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": unique, "labels": {"pool": unique, "x": "y"}},
            "spec": {"taints": theirs}}  # fmt: skip
    cluster.post("/api/v1/nodes", body, "provisioner")
    return f"/api/v1/nodes/{unique}"


def taints(cluster: Connection, node: str) -> list[str]:
    found = cluster.get(node)["spec"].get("taints") or []
    return [f"{t['key']}={t.get('value', '')}:{t['effect']}" for t in found]


def labels(cluster: Connection, node: str) -> dict[str, str]:
    return cluster.get(node)["metadata"]["labels"]


def wanted(name: str, **settings):
    selector = {"pool": name}
    return bundle(name, pools=(pool("train", selector, **settings),))


def test_labels_and_taints_are_set_beside_those_of_others(cluster, node, unique) -> None:
    platform = wanted(unique, labels={"mig": "all-disabled"}, taints=(GPU_TAINT,))
    outcome = apply(platform, cluster)
    assert (outcome.exit_code, outcome.written) == (0, 1)
    assert labels(cluster, node) == {"pool": unique, "x": "y", "mig": "all-disabled"}
    assert taints(cluster, node) == ["theirs=:NoExecute", "nvidia.com/gpu=present:NoSchedule"]


def written_in_order(wanted: Bundle, cluster: Connection) -> list[str]:
    """Kinds in the order in which they were written."""
    kinds: list[str] = []
    plan = make_plan(wanted, cluster)
    listener = each_object(lambda what, _how: kinds.append(what.kind))
    assert apply_plan(plan, cluster, ApplyOptions(timeout=PATIENCE), listener).exit_code == 0
    return kinds


def test_a_new_node_is_marked_before_anything_runs_that_heeds_the_marks(cluster, node, unique) -> None:
    """Otherwise an operator would install a driver on a node whose label says that it has one. Objects that a changed
    label names must exist first.
    """
    objects = (namespace(unique), config_map(unique), deployment(unique))
    first = bundle(unique, *objects, pools=(pool("train", {"pool": unique}, labels={"mig": "a"}),))
    assert written_in_order(first, cluster) == ["Namespace", "ConfigMap", "Node", "Deployment"]
    changed = replace(first, pools=(pool("train", {"pool": unique}, labels={"mig": "b"}),))
    assert written_in_order(changed, cluster)[-1] == "Node"


def test_a_second_apply_leaves_the_node_alone(cluster, node, unique) -> None:
    platform = wanted(unique, labels={"mig": "all-disabled"}, taints=(GPU_TAINT,))
    apply(platform, cluster)
    before = cluster.get(node)["metadata"]["resourceVersion"]
    assert apply(platform, cluster).written == 0
    assert cluster.get(node)["metadata"]["resourceVersion"] == before


def test_what_is_no_longer_declared_is_taken_back(cluster, node, unique) -> None:
    apply(wanted(unique, labels={"mig": "a", "cc": "on"}, taints=(GPU_TAINT,)), cluster)
    apply(wanted(unique, labels={"mig": "a"}), cluster)
    assert labels(cluster, node) == {"pool": unique, "x": "y", "mig": "a"}
    assert taints(cluster, node) == ["theirs=:NoExecute"]


def test_a_node_that_leaves_its_pool_is_cleaned(cluster, node, unique) -> None:
    platform = wanted(unique, labels={"mig": "a"}, taints=(GPU_TAINT,))
    apply(platform, cluster)
    patch_as("provisioner", cluster, node, {"metadata": {"labels": {"pool": "other"}}})
    outcome = apply(platform, cluster)
    assert (codes(outcome), outcome.written) == (["pool-size"], 1)
    assert labels(cluster, node) == {"pool": "other", "x": "y"}
    assert taints(cluster, node) == ["theirs=:NoExecute"]
    inventory = read_inventory(cluster, unique)
    assert inventory is not None
    assert inventory.nodes == {}


def test_a_taint_that_was_there_before_us_is_not_taken_away_later(cluster, node, unique) -> None:
    theirs = Taint("theirs", "", "NoExecute")
    apply(wanted(unique, taints=(theirs,), labels={"a": "b"}), cluster)
    apply(wanted(unique, labels={"a": "b"}), cluster)
    assert taints(cluster, node) == ["theirs=:NoExecute"]


def test_the_record_says_what_is_ours_on_a_node(cluster, node, unique) -> None:
    apply(wanted(unique, labels={"mig": "a"}, taints=(GPU_TAINT,)), cluster)
    inventory = read_inventory(cluster, unique)
    assert inventory is not None
    uid = cluster.get(node)["metadata"]["uid"]
    assert inventory.nodes == {unique: NodeRecord(uid, ("mig",), ("nvidia.com/gpu:NoSchedule",))}


def test_a_label_that_another_manager_owns_is_a_conflict_with_its_line(cluster, node, unique) -> None:
    source = Source("blueprint", Span("blueprint.yaml", 7, 1, 7, 9), "nodePools.train")
    platform = wanted(unique, labels={"x": "ours"}, taints=(GPU_TAINT,), sources={"labels.x": (source,)})
    outcome = apply(platform, cluster)
    [found] = outcome.diagnostics
    assert (found.code.slug, dict(found.evidence)["manager"]) == ("conflict", "provisioner")
    assert found.at == source.span
    assert labels(cluster, node)["x"] == "y"
    assert apply(platform, cluster, force_conflicts=True).exit_code == 0
    assert labels(cluster, node)["x"] == "ours"


def test_a_taint_with_another_value_is_a_conflict(cluster, node, unique) -> None:
    platform = wanted(unique, taints=(Taint("theirs", "ours", "NoExecute"),))
    outcome = apply(platform, cluster)
    assert (codes(outcome), outcome.exit_code) == (["conflict"], 1)
    assert taints(cluster, node) == ["theirs=:NoExecute"]
    assert apply(platform, cluster, force_conflicts=True).exit_code == 0
    assert taints(cluster, node) == ["theirs=ours:NoExecute"]


def test_a_plan_names_each_label_and_taint(cluster, node, unique) -> None:
    [step] = make_plan(wanted(unique, labels={"mig": "a"}, taints=(GPU_TAINT,)), cluster).nodes
    assert step.action is Action.UPDATE
    assert [f.path for f in step.fields] == [
        ("metadata", "labels", "mig"),
        ("spec", "taints", "nvidia.com/gpu:NoSchedule"),
    ]


def test_too_few_nodes_are_a_warning(cluster, node, unique) -> None:
    plan = make_plan(wanted(unique, nodes=3, labels={"a": "b"}), cluster)
    [found] = plan.diagnostics
    assert (found.code.slug, found.severity, plan.exit_code) == ("pool-size", "warning", 0)
    assert "3 nodes, but its selector matches 1" in found.message


def test_a_node_in_two_pools_is_an_error(cluster, node, unique) -> None:
    pools = (pool("a", {"pool": unique}), pool("b", {"x": "y", "pool": unique}))
    plan = make_plan(bundle(unique, pools=pools), cluster)
    assert (codes(plan), plan.exit_code) == (["node-in-two-pools"], 1)
    outcome = apply(bundle(unique, pools=pools), cluster)
    assert (outcome.exit_code, outcome.written) == (1, 0)


def test_who_may_not_label_nodes_gets_the_rest_planned(lab, cluster, node, namespace, unique) -> None:
    rules = [{"apiGroups": [""], "resources": ["nodes", "configmaps", "namespaces"], "verbs": ["get", "list"]}]
    reader = connect(str(lab.user(unique)))
    meta, rbac = {"name": f"nodes-{unique}"}, "/apis/rbac.authorization.k8s.io/v1"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": meta["name"]}
    who = {"kind": "User", "name": unique, "apiGroup": "rbac.authorization.k8s.io"}
    lab.request("POST", f"{rbac}/clusterroles", {"metadata": meta, "rules": rules})
    lab.request("POST", f"{rbac}/clusterrolebindings", {"metadata": meta, "roleRef": role, "subjects": [who]})
    data = config_map(namespace)
    apply(bundle(unique, data), cluster)
    plan = make_plan(bundle(unique, data, pools=(pool("a", {"pool": unique}, labels={"n": "v"}),)), reader)
    assert [change.action for change in plan.changes] == [Action.UNCHANGED, Action.UNKNOWN]
    assert (codes(plan), plan.exit_code) == (["forbidden"], 3)


def test_where_a_provisioner_labels_nodes_we_leave_them_alone(cluster, node, unique) -> None:
    platform = bundle(unique, node_labels="provisioner", pools=(pool("a", {"pool": unique}, labels={"a": "b"}),))
    assert make_plan(platform, cluster).nodes == ()
