"""The states that a Subscription and its version report."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.cluster.health import Health, health_of
from blueprint.cluster.olm import brought_by, complaint_of, complaint_of_version, subscriptions_of


def subscription(**status: Any) -> dict[str, Any]:
    meta = {"name": "nfd", "namespace": "openshift-nfd"}
    head = {"apiVersion": "operators.coreos.com/v1alpha1", "kind": "Subscription", "metadata": meta}
    return {**head, "spec": {}, "status": status} if status else {**head, "spec": {}}


def condition(kind: str, reason: str = "", message: str = "", status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


PENDING = condition("InstallPlanPending", "RequiresApproval")
PLAN = {"name": "install-abc"}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({}, "has not processed it"),
        ({"state": "UpgradePending", "installPlanRef": PLAN}, "install-abc is waiting for approval"),
        ({"conditions": [PENDING], "installplan": PLAN}, "install-abc is waiting for approval"),
        ({"conditions": [condition("InstallPlanPending", "Installing")]}, "nothing is installed"),
        ({"conditions": [condition("ResolutionFailed", message="no operators found in channel v26.7")]},
         "ResolutionFailed: no operators found in channel v26.7"),
        ({"conditions": [condition("CatalogSourcesUnhealthy", message="all available", status="False")]},
         "its state is not set"),
        ({"conditions": [condition("BundleUnpackFailed", message="deadline exceeded"), PENDING]}, "deadline exceeded"),
        ({"state": "AtLatestKnown", "installedCSV": "nfd.4.21.0"}, ""),
        ({"state": "UpgradePending", "installedCSV": "nfd.4.21.0", "conditions": [PENDING]}, ""),
    ],
)  # fmt: skip
def test_a_subscription_says_why_nothing_is_installed(status: dict[str, Any], words: str) -> None:
    """A later version that waits for approval is not a problem: the installed one works."""
    said = complaint_of(subscription(**status))
    assert words in said
    assert bool(said) is bool(words)


@pytest.mark.parametrize(
    ("installed", "words"),
    [
        ("gpu-operator-certified.v26.3.3", "the install plan install-abc is waiting"),
        ("gpu-operator-certified.v26.7.0", ""),
        ("gpu-operator-certified.v26.10.1", ""),
        ("gpu-operator-certified.latest", ""),
    ],
)
def test_an_older_version_than_the_one_to_start_from_does_not_count(installed: str, words: str) -> None:
    """After a change of the channel the old version keeps running until the new one is approved."""
    one = subscription(state="UpgradePending", installedCSV=installed, installPlanRef=PLAN)
    one["spec"] = {"startingCSV": "gpu-operator-certified.v26.7.0"}
    said = complaint_of(one)
    assert words in said
    assert bool(said) is bool(words)
    assert "older than" in complaint_of({**one, "status": {"installedCSV": installed}}) or not words


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"phase": "Succeeded"}, ""),
        ({"phase": "Failed", "message": "install timeout"}, "nfd.4.21.0 is Failed: install timeout"),
        ({}, "nfd.4.21.0 is not examined yet"),
    ],
)
def test_a_version_works_only_when_it_has_succeeded(status: dict[str, Any], words: str) -> None:
    assert complaint_of_version({"metadata": {"name": "nfd.4.21.0"}, "status": status}) == words


def test_a_subscription_that_nobody_answers_is_unknown_not_ill() -> None:
    states = [subscription(), subscription(state="UpgradePending"), subscription(installedCSV="nfd.4.21.0")]
    found = [state.health if (state := health_of(one)) else None for one in states]
    assert found == [Health.UNKNOWN, Health.NOT_HEALTHY, Health.HEALTHY]


@pytest.mark.parametrize(
    ("conditions", "health"),
    [
        ([condition("Available")], Health.HEALTHY),
        ([condition("Available", status="False")], Health.NOT_HEALTHY),
        ([condition("Available"), condition("Degraded", "NFDWorkerDaemonSetDegraded")], Health.NOT_HEALTHY),
        ([condition("Progressing")], Health.UNKNOWN),
    ],
)
def test_feature_discovery_is_as_its_conditions_say(conditions: list[dict[str, str]], health: Health) -> None:
    live = {"apiVersion": "nfd.openshift.io/v1", "kind": "NodeFeatureDiscovery", "metadata": {"name": "a"},
            "status": {"conditions": conditions}}  # fmt: skip
    found = health_of(live)
    assert found
    assert found.health is health


def test_custom_resources_come_with_the_operator_of_their_own_component_only() -> None:
    def made(api: str, kind: str, component: str) -> Object:
        return Object({"apiVersion": api, "kind": kind, "metadata": {"name": "a", "namespace": "n"}}, component)

    wish = made("operators.coreos.com/v1alpha1", "Subscription", "gpu-operator")
    wishes = subscriptions_of([wish])
    assert brought_by(made("nvidia.com/v1", "ClusterPolicy", "gpu-operator"), wishes) == wish.id
    assert brought_by(made("monitoring.coreos.com/v1", "ServiceMonitor", "gpu-observability"), wishes) is None
    assert brought_by(made("v1", "ConfigMap", "gpu-operator"), wishes) is None
    assert brought_by(wish, wishes) is None
