"""Policies and RuntimeClasses that were weakened on a real API server are the first findings of drift."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.errors import ApiError
from blueprint.diagnostics import Danger, in_order
from blueprint.drift.detect import as_run
from tests.components.test_kata_policies import PLACES, PLATFORM
from tests.support.drift_platform import JSON_PATCH, MERGE_PATCH, Applied, apply, bundle_of
from tests.support.platforms import rendered

POLICY, BINDING, CLASS = (
    PLACES[kind] for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RuntimeClass")
)
HARMLESS = "/api/v1/namespaces/default/configmaps/web"
CONFIG = {
    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "namespace": "default"}, "data": {"a": "b"},
}  # fmt: skip
EDITS: dict[str, tuple[str, Any, str, str]] = {
    "a policy that lets pass what it cannot judge": (
        f"{POLICY}/kata-pods", {"spec": {"failurePolicy": "Ignore"}}, MERGE_PATCH, "spec.failurePolicy"),
    "a rule that is always true": (
        f"{POLICY}/kata-machines",
        [{"op": "replace", "path": "/spec/validations/0/expression", "value": "true"}], JSON_PATCH, "spec.validations"),
    "a rule that is gone": (
        f"{POLICY}/kata-pods", [{"op": "remove", "path": "/spec/validations/0"}], JSON_PATCH, "spec.validations"),
    "a condition that is never met": (
        f"{POLICY}/kata-pods", {"spec": {"matchConditions": [{"name": "never", "expression": "false"}]}}, MERGE_PATCH,
        "spec.matchConditions"),
    "a binding that only writes to the audit log": (
        f"{BINDING}/kata-pods", {"spec": {"validationActions": ["Audit"]}}, MERGE_PATCH, "spec.validationActions"),
    "a binding that leaves a namespace out": (
        f"{BINDING}/kata-machines",
        {"spec": {"matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}}, MERGE_PATCH,
        "spec.matchResources"),
    "nodes without virtual machines": (
        f"{CLASS}/kata-qemu", {"scheduling": {"nodeSelector": {"katacontainers.io/kata-runtime": None}}}, MERGE_PATCH,
        "scheduling.nodeSelector"),
}  # fmt: skip


@pytest.fixture(scope="module")
def isolated(lab: Any) -> Iterator[Applied]:
    """Kata's RuntimeClasses and policies and a ConfigMap, applied to a lab of their own."""
    with lab.fresh() as own:
        opened = connect(str(own.kubeconfig))
        objects = (*rendered(PLATFORM, "kata-deploy"), *rendered(PLATFORM, "kata-admission"))
        bundle = bundle_of("isolation", [*(dict(each.data) for each in objects if each.id.kind in PLACES), CONFIG])
        apply(bundle, opened)
        yield Applied(bundle, "default", opened)
        opened.close()


@pytest.fixture
def changed(isolated: Applied) -> Iterator[Applied]:
    """A harmless change besides the dangerous one; afterwards everything is recreated, because apply yields to other
    writers.
    """
    isolated.connection.patch(HARMLESS, {"data": {"a": "c"}}, "kubectl-edit")
    yield isolated
    for path in (HARMLESS, f"{POLICY}/kata-pods", f"{POLICY}/kata-machines", f"{BINDING}/kata-pods",
                 f"{BINDING}/kata-machines", f"{CLASS}/kata-qemu"):  # fmt: skip
        with suppress(ApiError):
            isolated.connection.delete(path)
    apply(isolated.bundle, isolated.connection)
    assert isolated.findings() == []


@pytest.mark.parametrize("name", EDITS)
def test_a_loosened_policy_is_the_first_finding(changed: Applied, name: str) -> None:
    path, body, how, field = EDITS[name]
    changed.connection.patch(path, body, "kubectl-edit", how)
    first = listed(changed)[0]
    assert (first.danger, (first.path or "")[: len(field)]) == (Danger.ISOLATION, field)


@pytest.mark.parametrize("path", [f"{BINDING}/kata-pods", f"{POLICY}/kata-machines", f"{CLASS}/kata-qemu"])
def test_one_that_is_deleted_is_the_first_finding(changed: Applied, path: str) -> None:
    changed.connection.delete(path)
    first = listed(changed)[0]
    assert (first.code.slug, first.danger) == ("missing-object", Danger.ISOLATION)
    assert first.subject.endswith(path.rpartition("/")[2])


def test_a_class_recreated_with_another_handler_is_the_first_finding(changed: Applied) -> None:
    """The handler is immutable, so the class is recreated: without it, pods run as containers on their node."""
    place = f"{CLASS}/kata-qemu"
    live = changed.connection.get(place)
    changed.connection.delete(place)
    metadata = {"name": "kata-qemu", "labels": live["metadata"]["labels"]}
    changed.connection.post(CLASS, {**live, "metadata": metadata, "handler": "runc"}, "kubectl-create")
    found = listed(changed)
    assert found[0].danger is Danger.ISOLATION
    assert [each.danger for each in found if each.path == "handler"] == [Danger.ISOLATION]


def test_another_overhead_is_found_and_lets_nobody_do_anything(changed: Applied) -> None:
    place = f"{CLASS}/kata-qemu"
    live = changed.connection.get(place)
    changed.connection.patch(place, {"overhead": {"podFixed": {"memory": "1Mi"}}}, "kubectl-edit")
    found = [each for each in listed(changed) if each.subject.endswith("kata-qemu")]
    assert [(each.path, each.danger) for each in found] == [("overhead.podFixed.memory", None)]
    assert live["overhead"]["podFixed"]["memory"] != "1Mi"


def listed(applied: Applied) -> list[Any]:
    """The findings in the order of reports, of which the harmless one is the last."""
    found = list(in_order(as_run(applied.drift(), "drift").diagnostics))
    assert found[-1].subject == "ConfigMap/default/web"
    return found
