"""The pure parts: when values say the same, what is a default, who may write what, what an exit code means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from drift_platform import deployment, with_origins
from hypothesis import given
from hypothesis import strategies as st

from blueprint.drift.compare import compare
from blueprint.drift.defaults import default_pull_policy, is_server_default, schema_defaults
from blueprint.drift.equality import is_builtin, same
from blueprint.drift.expected import why_expected
from blueprint.drift.model import DriftReport, FindingKind, Writer
from blueprint.report.model import Coverage

LIMIT = ("spec", "containers", 0, "resources", "limits", "cpu")


@pytest.mark.parametrize(
    ("want", "have", "path", "builtin", "equal"),
    [
        ("1", "1000m", LIMIT, True, True),
        ("1", "1000m", LIMIT, False, False),  # a custom resource stores what it is given
        ("1", "1001m", LIMIT, True, False),
        (8, "8", LIMIT, True, True),
        ("1Gi", "1024Mi", ("spec", "resources", "requests", "memory"), True, True),
        ("1", "1000m", ("data", "cpu"), True, False),  # not a quantity, only looks like one
        (5, 5.0, ("spec", "ratio"), False, True),
        (1, True, ("spec", "flag"), True, False),
        ("true", True, ("spec", "flag"), True, False),
        ("x", "y", ("spec", "name"), True, False),
    ],
)
def test_values_that_say_the_same(want: Any, have: Any, path: tuple, builtin: bool, equal: bool) -> None:
    assert same(want, have, path, builtin=builtin) is equal


@pytest.mark.parametrize(
    ("group", "builtin"), [("", True), ("apps", True), ("rbac.authorization.k8s.io", True), ("nvidia.com", False)]
)
def test_which_groups_are_built_in(group: str, builtin: bool) -> None:
    assert is_builtin(group) is builtin


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


@pytest.mark.parametrize(
    ("path", "value", "parent", "default"),
    [
        (("spec", "strategy", "type"), "RollingUpdate", {}, True),
        (("spec", "strategy", "type"), "Recreate", {}, False),
        (("spec", "strategy", "rollingUpdate", "maxSurge"), "25%", {}, True),
        (("spec", "strategy", "rollingUpdate", "maxSurge"), 0, {}, False),
        (("spec", "updateStrategy", "rollingUpdate", "maxSurge"), 0, {}, True),
        (("spec", "template", "spec", "hostNetwork"), True, {}, False),
        (("webhooks", 0, "timeoutSeconds"), 10, {"clientConfig": {}}, True),
        (("livenessProbe", "timeoutSeconds"), 10, {"httpGet": {}}, False),
        (("spec", "ingress", 0, "from", 0, "namespaceSelector"), {}, {}, False),
        (("webhooks", 0, "namespaceSelector"), {}, {}, True),
        (("volumes", 0, "emptyDir"), {}, {}, False),
    ],
)
def test_defaults_are_known_by_their_place(path: tuple, value: Any, parent: Any, default: bool) -> None:
    assert is_server_default(path, value, parent) is default


def test_defaults_of_custom_resources_come_from_their_schema() -> None:
    item = {"properties": {"mode": {"default": "auto"}}}
    is_default = schema_defaults({"properties": {"spec": {"properties": {"items": {"items": item}}}}})

    assert is_default(("spec", "items", 3, "mode"), "auto", {})
    assert not is_default(("spec", "items", 3, "mode"), "manual", {})
    assert not is_default(("spec", "unknown"), "x", {})


def test_expected_writers_are_bound_to_places() -> None:
    controller = Writer("kube-controller-manager", "Update", "", "")
    scaler = Writer("anyone", "Update", "scale", "")
    revision = ("metadata", "annotations", "deployment.kubernetes.io/revision")

    assert why_expected("Deployment", revision, controller)
    assert not why_expected("Deployment", revision, Writer("mallory", "Update", "", ""))
    assert not why_expected("Deployment", ("spec", "template", "spec", "hostNetwork"), controller)
    assert why_expected("Deployment", ("spec", "replicas"), scaler)
    assert not why_expected("Deployment", ("spec", "replicas"), Writer("anyone", "Update", "", ""))
    assert why_expected("Deployment", ("status", "replicas"), Writer("mallory", "Update", "", ""))


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
    """Even with nobody recorded as the owner of anything; maps may have grown, which is an addition."""

    def said(value: Any) -> dict[str, Any]:
        return {"apiVersion": "x.example.org/v1", "kind": "X", "metadata": {"name": "x"}, "spec": {"v": value}}

    compared = compare(with_origins(said(one), 1), said(one), said(other), None, "us")

    assert bool(compared.differences) is (json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True))


def test_a_deployment_without_ownership_record_is_compared_by_its_likely_keys() -> None:
    want, have = deployment("n"), deployment("n")
    have["spec"]["template"]["spec"]["containers"].reverse()
    have["spec"]["template"]["spec"]["containers"][1]["image"] = "other"

    [difference] = compare(with_origins(want, 1), want, have, None, "us").differences

    assert (difference.kind, difference.spot.have) == (FindingKind.MODIFIED, "other")
