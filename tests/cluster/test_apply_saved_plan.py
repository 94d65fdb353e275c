"""A saved plan: applied as approved, or not at all."""

from __future__ import annotations

import orjson
import pytest

from blueprint.apiserver.connection import Connection
from blueprint.cluster.apply import ApplyOptions, ApplyOutcome, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.cluster.planfile import hold_back, is_plan_file, load_plan, save_plan
from blueprint.diagnostics import Refused
from tests.support.bundles import (
    GPU_TAINT,
    apply,
    bundle,
    codes,
    config_map,
    deployment,
    line_of,
    namespace,
    patch_as,
    pool,
)


def saved(tmp_path, wanted, cluster):
    path = tmp_path / "plan.json"
    save_plan(make_plan(wanted, cluster), path)
    return path


def carry_out(path, cluster: Connection, **options) -> ApplyOutcome:
    plan = load_plan(path)
    held = hold_back(plan, make_plan(plan.bundle, cluster))
    return apply_plan(held, cluster, ApplyOptions(**({"timeout": 10} | options)))


def test_it_needs_nothing_but_the_file(tmp_path, cluster, unique) -> None:
    selector = {"pool": unique}
    node = {"metadata": {"name": unique, "labels": selector}}
    cluster.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", **node}, "provisioner")
    pools = (pool("train", selector, labels={"mig": "a"}, taints=(GPU_TAINT,)),)
    wanted = bundle(unique, namespace(unique), deployment(unique), pools=pools)
    path = saved(tmp_path, wanted, cluster)

    outcome = carry_out(path, cluster)

    assert is_plan_file(str(path))
    assert (outcome.exit_code, outcome.written) == (0, 3)
    assert apply(wanted, cluster).written == 0


def test_it_keeps_the_lines_of_the_blueprint(tmp_path, cluster, namespace, unique) -> None:
    wanted = bundle(unique, deployment(namespace))
    again = load_plan(saved(tmp_path, wanted, cluster)).bundle
    assert again == wanted
    assert again.objects[0].origins == wanted.objects[0].origins


def test_what_moved_is_held_back_and_the_rest_applied(tmp_path, cluster, namespace, unique) -> None:
    apply(bundle(unique, config_map(namespace, "a", k="1"), config_map(namespace, "b", k="1")), cluster)
    wanted = bundle(unique, config_map(namespace, "a", k="2"), config_map(namespace, "b", k="2"))
    path = saved(tmp_path, wanted, cluster)
    patch_as("somebody", cluster, f"/api/v1/namespaces/{namespace}/configmaps/a", {"data": {"more": "x"}})

    outcome = carry_out(path, cluster)

    assert (codes(outcome), outcome.written, outcome.exit_code) == (["stale-plan"], 1, 1)
    assert "ConfigMap" in outcome.diagnostics[0].message
    assert cluster.get(f"/api/v1/namespaces/{namespace}/configmaps/a")["data"]["k"] == "1"


def test_an_object_that_came_or_went_makes_it_stale(tmp_path, cluster, namespace, unique) -> None:
    path = saved(tmp_path, bundle(unique, config_map(namespace, k="1")), cluster)
    somebody = config_map(namespace, other="x")
    cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", somebody, "somebody")
    assert codes(carry_out(path, cluster)) == ["stale-plan"]


def test_a_status_update_does_not_make_it_stale(tmp_path, cluster, namespace, unique) -> None:
    apply(bundle(unique, deployment(namespace)), cluster)
    path = saved(tmp_path, bundle(unique, deployment(namespace, replicas=2)), cluster)
    status = f"/apis/apps/v1/namespaces/{namespace}/deployments/operator/status"
    patch_as("controller", cluster, status, {"status": {"replicas": 1}})
    assert carry_out(path, cluster).exit_code == 0


def test_applying_it_twice_writes_once(tmp_path, cluster, namespace, unique) -> None:
    path = saved(tmp_path, bundle(unique, config_map(namespace)), cluster)
    assert [carry_out(path, cluster).written for _ in range(2)] == [1, 0]


def test_a_conflict_after_it_names_the_line(tmp_path, cluster, namespace, unique) -> None:
    wanted = bundle(unique, config_map(namespace, k="1"))
    apply(wanted, cluster)
    patch_as("mallory", cluster, f"/api/v1/namespaces/{namespace}/configmaps/settings", {"data": {"k": "9"}})
    outcome = carry_out(saved(tmp_path, wanted, cluster), cluster)
    assert codes(outcome) == ["conflict"]
    assert outcome.diagnostics[0].at is not None
    assert outcome.diagnostics[0].at.line == line_of("data", "k")


def test_another_cluster_is_refused(tmp_path, cluster, namespace, unique) -> None:
    plan = load_plan(saved(tmp_path, bundle(unique, config_map(namespace)), cluster))
    from blueprint.records import replace

    with pytest.raises(Refused) as caught:
        hold_back(replace(plan, cluster_uid="elsewhere"), make_plan(plan.bundle, cluster))
    assert (caught.value.exit_code, codes(caught.value)) == (2, ["wrong-cluster"])


def edit(path, change) -> None:
    told = orjson.loads(path.read_bytes())
    change(told)
    path.write_bytes(orjson.dumps(told))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t["bundle"]["objects"][0]["data"]["data"].update(k="evil"), "was changed after it was saved"),
        (lambda t: t.update(format="gpublueprint.dev/plan.0"), "has the plan format"),
        (lambda t: t.pop("approved"), "is not a plan"),
        (lambda t: t.update(bundle=[1]), "was changed"),
    ],
)
def test_an_edited_or_foreign_file_is_refused(change, words, tmp_path, cluster, namespace, unique) -> None:
    path = saved(tmp_path, bundle(unique, config_map(namespace, k="1")), cluster)
    edit(path, change)
    with pytest.raises(Refused) as caught:
        load_plan(path)
    assert (caught.value.exit_code, codes(caught.value)) == (2, ["bad-plan"])
    assert words in caught.value.diagnostics[0].message


def test_a_place_that_cannot_be_written_is_reported(tmp_path, cluster, namespace, unique) -> None:
    with pytest.raises(Refused) as caught:
        save_plan(make_plan(bundle(unique, config_map(namespace)), cluster), tmp_path / "no" / "plan.json")
    assert codes(caught.value) == ["bad-plan"]


def test_other_json_is_not_a_plan(tmp_path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    assert not is_plan_file(str(path))
    assert not is_plan_file(str(tmp_path / "gone.json"))
