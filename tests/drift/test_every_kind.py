"""Every built-in kind, applied to a cluster with all Kubernetes controllers: without changes by users, nothing drifts.

`make soak` runs it for longer, while pods and volumes are created and deleted.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.discovery import discover
from blueprint.cluster.apply import ApplyOptions, apply_plan
from blueprint.cluster.plan import make_plan
from blueprint.diagnostics import has_errors
from blueprint.drift.detect import as_run
from blueprint.report.context import Context
from blueprint.report.document import document_of
from blueprint.report.model import Run
from blueprint.report.record import coverage_in_words
from tests.support.drift_platform import Applied, apply, bundle_of
from tests.support.drift_world import World, every_kind
from tests.support.soak import SECONDS, SEED
from tests.support.soak import dice as dice_for
from tests.support.waits import eventually

NAME, NAMESPACE = "kinds", "every-kind"
WAIT = 180.0
"""The time that controllers get on a busy machine, in seconds; on an idle one they need about ten."""
NOT_DECLARED = {
    "Event": "expires by itself",
    "IPAddress": "the API server deletes those that no Service refers to",
}
"""Kinds that are stored, but whose objects do not last long enough for a bundle."""


@pytest.fixture(scope="module")
def connection(lab: Any) -> Iterator[Connection]:
    """A lab of its own, in which the controller manager runs all of its controllers."""
    with lab.fresh(every=True) as own:
        opened = connect(str(own.kubeconfig))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def everything(connection: Connection) -> Applied:
    bundle = bundle_of("kinds", every_kind(NAME, NAMESPACE))
    apply(bundle, connection)
    return Applied(bundle, NAMESPACE, connection)


def test_the_bundle_has_every_kind_that_is_stored(everything: Applied) -> None:
    served = discover(everything.connection).resources.values()
    stored = {each.kind for each in served if each.verbs >= {"create", "list"}}
    declared = {obj.id.kind for obj in everything.bundle.objects}
    assert stored - declared == set(NOT_DECLARED)


@pytest.fixture(scope="module")
def world(everything: Applied) -> World:
    """Simulated nodes and storage, after all controllers have processed them."""
    world, dice = World(everything.connection, NAME, NAMESPACE), dice_for("the world")
    _until(lambda: world.turn(dice) or _has_worked(everything.connection), "the controllers have done their work")
    return world


def test_controllers_at_work_are_not_drift(everything: Applied, world: World) -> None:
    dice = dice_for("controllers")
    world.default_class()
    _until(lambda: _class_of_the_late_claim(everything.connection), "the late claim has a class")

    _assert_clean(everything)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        _churn(everything, world, dice)
        _assert_clean(everything)

    outcome = apply_plan(make_plan(everything.bundle, everything.connection), everything.connection, ApplyOptions())
    assert not has_errors(outcome.diagnostics), outcome.diagnostics
    written = [str(change.id) for change in outcome.changes]
    assert written == [f"Job/{NAMESPACE}/{NAME}-passing"], "a Job that passes is made again; nothing else is written"
    world.turn(dice)
    _assert_clean(everything)


def test_what_a_foreign_role_adds_to_ours_is_reported(everything: Applied, world: World) -> None:
    """Only the responsible controller writes to our role."""
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    body = {"metadata": {"name": "foreign", "labels": {f"{NAME}.example.org/part": "yes"}}, "rules": [rule]}
    whole, connection = f"{roles}/{NAME}-whole", everything.connection
    connection.request("POST", roles, body, query={"fieldManager": "kubectl-create"})
    _until(lambda: rule in connection.get(whole)["rules"], "the rule is aggregated")

    [finding] = everything.findings()
    connection.delete(f"{roles}/foreign")
    _until(lambda: rule not in connection.get(whole)["rules"], "the rule is gone")

    assert (finding.subject, finding.path, finding.live) == (f"ClusterRole/{NAME}-whole", "rules", [rule])
    assert "ClusterRole foreign" in finding.remarks[0].message
    _assert_clean(everything)


def test_what_is_left_out_is_named(everything: Applied, world: World) -> None:
    """A field with its writer; an object to which a controller gave our label; counted in every format."""
    report = everything.drift()
    named = {(each.subject, each.path): each.writer for each in report.left_out}
    assert "kube-controller-manager" in named[f"PersistentVolume/{NAME}", "spec.claimRef"]
    assert "kube-controller-manager" in named[f"Endpoints/{NAMESPACE}/{NAME}", ""]
    run = as_run(report, "drift")
    assert {"subject": f"Endpoints/{NAMESPACE}/{NAME}"}.items() <= _document(run)[
        f"Endpoints/{NAMESPACE}/{NAME}"
    ].items()
    assert any("binding of a volume" in sentence for sentence in coverage_in_words(run))


def test_a_token_is_requested_after_its_account_exists(connection: Connection) -> None:
    """A controller immediately deletes a token Secret without an account, so the order of the bundle must
    not matter.
    """
    space, names = "tokens", [f"account-{number}" for number in range(20)]
    note = "kubernetes.io/service-account.name"
    secrets = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": space, "annotations": {note: name}},
            "type": "kubernetes.io/service-account-token",
        }
        for name in names
    ]
    accounts = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": space}} for name in names
    ]
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    applied = Applied(bundle_of("tokens", [home, *secrets, *accounts]), space, connection)

    apply(applied.bundle, connection)
    listed = f"/api/v1/namespaces/{space}/secrets"
    _until(lambda: [each for each in connection.list(listed) if "token" in each.get("data", {})], "a token is there")

    _until(lambda: all("token" in each.get("data", {}) for each in connection.list(listed)), "all have tokens")
    _assert_clean(applied)


def _document(run: Run) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in document_of(run, Context())["leftOut"] if "path" not in each}


def _assert_clean(everything: Applied) -> None:
    report = everything.drift()
    told = [(f.kind.value, f.subject, f.path, str(f.writer)) for f in report.findings]
    assert told == [], f"seed {SEED}"
    assert report.exit_code == 0


def _has_worked(connection: Connection) -> bool:
    """Visible effects of controllers: each was once reported as drift, or might be."""
    return all(_seen(connection, *each) for each in _effects())


def _effects() -> Iterator[tuple[str, Callable[[dict[str, Any]], Any]]]:
    core, here = "/api/v1", f"/api/v1/namespaces/{NAMESPACE}"
    yield f"{here}/endpoints/{NAME}", lambda o: o["metadata"]["labels"]
    yield f"{here}/secrets/{NAME}-token", lambda o: o["data"]["token"]
    yield f"{core}/persistentvolumes/{NAME}", lambda o: o["spec"]["claimRef"]["uid"]
    yield f"{core}/persistentvolumes/{NAME}-kept", lambda o: o["spec"]["claimRef"]["uid"]
    yield f"{here}/persistentvolumeclaims/{NAME}", lambda o: o["spec"]["volumeName"]
    yield f"{here}/persistentvolumeclaims/{NAME}-waiting", lambda o: o["spec"]["volumeName"]
    yield f"{here}/pods/{NAME}", lambda o: o["status"]["phase"] == "Running"
    yield f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}", lambda o: o["status"]["readyReplicas"] == 2
    yield f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/{NAME}", lambda o: o["status"]["readyReplicas"]
    yield f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/{NAME}", lambda o: o["status"]["numberReady"]
    yield f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{NAME}", lambda o: o["status"]["succeeded"]
    yield f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", lambda o: f"{NAME}-passing" not in _names(o)
    yield f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets/{NAME}", lambda o: o["status"]["currentHealthy"]
    yield f"/apis/certificates.k8s.io/v1/certificatesigningrequests/{NAME}", lambda o: o["status"]["certificate"]
    yield f"/apis/resource.k8s.io/v1/namespaces/{NAMESPACE}/resourceclaims/{NAME}", lambda o: o["status"]["reservedFor"]
    yield f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{NAME}-whole", lambda o: o["rules"]
    yield f"/apis/networking.k8s.io/v1/servicecidrs/{NAME}", lambda o: o["metadata"]["finalizers"]
    yield (
        f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices",
        lambda o: any(name.startswith(f"{NAME}-outside-") for name in _names(o)),
    )


def _names(listed: dict[str, Any]) -> list[str]:
    return [each["metadata"]["name"] for each in listed["items"]]


def _seen(connection: Connection, path: str, what: Callable[[dict[str, Any]], Any]) -> bool:
    try:
        return bool(what(connection.get(path)))
    except KeyError:
        return False


def _class_of_the_late_claim(connection: Connection) -> bool:
    path = f"/api/v1/namespaces/{NAMESPACE}/persistentvolumeclaims/{NAME}-late"
    return _seen(connection, path, lambda o: o["spec"]["storageClassName"] == f"{NAME}-default")


def _until(condition: Callable[[], object], what: str) -> None:
    eventually(condition, what, seconds=WAIT, pause=0.3)


def _churn(everything: Applied, world: World, dice: random.Random) -> None:
    """Some seconds of activity in a cluster: pods are deleted and recreated, status changes."""
    pods = everything.connection.list(f"/api/v1/namespaces/{NAMESPACE}/pods")
    owned = [pod["metadata"]["name"] for pod in pods if pod["metadata"].get("ownerReferences")]
    for name in dice.sample(sorted(owned), min(2, len(owned))):
        everything.connection.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")
    for _ in range(dice.randint(1, 10)):
        world.turn(dice)
        time.sleep(0.5)
