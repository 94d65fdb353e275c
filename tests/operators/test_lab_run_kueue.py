"""`lab run --kueue`: the real manager admits workloads within their quotas; where `admit` disagrees, this
is reported.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.bundle.model import ObjectId
from blueprint.cli import trials
from blueprint.cli.main import main

BLUEPRINT = Path(__file__).with_name("queues.yaml")


def job(name: str, namespace: str, pods: int = 1) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"parallelism": pods, "completions": pods, "template": pod("Never")},
    }


def pod(restart: str) -> dict[str, Any]:
    resources = {"limits": {"nvidia.com/gpu": "1", "cpu": "1", "memory": "1Gi"}}
    container = {"name": "main", "image": "example.org/x:1", "resources": resources}
    return {"metadata": {"labels": {"app": "x"}}, "spec": {"restartPolicy": restart, "containers": [container]}}


def deployment(name: str, namespace: str, replicas: int) -> dict[str, Any]:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "x"}}, "template": pod("Always")}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


ERRS = {"Job/alone/alone-0": False, "Job/alone/alone-1": False, "Job/left/larger-than-the-group": True}
"""Workloads for which `admit` is made to predict wrongly. Of two Jobs at least one is admitted: Kueue may let any of
the five wait.
"""
WORKLOADS = (
    *(job(f"alone-{number}", "alone") for number in range(5)),
    job("larger-than-the-group", "left", 13),
    deployment("serves", "right", 13),
)


@pytest.fixture(scope="module")
def report(kueue_image: object, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All workloads, run once; `admit` is made to err about three of them."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "workloads.yaml").write_text("\n---\n".join(map(json.dumps, WORKLOADS)))
    predicted = trials._predicted

    def erring(*arguments: Any) -> dict[ObjectId, bool]:
        return {name: ERRS.get(str(name), says) for name, says in predicted(*arguments).items()}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(trials, "_predicted", erring)
        options = ["--workloads", str(folder / "workloads.yaml"), "--report", f"json={folder}/report.json", "-q"]
        assert main(["lab", "run", str(BLUEPRINT), "--kueue", *options]) == 1
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def outcomes(report: dict[str, Any], prefix: str) -> list[str]:
    return [each["outcome"] for each in report["placements"] if each["workload"].startswith(prefix)]


def findings(report: dict[str, Any], code: str) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in report["diagnostics"] if each["code"] == code}


def test_as_many_as_the_quota_covers_are_admitted_and_one_more_waits(report: dict[str, Any]) -> None:
    assert sorted(outcomes(report, "Job/alone/")) == ["placed"] * 4 + ["waits"]
    [waiting] = [each for name, each in findings(report, "BP0037").items() if name.startswith("Job/alone/")]
    assert "1 more needed" in waiting["message"]
    notes = [each["message"] for each in waiting.get("notes", ())]
    assert any("on its own it is admitted" in each for each in notes) is (waiting["subject"] not in ERRS)


def test_what_was_given_is_reported(report: dict[str, Any]) -> None:
    given = [each for each in report["placements"] if each["outcome"] == "placed"]
    assert {reason for each in given for reason in each["reasons"]} == {"admitted: 1 nvidia.com/gpu of gpu"}


def test_pods_of_a_deployment_are_admitted_one_by_one_and_borrow(report: dict[str, Any]) -> None:
    [serves] = [each for each in report["placements"] if each["workload"] == "Deployment/right/serves"]
    assert serves["outcome"] == "waits"
    assert sum(serves["nodes"].values()) == 12
    assert serves["reasons"][0].startswith("admitted: 12 nvidia.com/gpu of gpu; 1 waiting: ")


def test_more_than_the_group_has_waits_forever(report: dict[str, Any]) -> None:
    finding = findings(report, "BP0037")["Job/left/larger-than-the-group"]
    assert "maximum capacity (12)" in finding["message"]


def test_disagreement_of_admit_is_named(report: dict[str, Any]) -> None:
    found = findings(report, "BP0038")
    admitted = {each["workload"] for each in report["placements"] if each["outcome"] == "placed"} & ERRS.keys()
    assert admitted
    assert found.keys() == {*admitted, "Job/left/larger-than-the-group"}
    for name in admitted:
        assert "never admits it, but Kueue says: admitted" in found[name]["message"]


def test_the_version_is_reported(report: dict[str, Any]) -> None:
    said = [each for each in report["notAsked"] if each.startswith("Kueue v")]
    assert said == ["Kueue v0.19.2 (v0.17.0 runs here, without newer features)"]


def test_a_blueprint_without_queues_starts_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "blueprint.yaml"
    file.write_text(
        "apiVersion: gpublueprint.dev/v1alpha2\nkind: Blueprint\nmetadata: {name: plain}\n"
        'spec:\n  release: "2026.11"\n  cluster: {kubernetes: "1.36"}\n  poolLabel: acme.example/pool\n'
        "  nodePools: {system: {nodes: 1}}\n"
    )
    assert main(["lab", "run", str(file), "--kueue", "--report", "json"]) == 2
    assert json.loads(capsys.readouterr().out)["diagnostics"][0]["code"] == "BP0035"
