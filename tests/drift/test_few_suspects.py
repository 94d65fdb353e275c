"""A few changed objects among many are read by name, without listing their kind."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.bundle.model import Bundle
from blueprint.drift.detect import detect_drift
from blueprint.drift.model import FindingKind
from blueprint.drift.view import ClusterView
from tests.support.drift_platform import MERGE_PATCH, apply, bundle_of

COUNT = 60


@pytest.fixture
def many(connection: Connection, namespace: str) -> Bundle:
    """That many ConfigMaps, applied."""
    head = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}}
    maps = [{**head, "metadata": {"name": f"m{number}", "namespace": namespace}} for number in range(COUNT)]
    bundle = bundle_of(f"few-{uuid.uuid4().hex[:8]}", maps)
    apply(bundle, connection)
    return bundle


def changed(lab: Any, bundle: Bundle, numbers: range) -> list[str]:
    for obj in [bundle.objects[number] for number in numbers]:
        path = f"/api/v1/namespaces/{obj.id.namespace}/configmaps/{obj.id.name}?fieldManager=somebody"
        lab.request("PATCH", path, {"data": {"k": "other"}}, content_type=MERGE_PATCH)
    return [str(bundle.objects[number].id) for number in numbers]


@pytest.mark.parametrize(("count", "full_lists"), [(1, 0), (COUNT // 20, 0), (COUNT // 2, 1)])
def test_the_kind_is_listed_only_for_many(
    count: int, full_lists: int, lab: Any, connection: Connection, many: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = changed(lab, many, range(count))
    listed: list[str] = []
    real = Connection.list
    monkeypatch.setattr(Connection, "list", lambda self, path, *rest: listed.append(path) or real(self, path, *rest))
    report = detect_drift(many, ClusterView(connection))
    assert {f.subject for f in report.findings if f.kind is FindingKind.MODIFIED} == set(wanted)
    assert len([path for path in listed if path.endswith("/configmaps")]) == full_lists


def test_a_user_who_may_list_but_not_get_sees_the_same(lab: Any, many: Bundle) -> None:
    wanted = changed(lab, many, range(1))
    name = many.name
    api = "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"apiGroups": [""], "resources": ["configmaps", "nodes"], "verbs": ["list"]}]
    lab.request("POST", f"{api}/clusterroles", {"metadata": {"name": name}, "rules": rules})
    binding = {
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}],
    }
    lab.request("POST", f"{api}/clusterrolebindings", binding)
    opened = connect(str(lab.user(name)))
    try:
        report = detect_drift(many, ClusterView(opened))
    finally:
        opened.close()
    assert {f.subject for f in report.findings if f.kind is FindingKind.MODIFIED} == set(wanted)
