"""The pure functions: equal values, defaults, permitted writers, and exit codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint.changes.compare import ABSENT
from blueprint.drift.compare import compare
from blueprint.drift.equality import same
from blueprint.drift.model import DriftReport, FindingKind
from blueprint.inventory.membership import as_member, manager
from blueprint.inventory.snapshots import take_snapshot
from blueprint.kubernetes.default_values import default_pull_policy
from blueprint.kubernetes.defaults import is_default
from blueprint.kubernetes.field_types import UNKNOWN, Shape, builtin_shape
from blueprint.report.model import Coverage
from blueprint.source.paths import format_path
from tests.support.drift_platform import deployment, with_origins

LIMIT = ("spec", "containers", 0, "resources", "limits", "cpu")
POD, CLAIM, CONFIG = ("v1", "Pod"), ("v1", "PersistentVolumeClaim"), ("v1", "ConfigMap")


def shape(kind: tuple[str, str] | None) -> Shape:
    """The schema of a built-in kind; None for an unknown one."""
    found = builtin_shape(*kind, "1.36.3") if kind else UNKNOWN
    assert found
    return found


@pytest.mark.parametrize(
    ("want", "have", "kind", "path", "equal"),
    [
        ("1", "1000m", POD, LIMIT, True),
        ("1", "1000m", None, LIMIT, False),  # a custom resource stores values unchanged
        ("1", "1001m", POD, LIMIT, False),
        (8, "8", POD, LIMIT, True),
        ("1Gi", "1024Mi", CLAIM, ("spec", "resources", "requests", "storage"), True),
        ("1Gi", "1024Mi", CONFIG, ("data", "storage"), False),  # not a quantity, but similar to one
        ("1", "1000m", CONFIG, ("data", "limits"), False),
        ("1Gi", "1024Mi", POD, ("metadata", "labels", "storage"), False),
        ("1Gi", "1024Mi", POD, ("spec", "nodeSelector", "storage"), False),
        ("1", "1000m", ("policy/v1", "PodDisruptionBudget"), ("spec", "minAvailable"), False),
        (5, 5.0, None, ("spec", "ratio"), True),
        (1, True, None, ("spec", "flag"), False),
        ("true", True, None, ("spec", "flag"), False),
        ("x", "y", None, ("spec", "name"), False),
        ("", ABSENT, CONFIG, ("data", "key"), False),
        ("", ABSENT, POD, ("spec", "hostname"), False),  # it is not guessed whether it is dropped
    ],
)
def test_values_that_say_the_same(want: Any, have: Any, kind: tuple[str, str] | None, path: tuple, equal: bool) -> None:
    assert same(want, have, path, shape(kind)) is equal


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("nginx", "Always"),
        ("nginx:latest", "Always"),
        ("nginx:1.2", "IfNotPresent"),
        ("host:5000/nginx", "Always"),
        ("host:5000/nginx:1", "IfNotPresent"),
        ("nginx@sha256:abc", "IfNotPresent"),
    ],
)
def test_the_default_pull_policy_follows_the_image(image: str, policy: str) -> None:
    assert default_pull_policy(image) == policy


DEPLOYMENT, DAEMONS, JOBS = ("apps/v1", "Deployment"), ("apps/v1", "DaemonSet"), ("batch/v1", "CronJob")
POLICY, HOOKS = (
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
)
SPEC = ("spec", "template", "spec")
PROBE = (*SPEC, "containers", 0, "livenessProbe")


@pytest.mark.parametrize(
    ("kind", "path", "value", "default"),
    [
        (DEPLOYMENT, ("spec", "strategy", "type"), "RollingUpdate", True),
        (DEPLOYMENT, ("spec", "strategy", "type"), "Recreate", False),
        (DEPLOYMENT, ("spec", "strategy", "rollingUpdate", "maxSurge"), "25%", True),
        (DEPLOYMENT, ("spec", "strategy", "rollingUpdate", "maxSurge"), 0, False),
        (DAEMONS, ("spec", "updateStrategy", "rollingUpdate", "maxSurge"), 0, True),
        (DAEMONS, ("spec", "updateStrategy", "rollingUpdate", "maxSurge"), "25%", False),
        (DEPLOYMENT, (*SPEC, "hostNetwork"), True, False),
        (DEPLOYMENT, (*SPEC, "terminationGracePeriodSeconds"), 30, True),
        (DEPLOYMENT, (*PROBE, "terminationGracePeriodSeconds"), 30, False),
        (DEPLOYMENT, (*PROBE, "timeoutSeconds"), 1, True),
        (DEPLOYMENT, (*PROBE, "timeoutSeconds"), 10, False),
        (HOOKS, ("webhooks", 0, "timeoutSeconds"), 10, True),
        (HOOKS, ("webhooks", 0, "timeoutSeconds"), 1, False),
        (JOBS, ("spec", "jobTemplate", "spec", "backoffLimit"), 6, False),  # filled into Jobs only
        (("batch/v1", "Job"), ("spec", "backoffLimit"), 6, True),
        (JOBS, ("spec", "jobTemplate", *SPEC, "dnsPolicy"), "ClusterFirst", True),
        (POLICY, ("spec", "ingress", 0, "from", 0, "namespaceSelector"), {}, False),
        (HOOKS, ("webhooks", 0, "namespaceSelector"), {}, True),
        (DEPLOYMENT, (*SPEC, "volumes", 0, "emptyDir"), {}, False),
        (("v1", "Service"), ("spec", "type"), "ClusterIP", True),
        (("v1", "Secret"), ("type",), "Opaque", True),
        (CONFIG, ("data", "type"), "Opaque", False),
        (CONFIG, ("data", "terminationGracePeriodSeconds"), "30", False),
    ],
)
def test_defaults_are_known_by_their_place(kind: tuple[str, str], path: tuple, value: Any, default: bool) -> None:
    assert is_default(path, value, shape(kind), _holding(path, value)) is default


def _holding(path: tuple, value: Any) -> Any:
    """A live object with this value at the path, and nothing else."""
    for step in reversed(path):
        value = [value] if isinstance(step, int) else {step: value}
    return value


def test_defaults_of_custom_resources_come_from_their_schema() -> None:
    item = {"properties": {"mode": {"default": "auto"}}}
    schema = {"properties": {"spec": {"properties": {"items": {"items": item}}}}}
    custom = Shape(schema, {}, builtin=False)

    assert is_default(("spec", "items", 3, "mode"), "auto", custom, {})
    assert not is_default(("spec", "items", 3, "mode"), "manual", custom, {})
    assert not is_default(("spec", "unknown"), "x", custom, {})


@pytest.mark.parametrize(
    ("failed", "coverage", "code"),
    [
        (False, [Coverage("objects", 3)], 0),
        (False, [Coverage("objects", 3, 1)], 3),
        (True, [Coverage("objects", 3, 1)], 1),
        (False, [Coverage("objects", 0, 3)], 2),
        (False, [Coverage("objects", 0, 3), Coverage("pool nodes", 2)], 3),
        (False, [], 0),
    ],
)
def test_exit_codes(failed: bool, coverage: list[Coverage], code: int) -> None:
    assert DriftReport(coverage=tuple(coverage), failed=failed).exit_code == code


VALUES = st.recursive(
    st.booleans() | st.integers(0, 9) | st.text("abc", min_size=1, max_size=3),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.text("xyz", min_size=1, max_size=2), inner, min_size=1, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_an_object_never_differs_from_itself(value: Any) -> None:
    data = {"apiVersion": "x.example.org/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"v": value}}

    compared = compare(with_origins(data, 1), data, data, None, "us")

    assert compared.differences == ()


@given(VALUES, VALUES)
def test_two_objects_that_differ_are_never_the_same(one: Any, other: Any) -> None:
    """Even without recorded owners; maps may have additional keys, which is an addition."""

    def said(value: Any) -> dict[str, Any]:
        return {"apiVersion": "x.example.org/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"v": value}}

    compared = compare(with_origins(said(one), 1), said(one), said(other), None, "us")

    assert bool(compared.differences) is (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))


def test_a_deployment_without_ownership_record_is_compared_by_its_likely_keys() -> None:
    want, have = deployment("n"), deployment("n")
    have["spec"]["template"]["spec"]["containers"].reverse()
    have["spec"]["template"]["spec"]["containers"][1]["image"] = "other"

    [difference] = compare(with_origins(want, 1), want, have, None, "us").differences

    assert (difference.kind, difference.pair.have) == (FindingKind.MODIFIED, "other")


@pytest.mark.parametrize("recorded", [True, False])
def test_what_the_server_puts_for_an_empty_value_is_not_an_addition(recorded: bool) -> None:
    """Without owners: a known default needs no record; a value that only the record of the apply shows needs it."""
    kind, spec = ("networking.k8s.io/v1", "NetworkPolicy"), {"podSelector": {}}
    told = unowned(kind, {"spec": spec | {"policyTypes": []}}, {"spec": spec | {"policyTypes": ["Ingress"]}}, recorded)
    assert told == set()
    other = unowned(kind, {"spec": spec | {"policyTypes": []}}, {"spec": spec | {"policyTypes": ["Egress"]}}, recorded)
    assert other == (set() if recorded else {"spec.policyTypes[0]"})


def unowned(kind: tuple[str, str], declared: dict, stored: dict, recorded: bool) -> set[str]:
    """The reported additions to an object that lost its owners after the apply, and gained an annotation."""
    head = {"apiVersion": kind[0], "kind": kind[1]}
    meta = {"name": "a", "namespace": "a"}
    obj = with_origins({**head, "metadata": meta, **declared}, 1)
    owned = [{"manager": manager("b"), "operation": "Apply", "fieldsV1": {"f:spec": {"f:policyTypes": {}}}}]
    own = {"labels": as_member(obj.data, "b")["metadata"]["labels"], "uid": "1", "resourceVersion": "1"}
    live = {**head, "metadata": meta | own | {"managedFields": owned}, **stored}
    snapshot = take_snapshot(obj, live, "b") if recorded else None
    del live["metadata"]["managedFields"]
    live["metadata"] |= {"resourceVersion": "2", "annotations": {"touched": "1"}}
    wanted = as_member(obj.data, "b")
    found = compare(obj, wanted, live, snapshot, manager("b"), shape(kind)).differences
    paths = {format_path(d.pair.there, live) for d in found if d.kind is FindingKind.FOREIGN_ADDITION}
    return paths - {"metadata.annotations.touched"}
