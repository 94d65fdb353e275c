"""On OpenShift a Subscription is written first, and objects that need its operator wait until it is installed.

No lifecycle manager runs here: its kinds are installed, and the test simulates it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.connection import Connection
from blueprint.apiserver.errors import ApiError
from blueprint.cli.main import main
from blueprint.cluster.waits import await_definition
from blueprint.kubernetes.crds import load_crd
from tests.support.waits import PATIENCE

EXAMPLE = Path(__file__).parents[2] / "examples" / "openshift-training" / "blueprint.yaml"
OLM = "/apis/operators.coreos.com/v1alpha1/namespaces"
POLICY = "/apis/nvidia.com/v1/clusterpolicies/gpu-cluster-policy"
MERGE = "application/merge-patch+json"
WISHES = {
    "gpu-operator-certified": ("nvidia-gpu-operator", "gpu-operator-certified.v26.7.0"),
    "nfd": ("openshift-nfd", "nfd.4.21.0"),
}
LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
VERSIONS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "clusterserviceversions.operators.coreos.com",
                 "annotations": {"api-approved.kubernetes.io": "unapproved, stands in for OLM's"}},
    "spec": {
        "group": "operators.coreos.com",
        "scope": "Namespaced",
        "names": {"kind": "ClusterServiceVersion", "plural": "clusterserviceversions",
                  "singular": "clusterserviceversion", "listKind": "ClusterServiceVersionList"},
        "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": LOOSE},
                      "subresources": {"status": {}}}],
    },
}  # fmt: skip


class Manager:
    """Simulates the Operator Lifecycle Manager."""

    def __init__(self, own: Any) -> None:
        self.lab = own
        self.connection: Connection = connect(str(own.kubeconfig), timeout=PATIENCE)

    def define(self, *crds: Any) -> None:
        for crd in crds:
            self.lab.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", dict(crd))
        assert not [found for crd in crds if (found := await_definition(self.connection, crd, 20))]

    def tell(self, package: str, status: dict[str, Any]) -> None:
        """Give a Subscription a status."""
        space, _ = WISHES[package]
        path = f"{OLM}/{space}/subscriptions/{package}"
        status = {"lastUpdated": "2026-11-21T00:00:00Z", **status}
        self.lab.request("PATCH", f"{path}/status", {"status": status}, content_type=MERGE)

    def install(self, package: str, phase: str) -> None:
        """Install the requested version, up to `phase`."""
        space, version = WISHES[package]
        body = {"apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
                "metadata": {"name": version, "namespace": space}}  # fmt: skip
        collection = f"{OLM}/{space}/clusterserviceversions"
        if not self.there(f"{collection}/{version}"):
            self.lab.request("POST", collection, body)
        status = {"status": {"phase": phase, "message": "one of two"}}
        self.lab.request("PATCH", f"{collection}/{version}/status", status, content_type=MERGE)
        self.tell(package, {"state": "AtLatestKnown", "installedCSV": version, "currentCSV": version})

    def finish(self) -> None:
        """Both operators succeed and install their kinds."""
        self.define(load_crd("nvidia.com", "clusterpolicies"), load_crd("nvidia.com", "nvidiadrivers"))
        self.define(load_crd("nfd.openshift.io", "nodefeaturediscoveries"))
        for package in WISHES:
            self.install(package, "Succeeded")

    def there(self, path: str) -> bool:
        try:
            self.connection.get(path)
        except ApiError as error:
            if not error.missing:
                raise
            return False
        return True


@pytest.fixture
def manager(lab) -> Iterator[Manager]:
    """A cluster of its own with the kinds of OLM and of the Prometheus operator, without any controller."""
    with lab.fresh() as own:
        made = Manager(own)
        crds = [load_crd("operators.coreos.com", plural) for plural in ("subscriptions", "operatorgroups")]
        crds += [load_crd("monitoring.coreos.com", plural) for plural in ("servicemonitors", "prometheusrules")]
        made.define(VERSIONS, *crds)
        yield made


def run(manager: Manager, capsys: pytest.CaptureFixture[str], verb: str = "apply", *more: str) -> tuple[int, Any]:
    """Run a verb; returns its exit code and report."""
    capsys.readouterr()
    code = main([verb, str(EXAMPLE), "--kubeconfig", str(manager.lab.kubeconfig), "--report", "json", *more])
    return code, json.loads(capsys.readouterr().out)


def messages(report: Any, code: str) -> list[str]:
    return [found["message"] for found in report["diagnostics"] if found["code"] == code]


def test_apply_stops_where_the_operator_is_missing_and_goes_on_when_it_is_there(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    marked = {"name": "made-up", "annotations": {"gpublueprint.dev/simulated": "true"}}
    manager.lab.request("POST", "/api/v1/nodes", {"metadata": marked})
    code, report = run(manager, capsys, "apply", "--timeout", "1")

    assert code == 1
    stopped = messages(report, "BP7046")
    assert len(stopped) == len(WISHES)
    assert all("installed no operator within 1 s" in message for message in stopped)
    assert all("has not processed it" in message for message in stopped)
    assert any("ClusterPolicy/gpu-cluster-policy" in m for m in messages(report, "BP7044"))
    for package, (space, _) in WISHES.items():
        assert manager.there(f"{OLM}/{space}/subscriptions/{package}")
    assert not manager.there("/api/v1/namespaces/nvidia-gpu-operator/configmaps/device-plugin-f6fe252d")
    assert messages(report, "BP7045"), "on simulated nodes no operator could come, and it is said"

    manager.finish()
    assert run(manager, capsys)[0] == 0
    assert manager.there(POLICY)
    assert run(manager, capsys, "plan", "--exit-code")[0] == 0


def test_what_the_lifecycle_manager_writes_is_not_drift_and_what_others_write_is(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    run(manager, capsys, "apply", "--timeout", "0.2")
    manager.finish()
    assert run(manager, capsys)[0] == 0
    space = "/api/v1/namespaces/nvidia-gpu-operator"
    wish = f"{OLM}/nvidia-gpu-operator/subscriptions/gpu-operator-certified"
    group = "/apis/operators.coreos.com/v1/namespaces/nvidia-gpu-operator/operatorgroups/gpu-operator-certified"
    writes = (
        ("olm", wish, "labels", "operators.coreos.com/gpu-operator-certified.nvidia-gpu-operator", ""),
        ("olm", group, "annotations", "olm.providedAPIs", "ClusterPolicy.v1.nvidia.com"),
        ("olm", space, "labels", "olm.operatorgroup.uid/1234", ""),
        ("cluster-policy-controller", space, "annotations", "openshift.io/sa.scc.mcs", "s0:c1,c2"),
    )

    def drift_of_metadata_after(who: str | None) -> list[str]:
        """What drift reports after each change was written by its own writer (None), or by `who`."""
        for writer, path, field, key, value in writes:
            body = {"metadata": {field: {key: value}}}
            manager.lab.request("PATCH", f"{path}?fieldManager={who or writer}", body, content_type=MERGE)
        _, report = run(manager, capsys, "drift")
        return [found["path"] for found in report["diagnostics"] if "metadata" in (found.get("path") or "")]

    assert drift_of_metadata_after(None) == []
    erased = {"metadata": {field: {key: None for _, _, field, key, _ in writes} for field in ("labels", "annotations")}}
    for path in (wish, group, space):
        manager.lab.request("PATCH", f"{path}?fieldManager=olm", erased, content_type=MERGE)
    assert len(drift_of_metadata_after("mallory")) == len(writes)

    approval = {"spec": {"installPlanApproval": "Automatic"}}
    manager.lab.request("PATCH", f"{wish}?fieldManager=mallory", approval, content_type=MERGE)
    code, report = run(manager, capsys, "drift")
    assert code == 1
    assert any(found.get("path") == "spec.installPlanApproval" for found in report["diagnostics"])


def test_an_install_plan_that_waits_for_approval_is_named_with_what_approves_it(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    run(manager, capsys, "apply", "--timeout", "0.2")
    pending = {"type": "InstallPlanPending", "status": "True", "reason": "RequiresApproval"}
    manager.tell("gpu-operator-certified", {"state": "UpgradePending", "conditions": [pending],
                                            "installPlanRef": {"name": "install-x7k2p"}})  # fmt: skip
    manager.install("nfd", "Installing")

    code, report = run(manager, capsys, "apply", "--timeout", "0.2")

    assert code == 1
    told = {found["subject"]: found for found in report["diagnostics"] if found["code"] == "BP7046"}
    approval = told["Subscription/nvidia-gpu-operator/gpu-operator-certified"]
    assert "install-x7k2p is waiting for approval" in approval["message"]
    assert "patch installplan install-x7k2p" in approval["help"]
    assert "nfd.4.21.0 is Installing: one of two" in told["Subscription/openshift-nfd/nfd"]["message"]


def test_one_operator_that_is_there_is_not_held_up_by_the_other(
    manager: Manager, capsys: pytest.CaptureFixture[str]
) -> None:
    run(manager, capsys, "apply", "--timeout", "0.2")
    manager.finish()
    manager.install("gpu-operator-certified", "Failed")

    code, report = run(manager, capsys, "apply", "--timeout", "0.2")

    assert code == 1
    [stopped] = messages(report, "BP7046")
    assert "gpu-operator-certified.v26.7.0 is Failed" in stopped
    assert not manager.there(POLICY)
    assert manager.there("/apis/nfd.openshift.io/v1/namespaces/openshift-nfd/nodefeaturediscoveries/nfd-instance")


def test_a_missing_lifecycle_manager_is_reported_before_anything_is_written(
    lab, capsys: pytest.CaptureFixture[str]
) -> None:
    with lab.fresh() as own:
        code, report = run(Manager(own), capsys, "plan")
    assert code == 1
    assert any("does not serve Subscription operators.coreos.com/v1alpha1" in m for m in messages(report, "BP7035"))
    assert any("does not serve ClusterPolicy nvidia.com/v1" in m for m in messages(report, "BP7035"))
