"""What cannot be examined is reported as unknown, by name and number; it never counts as clean, and excuses
no finding.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.diagnostics import Refused
from blueprint.drift.detect import as_run, detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from blueprint.inventory.membership import NAMESPACE, parent_name
from blueprint.records import replace
from tests.support.drift_platform import Applied, bundle_of, with_origins

READ = ["get", "list"]


def role(name: str, *rules: tuple[list[str], list[str], list[str]]) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "rules": [{"apiGroups": groups, "resources": kinds, "verbs": verbs} for groups, kinds, verbs in rules],
    }


def user_with(lab: Any, name: str, *rules: tuple[list[str], list[str], list[str]]) -> Connection:
    """A connection as a user with only these permissions, everywhere."""
    lab.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles", role(name, *rules))
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
    }
    lab.request("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding)
    return connect(str(lab.user(name)))


@pytest.fixture
def reader(lab: Any, applied: Applied) -> Iterator[Connection]:
    """A user who may read everything in the bundle except Deployments and Secrets, and write nothing."""
    rules = (["", "rbac.authorization.k8s.io"], ["configmaps", "services", "serviceaccounts", "roles"], READ)
    opened = user_with(lab, applied.bundle.name, rules, (["apps"], ["daemonsets"], READ))
    yield opened
    opened.close()


@pytest.fixture
def getter(lab: Any, applied: Applied) -> Iterator[Connection]:
    """A user who may get everything in the bundle by name, and list everything except Services."""
    rules = (["", "rbac.authorization.k8s.io"], ["configmaps", "secrets", "serviceaccounts", "roles"], READ)
    apps = (["apps"], ["daemonsets", "deployments"], READ)
    opened = user_with(lab, f"getter-{applied.bundle.name}", rules, apps, ([""], ["services"], ["get"]))
    yield opened
    opened.close()


def test_a_kind_that_may_not_be_listed_is_unknown_beyond_the_names_that_are_known(
    applied: Applied, getter: Connection
) -> None:
    """A copy with our label would not be seen, so the result for such objects is unknown."""
    report = detect_drift(applied.bundle, ClusterView(getter))

    [coverage] = report.coverage
    assert (coverage.examined, coverage.unknown, report.exit_code) == (7, 1, 3)
    [finding] = report.findings
    assert (finding.kind, finding.subject) == (FindingKind.UNKNOWN, "Service")
    assert "403" in finding.remarks[0].message

    applied.patch("ConfigMap", {"data": {"mode": "slow"}})
    assert detect_drift(applied.bundle, ClusterView(getter)).exit_code == 1


def test_forbidden_kinds_are_unknown_and_exit_3(applied: Applied, reader: Connection) -> None:
    report = detect_drift(applied.bundle, ClusterView(reader))

    [coverage] = report.coverage
    assert (coverage.examined, coverage.unknown, report.exit_code) == (5, 2, 3)
    assert {f.subject for f in report.findings} == {"Deployment.apps", "Secret"}
    assert {f.kind for f in report.findings} == {FindingKind.UNKNOWN}
    assert "403" in coverage.reason
    assert as_run(report, "").exit_code == 3


def test_a_finding_beside_an_unknown_exits_1(applied: Applied, reader: Connection) -> None:
    applied.patch("ConfigMap", {"data": {"mode": "slow"}})

    report = detect_drift(applied.bundle, ClusterView(reader))

    assert (report.exit_code, report.unknown) == (1, 2)


def test_reading_rights_suffice_to_find_and_to_decide(applied: Applied, reader: Connection) -> None:
    """Without permission to patch: a value under our own name is decided by the record, not by a dry-run."""
    us = f"blueprint:{applied.bundle.name}"
    data = applied.declared("ConfigMap").data
    labels = applied.get("ConfigMap")["metadata"]["labels"]
    body = {**data, "metadata": {**data["metadata"], "labels": labels}, "data": {"mode": "slow", "level": "3"}}
    applied.patch("ConfigMap", body, manager=us, how="application/apply-patch+yaml", force=True)

    found = [f for f in detect_drift(applied.bundle, ClusterView(reader)).findings if f.path]

    assert [(f.kind, f.path) for f in found] == [(FindingKind.MODIFIED, "data.mode")]


def test_a_user_who_may_read_nothing_exits_2(lab: Any, applied: Applied) -> None:
    nobody = connect(str(lab.user(f"nobody-{applied.bundle.name}")))

    report = detect_drift(applied.bundle, ClusterView(nobody))

    assert report.exit_code == 2
    assert not any(part.examined for part in report.coverage)


def test_a_kind_that_is_not_served_is_unknown(applied: Applied) -> None:
    odd = {"apiVersion": "nowhere.example.org/v1", "kind": "Odd", "metadata": {"name": "odd"}}
    bundle = replace(applied.bundle, objects=(*applied.bundle.objects, with_origins(odd, 9000)))

    report = applied.drift(bundle)

    assert report.exit_code == 3
    [finding] = report.findings
    assert "does not serve Odd (nowhere.example.org)" in finding.remarks[0].message


def test_a_server_that_fails_on_one_kind_leaves_the_others(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Connection.request

    def failing(self: Connection, method: str, path: str, *rest: Any, **more: Any) -> Any:
        if path.endswith("/services"):
            raise ApiError(503, "ServiceUnavailable", "etcd is away", request=path)
        return asked(self, method, path, *rest, **more)

    monkeypatch.setattr(Connection, "request", failing)
    report = applied.drift()

    assert (report.coverage[0].examined, report.coverage[0].unknown, report.exit_code) == (6, 1, 3)


def test_an_unreachable_server_is_a_clear_error(applied: Applied, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Connection, method: str, path: str, *rest: Any, **more: Any) -> Any:
        raise ApiError(0, "Unreachable", "Connection refused", request=path)

    monkeypatch.setattr(Connection, "request", gone)

    with pytest.raises(Refused) as told:
        applied.drift()

    assert (told.value.exit_code, told.value.diagnostics[0].code.id) == (2, "BP7005")


def test_a_bundle_that_was_never_applied_is_missing_as_a_whole(applied: Applied) -> None:
    manifests = [{**o.data, "metadata": {**o.data["metadata"], "name": "other"}} for o in applied.bundle.objects]
    report = applied.drift(bundle_of(f"{applied.bundle.name}-other", manifests))

    assert [f.kind for f in report.findings] == [FindingKind.MISSING] * 7
    assert "BP8011" in {d.code.id for d in report.diagnostics}


def test_a_lost_record_is_reported_and_values_are_still_compared(applied: Applied) -> None:
    name = parent_name(applied.bundle.name)
    applied.connection.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{name}")
    quiet = applied.drift()
    applied.patch("ConfigMap", {"data": {"mode": "slow"}})
    applied.patch("Deployment", {"spec": {"template": {"spec": {"hostIPC": True}}}}, manager="mallory")

    found = {(f.kind, f.path) for f in applied.findings()}

    assert (quiet.findings, quiet.exit_code) == ((), 3), "what is no longer rendered cannot be seen"
    assert [d.code.slug for d in quiet.diagnostics] == ["record-lost"]
    assert found == {
        (FindingKind.MODIFIED, "data.mode"),
        (FindingKind.FOREIGN_ADDITION, "spec.template.spec.hostIPC"),
    }


def test_a_damaged_record_is_unknown(applied: Applied) -> None:
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{parent_name(applied.bundle.name)}"
    applied.connection.patch(path, {"data": {"record.json": "{}"}}, "mallory")

    report = applied.drift()

    assert report.exit_code == 3
    assert "BP8014" in {d.code.id for d in report.diagnostics}


def test_objects_that_others_applied_unchanged_are_not_drift(connection: Connection, namespace: str) -> None:
    """`kubectl apply -f` of a bundle, or GitOps: no record of ours, but the declared values."""
    data = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "web", "namespace": namespace},
        "data": {"a": "1"},
    }
    connection.request(
        "POST", f"/api/v1/namespaces/{namespace}/configmaps", data, query={"fieldManager": "kubectl-client-side-apply"}
    )

    report = detect_drift(bundle_of(f"gitops-{namespace}", [data]), ClusterView(connection))

    assert (report.findings, report.exit_code) == ((), 0)
