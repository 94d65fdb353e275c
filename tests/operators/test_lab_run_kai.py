"""`lab run --kai`: the real KAI starts workloads of generated tenants according to their quotas, and `admit` predicts
it.

Each tenant is alone in its group, and there are more GPUs than all of them may use, so KAI's decisions are independent
of each other. BLUEPRINT_SEED selects other tenants.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main

SEED = int(os.environ.get("BLUEPRINT_SEED", "1"))
GROUPS = 40
HEAD = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: verdicts}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", os: ubuntu-24.04}
  nodeLabels: apply
  queueing:
    kai: {gpuSharing: true}
    priorities: {serving: 110, sweeps: 60}
  nodePools:
    gpu: {nodes: 60, selector: {example.org/pool: gpu}, gpu: {product: L40S, count: 8}}
  tenants:
"""
SHARED = (
    HEAD.replace("nodes: 60", "nodes: 1")
    + """
    lab: {}
    a: {parent: lab, namespaces: [a], quota: {gpu: {guaranteed: 2, borrow: 6}}}
    b: {parent: lab, namespaces: [b], quota: {gpu: {guaranteed: 4, borrow: 2}}}
"""
)
"""One node with eight GPUs, of which the group has six."""


def _groups(dice: random.Random) -> Iterator[str]:
    """A group for each number, with the members `a`, which submits, and `b`, from which it may borrow."""
    for number in range(GROUPS):
        yield f"    g{number}: {{}}\n"
        for member in "ab":
            name, quota = f"{member}{number}", f"{{guaranteed: {dice.randint(0, 4)}, borrow: {dice.randint(0, 3)}}}"
            yield f"    {name}: {{parent: g{number}, namespaces: [{name}], quota: {{gpu: {quota}}}}}\n"


def _labels(tenant: str, priority: str) -> dict[str, str]:
    labels = {"kai.scheduler/queue": f"{tenant}.gpu", "kai.scheduler/node-pool": "gpu"}
    return {**labels, "priorityClassName": priority} if priority else labels


def _job(name: str, tenant: str, priority: str = "") -> dict[str, Any]:
    """A Job of one pod with one GPU."""
    labels = _labels(tenant, priority)
    spec = {
        "schedulerName": "kai-scheduler",
        "restartPolicy": "Never",
        "containers": [
            {"name": "main", "image": "x", "resources": {"limits": {"cpu": 1, "memory": "1Gi", "nvidia.com/gpu": 1}}}
        ],
    }
    annotations = {"gpublueprint.dev/simulated-duration": "1h"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": tenant, "labels": labels},
        "spec": {"template": {"metadata": {"labels": labels, "annotations": annotations}, "spec": spec}},
    }


def _workload(number: int, dice: random.Random) -> dict[str, Any]:
    """A Job or a Deployment of up to six pods: with whole GPUs or halves, started together or not,
    preemptible or not.
    """
    labels = _labels(f"a{number}", dice.choice(("", "", "serving", "sweeps", "inference", "build-preemptible")))
    pods, half = dice.randint(1, 6), dice.random() < 0.25
    limits = {"cpu": "100m", "memory": "64Mi"} | ({} if half else {"nvidia.com/gpu": str(dice.choice((1, 1, 1, 2)))})
    annotations = {"gpublueprint.dev/simulated-duration": "1h"} | ({"gpu-fraction": "0.5"} if half else {})
    job = dice.random() < 0.7
    spec: dict[str, Any] = {
        "schedulerName": "kai-scheduler",
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "containers": [{"name": "main", "image": "example.org/x:1", "resources": {"limits": limits}}],
    }
    template = {"metadata": {"labels": {**labels, "app": "x"}, "annotations": annotations}, "spec": spec}
    metadata: dict[str, Any] = {"name": "work", "namespace": f"a{number}", "labels": labels}
    if not job:
        body = {"replicas": pods, "selector": {"matchLabels": {"app": "x"}}, "template": template}
        return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": body}
    if dice.random() < 0.5:
        metadata["annotations"] = {"kai.scheduler/batch-min-member": str(dice.randint(1, pods))}
    spec["restartPolicy"] = "Never"
    body = {"parallelism": pods, "completions": pods, "template": template}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": body}


@pytest.fixture(scope="module")
def report(kai_programs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All workloads, run once."""
    dice = random.Random(SEED)  # noqa: S311 - which tenants and workloads, no secret
    blueprint = HEAD + "".join(_groups(dice))
    workloads = [_workload(number, dice) for number in range(GROUPS)]
    return _tried(blueprint, workloads, kai_programs, tmp_path_factory.mktemp("run"))


def _tried(blueprint: str, workloads: list[dict[str, Any]], programs: Path, folder: Path) -> dict[str, Any]:
    (folder / "blueprint.yaml").write_text(blueprint)
    (folder / "workloads.yaml").write_text("\n---\n".join(map(json.dumps, workloads)))
    options = ["--workloads", f"{folder}/workloads.yaml", "--report", f"json={folder}/report.json", "--nodes", "40"]
    engine = ["--kai", str(programs), "--timeout", "180", "-q"]
    assert main(["lab", "run", f"{folder}/blueprint.yaml", *engine, *options]) == 1
    found: dict[str, Any] = json.loads((folder / "report.json").read_text("utf-8"))
    return found


def test_every_workload_is_placed_or_waits_for_quota(report: dict[str, Any]) -> None:
    outcomes = Counter(each["outcome"] for each in report["placements"])
    assert outcomes.keys() == {"placed", "waits"}
    assert min(outcomes.values()) >= GROUPS // 5


def test_admit_agrees_about_each(report: dict[str, Any]) -> None:
    assert [each["message"] for each in report["diagnostics"] if each["code"] == "BP0038"] == []
    assert not [each for each in report["diagnostics"] if each["code"] == "BP0032"]


def test_what_waits_is_reported_by_kai(report: dict[str, Any]) -> None:
    waiting = [each for each in report["diagnostics"] if each["code"] == "BP0037"]
    assert waiting
    assert all("quota" in each["message"] and " GPUs" in each["message"] for each in waiting)


def test_the_version_is_reported(report: dict[str, Any]) -> None:
    assert report["subject"]["kai"]


def test_what_is_guaranteed_is_taken_back(kai_programs: Path, tmp_path: Path) -> None:
    """One tenant borrows what the other leaves of the group's six GPUs; workloads that are never preempted do not
    borrow.
    """
    jobs = [_job(f"never-stopped-{number}", "a", "serving") for number in range(3)]
    jobs += [_job(f"borrows-{number}", "a") for number in range(6)]
    report = _tried(SHARED, [*jobs, *(_job(f"own-{number}", "b") for number in range(2))], kai_programs, tmp_path)
    outcomes = Counter((each["workload"].rpartition("-")[0], each["outcome"]) for each in report["placements"])
    assert outcomes["Job/b/own", "placed"] == 2
    assert (outcomes["Job/a/never-stopped", "placed"], outcomes["Job/a/never-stopped", "waits"]) == (2, 1)
    assert outcomes["Job/a/borrows", "placed"] == 2
    [waits] = [each for each in report["diagnostics"] if each.get("subject", "").startswith("Job/a/never-stopped")]
    assert waits["code"] == "BP0037"
    assert "lab quota has reached the allowable limit of GPUs. Limit is 6 GPUs" in waits["message"]
