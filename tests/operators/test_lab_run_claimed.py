"""`lab run --kueue` with instances that pods claim by profile, and with a pool whose autoscaler must provide nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main

BLUEPRINT = Path(__file__).with_name("claimed.yaml")
GPU = {"limits": {"nvidia.com/gpu": "1"}}


def job(name: str, namespace: str, pods: int, *, profile: str = "") -> dict[str, Any]:
    """A Job whose pods each claim an instance with their tenant's template, or request a GPU."""
    container: dict[str, Any] = {"name": "main", "image": "example.org/x:1"}
    container["resources"] = {"claims": [{"name": "gpu"}]} if profile else GPU
    claims = [{"name": "gpu", "resourceClaimTemplateName": f"mig-{profile}"}]
    spec = {"restartPolicy": "Never", "containers": [container], **({"resourceClaims": claims} if profile else {})}
    metadata = {"name": name, "namespace": namespace, "labels": {"kueue.x-k8s.io/queue-name": "default"}}
    jobs = {"parallelism": pods, "completions": pods, "template": {"spec": spec}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": jobs}


WORKLOADS = (
    *(job(f"slice-{number}", "physics", 1, profile="1g.10gb") for number in range(3)),
    job("half", "health", 1, profile="3g.40gb"),
    job("two-halves", "health", 2, profile="3g.40gb"),
    job("grows", "physics", 2),
    job("too-large", "physics", 3),
)


@pytest.fixture(scope="module", params=["built", pytest.param("rendered", marks=pytest.mark.pinned_kueue)])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All of them, run once: with the Kueue that `lab install` builds, and with the rendered version."""
    folder = tmp_path_factory.mktemp("claimed")
    if request.param == "built":
        request.getfixturevalue("kueue_image")
        return tried(folder)
    (folder / "kueue").symlink_to(request.getfixturevalue("pinned_kueue_image")["/manager"])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("KUBEBUILDER_ASSETS", str(folder))
        return tried(folder)


def tried(folder: Path) -> dict[str, Any]:
    (folder / "workloads.yaml").write_text("\n---\n".join(map(json.dumps, WORKLOADS)))
    options = ["--workloads", str(folder / "workloads.yaml"), "--report", f"json={folder}/report.json", "-q"]
    assert main(["lab", "run", str(BLUEPRINT), "--kueue", *options]) == 1  # some wait forever
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def placements(report: dict[str, Any], namespace: str, name: str) -> list[dict[str, Any]]:
    return [each for each in report["placements"] if each["workload"].startswith(f"Job/{namespace}/{name}")]


def test_every_queue_is_active_and_admit_agrees(report: dict[str, Any]) -> None:
    """A queue with an inactive check is inactive, too."""
    found = [each for each in report["diagnostics"] if each["code"] not in ("BP0037", "BP7045")]
    assert found == []


def test_claimed_instances_are_counted_by_profile(report: dict[str, Any]) -> None:
    slices = placements(report, "physics", "slice")
    assert sorted(each["outcome"] for each in slices) == ["placed", "placed", "waits"]
    assert {reason for each in slices for reason in each["reasons"] if reason.startswith("admitted")} == {
        "admitted: 1 mig-1g.10gb.nvidia.com of slices"
    }


def test_one_profile_is_not_counted_as_another(report: dict[str, Any]) -> None:
    [half] = placements(report, "health", "half")
    [halves] = placements(report, "health", "two-halves")
    assert (half["outcome"], halves["outcome"]) == ("placed", "waits")
    assert half["reasons"] == ["admitted: 1 mig-3g.40gb.nvidia.com of slices"]


def test_workloads_start_when_the_autoscaler_says_yes(report: dict[str, Any]) -> None:
    [grows] = placements(report, "physics", "grows")
    [too_large] = placements(report, "physics", "too-large")
    assert (grows["outcome"], too_large["outcome"]) == ("placed", "waits")
    assert grows["reasons"] == ["admitted: 2 nvidia.com/gpu of grown"]
    assert "the cluster's autoscaler (the lab approves every ProvisioningRequest)" in report["notAsked"]
