"""References within the input: wrong ones are reported, unless others may have created the target."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.check.objects import check_objects
from blueprint.diagnostics import Severity
from tests.support.check_corpus import REMOVED, broken, objects

POD = "spec.template.spec"
ERROR, WARNING = Severity.ERROR, Severity.WARNING

ABSENT = "which is not among the objects"
CASES: list[tuple[str, str, Any, str, Severity, str, str | None]] = [
    ("deployment", f"{POD}.serviceAccountName", "trainr", "BP5101", ERROR,
     f"{POD}.serviceAccountName refers to the ServiceAccount train/trainr, {ABSENT}", "did you mean trainer?"),
    ("deployment", f"{POD}.volumes[name=settings].configMap.name", "seting", "BP5102", WARNING,
     f"{POD}.volumes[name=settings].configMap.name refers to the ConfigMap train/seting, {ABSENT}",
     "did you mean settings?"),
    ("deployment", f"{POD}.containers[name=main].env[name=PASSWORD].valueFrom.secretKeyRef.name", "other", "BP5102",
     WARNING, (f"{POD}.containers[name=main].env[name=PASSWORD].valueFrom.secretKeyRef.name refers to the Secret"
     f" train/other, {ABSENT}"), None),
    ("deployment", f"{POD}.containers[name=main].envFrom[0].configMapRef.name", "other", "BP5102", WARNING,
     f"{POD}.containers[name=main].envFrom[0].configMapRef.name refers to the ConfigMap train/other, {ABSENT}",
     None),
    ("deployment", f"{POD}.containers[name=main].volumeMounts[name=scratch].name", "scrath", "BP5106", ERROR,
     f"{POD}.containers[name=main].volumeMounts[name=scrath].name: the pod has no volume scrath",
     "did you mean scratch?"),
    ("deployment", f"{POD}.containers[name=main].volumeMounts", [{"name": "nowhere", "mountPath": "/x"}], "BP5106",
     ERROR, f"{POD}.containers[name=main].volumeMounts[name=nowhere].name: the pod has no volume nowhere", None),
    ("deployment", "spec.selector.matchLabels.app", "other", "BP5105", ERROR,
     "spec.selector.matchLabels.app is other, but the pod template has app=trainer", None),
    ("daemonset", "spec.selector.matchLabels", REMOVED, "BP5105", ERROR,
     "spec.selector is empty, so it selects no pods", None),
    ("daemonset", "spec.template.metadata.labels", {"other": "x"}, "BP5105", ERROR,
     "spec.selector.matchLabels.app is agent, but the pod template has no label app", None),
    ("rolebinding", "roleRef.name", "editr", "BP5103", ERROR, f"roleRef.name is the Role editr, {ABSENT}",
     "did you mean editor?"),
    ("clusterrolebinding", "roleRef.name", "nobody", "BP5103", WARNING,
     f"roleRef.name is the ClusterRole nobody, {ABSENT}", None),
    ("rolebinding", "subjects[0].name", "trainr", "BP5107", ERROR,
     f"subjects[name=trainr].name is the ServiceAccount train/trainr, {ABSENT}", "did you mean trainer?"),
    ("budget", "metadata.namespace", "trian", "BP5104", WARNING, "its namespace trian is not among the objects",
     "did you mean train?"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[3]}:{case[0]}:{case[1]}")
def test_a_broken_reference_is_found(case: tuple[str, str, Any, str, Severity, str, str | None]) -> None:
    name, field, value, code, severity, message, help_ = case
    [found] = check_objects(objects(**{name: broken(name, field, value)}), kubernetes_minor="1.36")
    assert (found.code.id, found.severity, found.help) == (code, severity, help_)
    assert found.message.partition(": ")[2] == message


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("deployment", f"{POD}.serviceAccountName", "default"),
        ("deployment", f"{POD}.serviceAccountName", REMOVED),
        ("deployment", f"{POD}.volumes[name=settings].configMap", {"name": "later", "optional": True}),
        ("deployment", f"{POD}.volumes[name=settings].configMap", {"name": "kube-root-ca.crt"}),
        ("clusterrolebinding", "roleRef.name", "cluster-admin"),
        ("clusterrolebinding", "roleRef.name", "system:auth-delegator"),
        ("rolebinding", "subjects[0].namespace", "elsewhere"),
        ("budget", "metadata.namespace", "kube-system"),
    ],
)
def test_what_every_cluster_has_or_may_be_absent_is_not_a_finding(name: str, field: str, value: Any) -> None:
    assert check_objects(objects(**{name: broken(name, field, value)}), kubernetes_minor="1.36") == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("apiVersion", "authorization.openshift.io/v1"), ("roleRef.kind", "Group"), ("roleRef.name", "")],
)
def test_what_is_no_reference_to_a_role_is_not_followed(field: str, value: str) -> None:
    """Whatever else is wrong with it."""
    data = broken("rolebinding", "roleRef.name", "nobody")
    found = check_objects(objects(rolebinding=data), kubernetes_minor="1.36")
    assert [each.code.id for each in found] == ["BP5103"]
    where, _, key = field.rpartition(".")
    (data[where] if where else data)[key] = value
    found = check_objects(objects(rolebinding=data), kubernetes_minor="1.36")
    assert "BP5103" not in [each.code.id for each in found]


def test_in_a_namespace_of_another_owner_a_missing_account_is_only_a_warning() -> None:
    """It is unknown what exists in a foreign namespace; in a namespace of our own it is known."""
    data = broken("deployment", f"{POD}.serviceAccountName", "theirs")
    data["metadata"]["namespace"] = "kube-system"
    found = check_objects([Object(data, "x")], kubernetes_minor="1.36")
    assert {(d.code.id, d.severity) for d in found} == {("BP5101", WARNING), ("BP5102", WARNING)}


def test_a_namespace_that_is_not_rendered_is_reported_once_however_many_use_it() -> None:
    everything = [each for each in objects() if each.data["kind"] != "Namespace"]
    [found] = [d for d in check_objects(everything, kubernetes_minor="1.36") if d.code.id == "BP5104"]
    assert "its namespace train (and that of 14 more objects) is not among the objects" in found.message


def test_a_broken_identity_is_not_followed_by_complaints_about_references() -> None:
    """No cascade: the object cannot be identified, so references to it are not reported."""
    found = check_objects(objects(quota=broken("quota", "metadata.name", 7)), kubernetes_minor="1.36")
    assert [d.code.id for d in found] == ["BP5005"]
