"""Health: what an object's own status reports; a missing status is not healthy."""

from __future__ import annotations

import pytest

from blueprint.cluster.health import Health, health_of
from tests.support.bundles import apply, bundle, codes, config_map, deployment, patch_as
from tests.support.waits import PATIENCE


def live(kind: str, status: dict, group: str = "apps/v1", **spec) -> dict:
    return {"apiVersion": group, "kind": kind, "metadata": {"generation": 2}, "spec": spec, "status": status}


READY = {"observedGeneration": 2, "updatedReplicas": 3, "availableReplicas": 3, "readyReplicas": 3}


def policy(state: str, reason: str = "Ready") -> dict:
    conditions = [{"type": "Ready", "status": "True", "reason": reason, "message": "m"}]
    return live("ClusterPolicy", {"state": state, "conditions": conditions}, "nvidia.com/v1")


@pytest.mark.parametrize(
    ("obj", "health"),
    [
        (live("Deployment", READY, replicas=3), Health.HEALTHY),
        (live("Deployment", READY | {"availableReplicas": 2}, replicas=3), Health.NOT_HEALTHY),
        (live("Deployment", READY | {"observedGeneration": 1}, replicas=3), Health.UNKNOWN),
        (live("Deployment", {}, replicas=3), Health.UNKNOWN),
        (live("StatefulSet", READY, replicas=3), Health.HEALTHY),
        (live("DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 2, "updatedNumberScheduled": 2,
                            "numberAvailable": 1}), Health.NOT_HEALTHY),
        (live("DaemonSet", {"desiredNumberScheduled": 0, "numberReady": 0}), Health.UNKNOWN),
        (live("Job", {"conditions": [{"type": "Complete", "status": "True"}]}, "batch/v1"), Health.HEALTHY),
        (live("Job", {"conditions": [{"type": "Failed", "status": "True"}]}, "batch/v1"), Health.NOT_HEALTHY),
        (live("Job", {"active": 1}, "batch/v1"), Health.NOT_HEALTHY),
        (policy("ready"), Health.HEALTHY),
        (policy("notReady"), Health.NOT_HEALTHY),
        (policy("ready", "NoGPUNodes"), Health.NOT_HEALTHY),
        (policy("ready", "NFDLabelsMissing"), Health.NOT_HEALTHY),
    ],
)  # fmt: skip
def test_health_is_what_the_status_of_this_generation_says(obj, health) -> None:
    found = health_of(obj)
    assert found is not None
    assert found.health is health


def test_a_daemon_set_without_nodes_says_so() -> None:
    found = health_of(live("DaemonSet", {"observedGeneration": 2, "desiredNumberScheduled": 0}))
    assert found is not None
    assert "0 of 0" in found.text


def test_what_cannot_be_ill_is_not_judged() -> None:
    assert health_of({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}) is None


def test_where_no_controller_answers_health_is_unknown_and_the_exit_code_3(cluster, namespace, unique) -> None:
    outcome = apply(bundle(unique, deployment(namespace), config_map(namespace)), cluster, wait=True, timeout=0.6)
    assert "health-unknown" in codes(outcome)
    assert "not-healthy" not in codes(outcome)
    assert (outcome.written, outcome.exit_code) == (2, 3)


def test_an_apply_without_wait_does_not_ask_about_health(cluster, namespace, unique) -> None:
    assert apply(bundle(unique, deployment(namespace)), cluster).exit_code == 0


def test_health_that_is_reported_ends_the_wait(cluster, namespace, unique) -> None:
    wanted = bundle(unique, deployment(namespace, replicas=1))
    apply(wanted, cluster)
    status = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/operator/status"
    patch_as("controller", cluster, path, {"status": status})
    outcome = apply(wanted, cluster, wait=True, timeout=PATIENCE)
    assert [code for code in codes(outcome) if code != "simulated"] == []
    assert outcome.exit_code == 0


def test_what_is_not_healthy_is_an_error_with_its_reason(cluster, namespace, unique) -> None:
    wanted = bundle(unique, deployment(namespace, replicas=2))
    apply(wanted, cluster)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/operator/status"
    patch_as("controller", cluster, path, {"status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1}})
    outcome = apply(wanted, cluster, wait=True, timeout=0.2)
    assert "not-healthy" in codes(outcome)
    assert outcome.exit_code == 1
    assert any("0 of 2" in found.message for found in outcome.diagnostics)


def test_simulated_nodes_are_called_simulated(cluster, namespace, unique) -> None:
    meta = {"name": unique, "annotations": {"gpublueprint.dev/simulated": "true"}}
    cluster.post("/api/v1/nodes", {"apiVersion": "v1", "kind": "Node", "metadata": meta}, "lab")
    assert "simulated" in codes(apply(bundle(unique, config_map(namespace)), cluster, wait=True, timeout=1))
