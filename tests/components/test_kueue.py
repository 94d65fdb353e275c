"""The rendered objects of Kueue: one namespace selector, finite waiting times, certificates, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ruamel.yaml import YAML

from blueprint.bundle.model import Object
from blueprint.catalog.catalog import load_catalog
from blueprint.diagnostics import Diagnostic, has_errors
from blueprint.platform.model import Platform
from blueprint.platform.resolve import resolve
from blueprint.source.files import MemoryFiles
from blueprint.source.layers import load_layers
from blueprint.spec.parse import parse_blueprint
from tests.support import parity
from tests.support.platforms import NAME

Rendering = Callable[[str], tuple[Platform, list[Object]]]
SPEC: dict[str, Any] = {
    "release": "2026.11",
    "cluster": {"kubernetes": "1.36"},
    "queueing": {"kueue": {}},
    "nodePools": {"gpu": {"nodes": 1, "selector": {"a/b": "c"}, "gpu": {"product": "H100-SXM5-80GB", "count": 8}}},
}
TENANTS = {"matchExpressions": [{"key": "gpublueprint.dev/tenant", "operator": "Exists"}]}


def text(settings: dict[str, Any] | None = None, **spec: Any) -> str:
    """A blueprint with Kueue, as JSON, which is also YAML."""
    of_kueue = {"components": {"kueue": {"settings": settings or {}}}}
    head = {"apiVersion": "gpublueprint.dev/v1alpha2", "kind": "Blueprint", "metadata": {"name": "queues"}}
    return json.dumps({**head, "spec": parity.merged(parity.merged(SPEC, of_kueue), spec)})


@pytest.fixture
def kueue(render_platform_of: Rendering) -> Callable[..., dict[str, Any]]:
    """The objects of Kueue by `Kind/name`."""

    def rendered(settings: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
        objects = render_platform_of(text(settings, **spec))[1]
        return {f"{one.id.kind}/{one.id.name}": one.data for one in objects if one.component == "kueue"}

    return rendered


def configuration(objects: dict[str, Any]) -> Any:
    written = objects["ConfigMap/kueue-manager-config"]["data"]["controller_manager_config.yaml"]
    return YAML(typ="safe").load(written)


def selectors(objects: dict[str, Any]) -> list[Any]:
    """The namespaces of every webhook, except those for Kueue's own kinds."""
    kinds = ("MutatingWebhookConfiguration/kueue-mutating", "ValidatingWebhookConfiguration/kueue-validating")
    hooks = [hook for kind in kinds for hook in objects[f"{kind}-webhook-configuration"]["webhooks"]]
    return [hook.get("namespaceSelector") for hook in hooks if hook["rules"][0]["apiGroups"] != ["kueue.x-k8s.io"]]


@pytest.mark.parametrize(
    ("settings", "selector"),
    [
        ({}, TENANTS),
        (
            {"managedNamespaces": "all"},
            {
                "matchExpressions": [
                    {
                        "key": "kubernetes.io/metadata.name",
                        "operator": "NotIn",
                        "values": ["kube-system", "kueue-system"],
                    }
                ]
            },
        ),
        ({"managedNamespaceLabels": {"team": "ml"}}, {"matchLabels": {"team": "ml"}}),
    ],
)
def test_manager_and_webhooks_have_the_same_namespaces(
    kueue: Callable[..., dict[str, Any]], settings: dict[str, Any], selector: Any
) -> None:
    """A webhook for more namespaces would block objects that the manager never sees."""
    objects = kueue(settings)

    assert configuration(objects)["managedJobsNamespaceSelector"] == selector
    assert selectors(objects) == [selector] * 36


def test_a_workload_whose_pods_never_get_ready_is_given_up(kueue: Callable[..., dict[str, Any]]) -> None:
    waits = configuration(kueue(queueing={"kueue": {"podsReadyTimeout": "45m"}}))["waitForPodsReady"]
    assert waits["timeout"] == "45m"
    assert waits["requeuingStrategy"]["backoffLimitCount"] == 5


def test_shares_are_fair_unless_the_blueprint_declines(kueue: Callable[..., dict[str, Any]]) -> None:
    assert configuration(kueue())["fairSharing"]["preemptionStrategies"] == [
        "LessThanOrEqualToFinalShare",
        "LessThanInitialShare",
    ]
    assert "fairSharing" not in configuration(kueue(queueing={"kueue": {"fairSharing": False}}))


def test_the_pods_are_replaced_when_and_only_when_the_configuration_changes(
    kueue: Callable[..., dict[str, Any]],
) -> None:
    def template(**settings: Any) -> Any:
        return kueue(settings)["Deployment/kueue-controller-manager"]["spec"]["template"]

    assert template() == template(visibilityPriority=True, replicas=3)
    assert template() != template(requeueLimit=6)


def test_one_replica_has_no_budget_that_would_hold_up_a_drain(kueue: Callable[..., dict[str, Any]]) -> None:
    assert "PodDisruptionBudget/kueue-manager-pdb" in kueue()
    assert "PodDisruptionBudget/kueue-manager-pdb" not in kueue({"replicas": 1})


def test_cert_manager_takes_over_every_certificate(kueue: Callable[..., dict[str, Any]]) -> None:
    objects = kueue({"certManager": True})

    assert configuration(objects)["internalCertManagement"] == {"enable": False}
    assert "Secret/kueue-webhook-server-cert" not in objects
    made = {one["spec"]["secretName"] for name, one in objects.items() if name.startswith("Certificate/")}
    pod = objects["Deployment/kueue-controller-manager"]["spec"]["template"]["spec"]
    assert {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume} == made
    key = "cert-manager.io/inject-ca-from"
    called = [one for name, one in objects.items() if "Webhook" in name or name.startswith(("APIService", "Custom"))]
    assert {one["metadata"]["annotations"][key].partition("/")[0] for one in called} == {"kueue-system"}
    converted = [one for one in kueue().values() if "conversion" in one.get("spec", {})]
    assert len(converted) == 5
    assert not any(key in one["metadata"].get("annotations", {}) for one in converted)


def test_a_declared_prometheus_finds_the_metrics_and_may_read_them(kueue: Callable[..., dict[str, Any]]) -> None:
    """The manager authorizes requests for metrics, so a ServiceMonitor alone would be rejected."""
    objects = kueue(observability={"prometheus": {"namespace": "mon", "selectorLabels": {"release": "kps"}}})

    monitor = objects["ServiceMonitor/kueue-controller-manager-metrics-monitor"]
    labels = objects["Service/kueue-controller-manager-metrics-service"]["metadata"]["labels"]
    assert (monitor["metadata"]["namespace"], monitor["metadata"]["labels"]["release"]) == ("mon", "kps")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert objects["ClusterRoleBinding/kueue-metrics-reader"]["subjects"][0]["name"] == "system:serviceaccounts:mon"
    assert not any("metrics-reader" in name for name in kueue() if name.startswith("ClusterRoleBinding"))


def test_gke_admits_the_manager_by_a_quota(kueue: Callable[..., dict[str, Any]]) -> None:
    on_gke = {"cluster": {"distribution": "gke", "os": "ubuntu-24.04"}}
    assert kueue(**on_gke)["ResourceQuota/critical-pods"]["spec"]["hard"] == {"pods": "4"}
    assert "ResourceQuota/critical-pods" not in kueue({"managerPod": {"priorityClass": "mine"}}, **on_gke)


def findings(blueprint: str) -> list[Diagnostic]:
    """The findings of parsing and resolving."""
    layered = load_layers(NAME, files=MemoryFiles({NAME: blueprint}))
    parsed, mistakes, _ = parse_blueprint(layered)
    assert parsed, mistakes
    return [*mistakes, *resolve(parsed, layered.root, load_catalog())[1]]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"managedNamespaceLabels": {"kubernetes.io/metadata.name": "kube-system"}}, "kubernetes.io/metadata.name"),
        ({"featureGates": {"DynamicResourceAllocation": True}}, "DynamicResourceAllocation, which is not known"),
        ({"featureGates": {"DisableWaitForPodsReady": True}}, "DisableWaitForPodsReady"),
        ({"frameworks": ["batch/jobs"]}, ", not batch/jobs"),
        ({"fairPreemption": "initialThenFinal"}, "finalThenInitial"),
        ({"requeueLimit": -1}, "at least 0"),
        ({"serviceMonitorLabels": {"a": "b"}}, "serviceMonitor"),
    ],
)
def test_what_the_manager_would_refuse_cannot_be_said(settings: dict[str, Any], says: str) -> None:
    found = findings(text(settings))
    assert any(says in one.message for one in found), found


def test_a_release_without_kueue_says_so() -> None:
    found = findings(text(release="2026.06"))
    assert has_errors(found)
    assert any("kueue" in one.message and "2026.06" in one.message for one in found), found
