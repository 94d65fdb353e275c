"""`lab run`: which workloads can be scheduled on the platform of a blueprint, and why the others cannot."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from blueprint.cli.main import main
from blueprint.lab.launch import take_down
from blueprint.lab.trial import GoldenWorkload, one_of_each
from blueprint.pipeline import compile_blueprint
from blueprint.render.workloads import render_workloads
from tests.support.lab_inhabitants import inhabitants, start
from tests.support.soak import WHOLE
from tests.support.waits import PATIENCE, eventually

pytestmark = pytest.mark.lab
EXAMPLES = Path(__file__).parents[2] / "examples"
WORKLOADS = Path(__file__).parent / "workloads.yaml"
BLUEPRINT = """\
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: small}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36"}
  poolLabel: acme.example/pool
  nodePools:
    system: {nodes: 1}
    train:
      nodes: {min: 0, max: 40}
      taints: [nvidia.com/gpu=true:NoSchedule]
      gpu: {product: H100-SXM5-80GB, count: 8}
"""


def lab_run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """The exit code, and the report in JSON."""
    capsys.readouterr()
    code = main(["lab", "run", *arguments, "--report", "json", "-q"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def blueprint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("platform") / "blueprint.yaml"
    file.write_text(BLUEPRINT, "utf-8")
    return file


EVERY = sorted(file.parent.name for file in EXAMPLES.glob("*/blueprint.yaml"))
TRIED = (
    "batch-and-interactive",
    "dev-sharing",
    "dra-beside-device-plugin",
    "eks-karpenter",
    "eks-training",
    "gke-dra",
    "hospital-kata",
    "openshift-training",
    "rack-aware-training",
)
"""Examples that together have every component, distribution and kind of workload; `make soak` tests all."""
QUEUED = {file.parent.name for file in EXAMPLES.glob("*/blueprint.yaml") if "\n  queueing:" in file.read_text("utf-8")}


@pytest.mark.parametrize("example", EVERY if WHOLE else TRIED)
def test_an_example_schedules_what_it_offers_and_no_more(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = lab_run(capsys, str(EXAMPLES / example / "blueprint.yaml"), "--nodes", "2")

    assert code == 0, report["diagnostics"]
    outcomes = {each["outcome"] for each in report["placements"]}
    assert outcomes == {"placed", "not placed"}, "both were tried"
    for each in report["placements"]:
        assert each["simulated"]
        assert (each["outcome"] == "placed") == bool(each["nodes"])
        assert each["reasons"] or each["outcome"] == "placed"
    became = {each["workload"]: (each["outcome"], *each["reasons"]) for each in report["placements"]}
    assert {name: became.get(name) for name in golden(example)} == golden(example)
    queues = "queues are not modelled: nothing waits for quota"
    assert any(queues in each for each in report["notAsked"]) == (example in QUEUED)


@cache
def golden(example: str) -> dict[str, tuple[str, ...]]:
    """The expected result for the workloads of tenants in `workloads/`: scheduled, through their controller or from
    their templates.
    """
    platform = compile_blueprint(str(EXAMPLES / example / "blueprint.yaml")).platform
    assert platform
    every = {each.name: GoldenWorkload(each.objects) for each in render_workloads(platform)}
    workloads = [each for one in one_of_each(every) for each in one.as_admitted()[0]]
    stood_in = "the lab created its pods from its templates: no controller of a {} runs here"
    return {
        str(each.object.id): ("placed", stood_in.format(each.object.id.kind)) if each.stood_in else ("placed",)
        for each in workloads
    }


def test_the_examples_that_are_tried_have_all_that_examples_have() -> None:
    """Every kind of workload, on pools of both engines; every component and distribution."""
    assert contents(TRIED) == contents(EVERY)
    found = {name.partition("/")[0] for example in TRIED for name in golden(example)}
    assert found == {"Deployment", "Job", "JobSet", "LeaderWorkerSet", "RayCluster", "RayJob", "TrainJob"}
    assert any(name.endswith("-interactive") for name in golden("batch-and-interactive"))


def contents(examples: Iterable[str]) -> set[str]:
    """Components, distributions and kinds of workloads."""
    found = set()
    for example in examples:
        found |= {name.partition("/")[0] for name in golden(example)}
        if platform := compile_blueprint(str(EXAMPLES / example / "blueprint.yaml")).platform:
            found |= {*platform.components, platform.cluster.distribution}
    return found


@pytest.fixture(scope="module")
def tried(blueprint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All workloads of the neighbouring file, run once."""
    file = tmp_path_factory.mktemp("report") / "report.json"
    options = ["--workloads", str(WORKLOADS), "--nodes", "3", "--report", f"json={file}", "-q", "--timeout", "20s"]
    assert main(["lab", "run", str(blueprint), *options]) == 1
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def placed(report: dict[str, Any], workload: str) -> dict[str, Any]:
    [found] = [each for each in report["placements"] if each["workload"] == workload]
    return dict(found)


def finding(report: dict[str, Any], workload: str) -> dict[str, Any]:
    [found] = [each for each in report["diagnostics"] if each.get("subject") == workload]
    return dict(found)


def test_the_pods_of_a_deployment_are_counted_where_they_are(tried: dict[str, Any]) -> None:
    found = placed(tried, "Deployment/team/web")

    assert (found["outcome"], found["pods"], sum(found["nodes"].values())) == ("placed", 3, 3)
    assert all(name.startswith("train-") for name in found["nodes"])


def test_a_taint_that_is_not_tolerated_is_named_with_its_value_and_the_toleration(tried: dict[str, Any]) -> None:
    found = finding(tried, "Job/team/no-toleration")

    assert found["code"] == "BP0030"
    # Nodes whose GPUs are in use by then have an additional reason, and are listed separately.
    assert re.search(
        r"pool train \(\d nodes?\): taint nvidia.com/gpu=true:NoSchedule is not tolerated", found["message"]
    )
    assert "{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}" in found["help"]
    assert found["at"]["file"].endswith("workloads.yaml")


def test_a_selector_is_named_with_what_nodes_have_instead(tried: dict[str, Any]) -> None:
    """The label is set by feature discovery: the platform knows it before a node exists."""
    message = finding(tried, "Pod/wrong-product")["message"]

    assert "requires nvidia.com/gpu.product=NVIDIA-H200" in message
    assert "has nvidia.com/gpu.product=NVIDIA-H100-80GB-HBM3" in message


def test_a_required_affinity_is_named_too(tried: dict[str, Any]) -> None:
    message = finding(tried, "Pod/wrong-affinity")["message"]

    assert "node affinity requires acme.example/pool In infer, serve" in message


@pytest.mark.parametrize(
    ("workload", "words"),
    [
        ("Pod/too-many", "requests 9 nvidia.com/gpu, but a node offers only 8"),
        ("Pod/too-much-memory", "requests 2Ti memory, but a node offers only 512Gi"),
        ("Job/too-wide", "requests 8 nvidia.com/gpu, but only"),
    ],
)
def test_a_resource_is_named_with_what_is_there(tried: dict[str, Any], workload: str, words: str) -> None:
    assert words in finding(tried, workload)["message"]


def test_what_the_lab_does_not_evaluate_is_reported_in_the_schedulers_words(tried: dict[str, Any]) -> None:
    assert "didn't match pod affinity rules" in finding(tried, "Pod/beside-nobody")["message"]


def test_the_scheduler_is_quoted(tried: dict[str, Any]) -> None:
    evidence = {each["name"]: each["text"] for each in finding(tried, "Pod/too-many")["evidence"]}

    assert evidence["scheduler"].startswith("0/4 nodes are available")
    assert evidence["requests"] == "9 nvidia.com/gpu"


def test_a_daemonset_that_no_node_takes_is_not_passed_over(tried: dict[str, Any]) -> None:
    assert "no node accepts one" in finding(tried, "DaemonSet/agent")["message"]


def test_a_cronjob_is_tried_now(tried: dict[str, Any]) -> None:
    assert placed(tried, "CronJob/nightly")["outcome"] == "placed"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("Pod/nowhere/lost", "its namespace nowhere does not exist"),
        ("LocalQueue/queue", "no API server here knows LocalQueue of kueue.x-k8s.io/v1beta2"),
        ("PyTorchJob/torch", "no API server here knows PyTorchJob of kubeflow.org/v1"),
        ("Pod/malformed", "spec.containers[0].image"),
        ("Deployment/strict/root", "violates PodSecurity"),
    ],
)
def test_what_the_api_server_refuses_is_a_finding(tried: dict[str, Any], subject: str, words: str) -> None:
    found = finding(tried, subject)

    assert found["code"] == "BP0034"
    assert words in found["message"]


def test_what_must_not_fit_and_does_not_is_as_expected(tried: dict[str, Any]) -> None:
    found = placed(tried, "Pod/must-not-fit")

    assert (found["outcome"], found["expected"]) == ("not placed", True)
    assert not [each for each in tried["diagnostics"] if each.get("subject") == "Pod/must-not-fit"]


def test_what_must_not_fit_and_does_is_a_finding(tried: dict[str, Any]) -> None:
    assert finding(tried, "Pod/must-not-fit-either")["code"] == "BP0031"


def test_what_is_not_real_is_reported(tried: dict[str, Any]) -> None:
    left_out = " ".join(tried["notAsked"])

    assert "kubelet" in left_out
    assert "ClusterPolicy cluster-policy (its operator does not run)" in left_out
    assert "train 3 of 40" in tried["title"], "a big pool has only some of its nodes"
    assert any(each["code"] == "BP7045" for each in tried["diagnostics"])
    assert not any(each["code"] == "BP7040" for each in tried["diagnostics"]), "that is the lab's own doing"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "labs"
    for folder in (tmp_path / "labs").glob("*"):
        take_down(folder)


def test_a_named_lab_is_used_and_stays(blueprint: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start("lab", "up", "--controllers", "--state", str(state)).communicate(timeout=PATIENCE)
    before = inhabitants(state / "default")

    options = (str(blueprint), "--name", "default", "--state", str(state), "--nodes", "1")
    assert lab_run(capsys, *options)[0] == 0
    assert lab_run(capsys, *options)[0] == 0, "also when all is there already"

    assert inhabitants(state / "default") == before


def test_a_lab_without_controllers_is_not_one_to_run_in(blueprint: Path, state: Path) -> None:
    start("lab", "up", "--state", str(state)).communicate(timeout=PATIENCE)

    run = start("lab", "run", str(blueprint), "--name", "default", "--state", str(state))

    said, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2
    assert "runs no pods" in said
    assert "blueprint lab up --controllers" in said


@pytest.mark.parametrize("when", ["starting a temporary lab", "waiting for the scheduler"])
def test_ctrl_c_leaves_nothing_behind(blueprint: Path, tmp_path: Path, when: str) -> None:
    run = start("lab", "run", str(blueprint), env=os.environ | {"TMPDIR": str(tmp_path)})
    assert run.stderr
    assert any(line.startswith(when) for line in run.stderr), "it ended without saying so"
    eventually(lambda: list(tmp_path.glob("blueprint-lab-*")), "the lab has its folder")
    [folder] = tmp_path.glob("blueprint-lab-*")

    os.killpg(run.pid, signal.SIGINT)

    run.communicate(timeout=PATIENCE)
    assert run.returncode == 130
    assert inhabitants(folder) == {}
    assert not folder.exists()


def test_the_platforms_own_pods_are_judged_like_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No node tolerates the operator's own Deployment."""
    file = tmp_path / "blueprint.yaml"
    file.write_text(BLUEPRINT.replace("    system: {nodes: 1}\n", ""), "utf-8")

    code, report = lab_run(capsys, str(file), "--nodes", "1")

    assert code == 1
    found = finding(report, "Deployment/gpu-operator/gpu-operator")
    assert "pool train (1 node): taint nvidia.com/gpu=true:NoSchedule is not tolerated" in found["message"]
    assert {each["expected"] for each in report["placements"]} == {True}
