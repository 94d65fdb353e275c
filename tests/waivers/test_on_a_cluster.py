"""Waivers for a live cluster, and for findings in objects and patches that users write themselves."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli import waiving
from blueprint.cli.main import main

TODAY = date(2026, 11, 29)
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {{name: {name}, version: 1.0.0}}
spec:
  release: "2026.11"
  cluster: {{kubernetes: "1.36.3"}}
  nodePools:
    none: {{nodes: {{min: 0, max: 0}}, selector: {{bench: none}}}}
  components:
    nfd: {{ownership: absent}}
    gpu-operator: {{ownership: absent}}
  extraManifests: [config.yaml]
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: web, namespace: {namespace}}}
data: {{mode: fast}}
"""
Told = Callable[..., dict[str, Any]]


def write_waiver(folder: Path, code: str, subject: str, expires: date = TODAY + timedelta(days=60)) -> None:
    entry = f"  - {{code: {code}, subject: '{subject}', reason: agreed, owner: platform, expires: {expires}}}\n"
    (folder / "waivers.yaml").write_text("apiVersion: gpublueprint.dev/v1alpha1\nkind: Waivers\nwaivers:\n" + entry)


def codes(report: dict[str, Any], key: str = "diagnostics") -> list[str]:
    return [each["code"] for each in report.get(key, ())]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(waiving, "today", lambda: TODAY)
    return tmp_path


@pytest.fixture
def told(folder: Path) -> Told:
    """Run a verb, which must end with the exit code; returns its report."""

    def run(*arguments: str, exits: int) -> dict[str, Any]:
        code = main([*arguments, "--report", "json=report.json"])
        report: dict[str, Any] = json.loads((folder / "report.json").read_text())
        assert code == report["exitCode"] == exits, report
        return report

    return run


@pytest.fixture
def edited(folder: Path, told: Told, lab: Any, namespace: str) -> list[str]:
    """A ConfigMap that was applied, and then changed by kubectl; returns the arguments that name the cluster."""
    (folder / "blueprint.yaml").write_text(BLUEPRINT.format(name=f"w-{uuid.uuid4().hex[:8]}"))
    (folder / "config.yaml").write_text(CONFIG.format(namespace=namespace))
    place = ["--kubeconfig", str(lab.kubeconfig)]
    told("compile", "blueprint.yaml", "-o", "bundle", exits=0)
    told("apply", "bundle", *place, exits=0)
    path = f"/api/v1/namespaces/{namespace}/configmaps/web?fieldManager=kubectl-edit"
    lab.request("PATCH", path, {"data": {"mode": "slow"}}, content_type="application/merge-patch+json")
    return place


@pytest.mark.parametrize("verb", ["drift", "plan"])
def test_an_active_waiver_accepts_what_somebody_changed(
    verb: str, folder: Path, told: Told, edited: list[str], namespace: str
) -> None:
    """Drift reports the change, and plan the resulting conflict."""
    [code] = set(codes(told(verb, "bundle", *edited, exits=1)))
    write_waiver(folder, code, f"ConfigMap/{namespace}/web")

    report = told(verb, "bundle", *edited, exits=0)

    assert (codes(report), set(codes(report, "waived"))) == ([], {code})
    assert report["waived"][0]["waiver"]["owner"] == "platform"


@pytest.mark.parametrize("verb", ["drift", "plan"])
def test_an_expired_waiver_accepts_nothing(
    verb: str, folder: Path, told: Told, edited: list[str], namespace: str
) -> None:
    [code] = set(codes(told(verb, "bundle", *edited, exits=1)))
    write_waiver(folder, code, f"ConfigMap/{namespace}/web", TODAY - timedelta(days=1))

    assert set(codes(told(verb, "bundle", *edited, exits=1))) == {code, "BP0055"}


@pytest.mark.parametrize("verb", ["drift", "plan"])
def test_a_waiver_that_is_no_longer_needed_is_named(
    verb: str, folder: Path, told: Told, edited: list[str], namespace: str
) -> None:
    """After the change was undone; the waiver of another object accepts nothing."""
    [code] = set(codes(told(verb, "bundle", *edited, exits=1)))
    write_waiver(folder, code, f"ConfigMap/{namespace}/other")
    assert code in codes(told(verb, "bundle", *edited, exits=1))
    write_waiver(folder, code, f"ConfigMap/{namespace}/web")
    told("apply", "bundle", *edited, "--force-conflicts", exits=0)

    assert codes(told(verb, "bundle", *edited, exits=0)) == ["BP0056"]


GPUS = """\
apiVersion: gpublueprint.dev/v1alpha1
kind: Blueprint
metadata: {name: own, version: 1.0.0}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.35", os: ubuntu-22.04}
  nodePools:
    gpu: {nodes: 2, selector: {acme.example/pool: gpu}, gpu: {product: L40S, count: 4}}
"""
PATCHED = """\
  components:
    gpu-operator:
      patches:
        - target: {kind: ClusterPolicy, name: cluster-policy}
          merge: {spec: {toolkit: {enabled: false}}}
          reason: as before
"""
OWN = """\
  components: {gpu-operator: {ownership: external}, nfd: {ownership: external}}
  extraManifests: [own.yaml]
"""
POLICY = """\
apiVersion: nvidia.com/v1
kind: ClusterPolicy
metadata: {name: cluster-policy}
spec:
  operator: {defaultRuntime: containerd}
  daemonsets: {}
  driver: {enabled: true}
  toolkit: {enabled: false}
  devicePlugin: {enabled: true}
  dcgm: {enabled: true}
  dcgmExporter: {enabled: true}
  gfd: {enabled: true}
  migManager: {enabled: true}
  nodeStatusExporter: {enabled: true}
  mig: {strategy: single}
"""
COUNTERS = """\
apiVersion: v1
kind: Namespace
metadata: {name: monitoring}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: counters, namespace: monitoring}
data:
  counters.csv: |
    DCGM_FI_DEV_GPU_UTIL, gauge, GPU utilisation
    DCGM_FI_DEV_NO_SUCH, gauge, what DCGM does not know
"""


@pytest.mark.parametrize(
    ("more", "manifest", "code", "subject"),
    [
        (PATCHED, "", "BP6480", "ClusterPolicy/cluster-policy"),
        (OWN, POLICY, "BP6480", "ClusterPolicy/cluster-policy"),
        (OWN, COUNTERS, "BP6576", "ConfigMap/monitoring/counters"),
    ],
    ids=["patch of the ClusterPolicy", "own ClusterPolicy", "own ConfigMap"],
)
def test_rules_judge_what_users_write_and_a_waiver_accepts_it(
    more: str, manifest: str, code: str, subject: str, folder: Path, told: Told
) -> None:
    (folder / "blueprint.yaml").write_text(GPUS + more)
    (folder / "own.yaml").write_text(manifest)
    assert code in codes(told("validate", "blueprint.yaml", exits=1))
    write_waiver(folder, code, subject)

    report = told("compile", "blueprint.yaml", "-o", "bundle", exits=0)

    assert code not in codes(report)
    assert codes(report, "waived") == [code]
    assert report["waived"][0]["subject"] == subject
    told("compile", "blueprint.yaml", "-o", "bundle", "--check", exits=0)
