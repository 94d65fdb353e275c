"""A real API server with the custom resources of the Prometheus Operator accepts the rendered objects unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from blueprint.changes.compare import ABSENT, differences
from blueprint.cli.main import main
from blueprint.kubernetes.crds import crds_of
from blueprint.pipeline import Compilation
from blueprint.source.paths import format_path
from tests.support.observed_platform import HERE
from tests.support.waits import eventually

GROUP = "monitoring.coreos.com"


def test_the_server_keeps_monitors_and_rules_as_they_are(lab: Any, watched: Compilation) -> None:
    assert watched.bundle
    mine = [one.data for one in watched.bundle.objects if one.component == "gpu-observability"]
    with lab.fresh() as own:
        with_prometheus_operator(own)
        own.request("POST", "/api/v1/namespaces", {"metadata": {"name": "gpu-operator"}})
        for manifest in mine:
            kept = own.request("PATCH", url(manifest), manifest, "application/apply-patch+yaml")
            changed = [
                format_path(path, manifest) for path, ours, _ in differences(manifest, kept) if ours is not ABSENT
            ]
            assert changed == [], manifest["metadata"]["name"]
    assert len(mine) > 9


def with_prometheus_operator(own: Any) -> None:
    """The prerequisites: the custom resources, and the namespace of Prometheus."""
    for crd in crds_of(GROUP):
        own.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
    own.request("POST", "/api/v1/namespaces", {"metadata": {"name": "monitoring"}})
    eventually(
        lambda: any(group["name"] == GROUP for group in own.request("GET", "/apis", None).get("groups", [])),
        "the new group is served",
    )


def test_apply_writes_it_once_and_has_nothing_left_to_do(lab: Any) -> None:
    with lab.fresh() as own:
        with_prometheus_operator(own)
        target = [str(HERE / "watched.yaml"), "--kubeconfig", str(own.kubeconfig)]
        assert main(["apply", *target]) == 0
        assert main(["plan", "--exit-code", *target]) == 0


def url(manifest: dict[str, Any]) -> str:
    prefix = "api" if "/" not in manifest["apiVersion"] else "apis"
    meta = manifest["metadata"]
    kind = f"{manifest['kind'].lower()}s"
    query = "?fieldManager=test&force=true&fieldValidation=Strict"
    return f"/{prefix}/{manifest['apiVersion']}/namespaces/{meta['namespace']}/{kind}/{meta['name']}{query}"


def test_without_the_prometheus_operator_the_missing_kinds_are_named(lab: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    with lab.fresh() as own:
        arguments = ["--kubeconfig", str(own.kubeconfig), "--report", f"json={report}"]
        code = main(["plan", str(HERE / "watched.yaml"), *arguments])
    assert code == 1
    told = [each for each in json.loads(report.read_text())["diagnostics"] if each["slug"] == "kind-missing-in-cluster"]
    assert {kind for kind in ("ServiceMonitor", "PrometheusRule") if any(kind in each["message"] for each in told)} == {
        "ServiceMonitor",
        "PrometheusRule",
    }
