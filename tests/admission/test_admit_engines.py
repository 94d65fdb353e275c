"""`admit` with two engines: a workload runs on the pools of the engine that it names, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.admission.model import Fit, WorkloadAnswer
from blueprint.admission.workloads import Admission
from blueprint.lint.inputs import read_inputs
from blueprint.pipeline import compile_blueprint
from blueprint.rule_facts.resolved import ResolvedFacts

EXAMPLE = Path(__file__).parents[2] / "examples" / "batch-and-interactive" / "blueprint.yaml"
QUEUED = "{kai.scheduler/node-pool: interactive, kai.scheduler/queue: vision.interactive}"
TOLERATED = "tolerations: [{key: nvidia.com/gpu, operator: Exists}]"
JOB = """
apiVersion: batch/v1
kind: Job
metadata: {{name: it, namespace: {namespace}}}
spec:
  parallelism: {pods}
  completions: {pods}
  template:
    metadata: {{labels: {labels}}}
    spec:
      restartPolicy: Never
      {spec}
      containers: [{{name: main, image: "registry.example/a:1", resources: {{limits: {{nvidia.com/gpu: 1}}}}}}]
"""


@pytest.fixture(scope="module")
def admission() -> Admission:
    """The example with both engines."""
    found = compile_blueprint(str(EXAMPLE))
    assert found.platform
    return Admission(found.platform, ResolvedFacts(found.platform), found.valid_bundle().objects)


def answered(admission: Admission, *spec: str, labels: str = "{}", pods: int = 1, namespace: str = "vision") -> Any:
    """The answer for a job, and its pools by name."""
    text = JOB.format(namespace=namespace, pods=pods, labels=labels, spec="\n      ".join(spec))
    [answer] = admission.results(read_inputs(["-"], text.encode()).objects)
    assert isinstance(answer, WorkloadAnswer)
    return answer, {each.pool: each for each in answer.pools}


def test_a_job_of_kai_runs_on_its_pool_alone_as_far_as_quota_goes(admission: Admission) -> None:
    """Its own 6 and the 4 that it may borrow; KAI starts pods one by one, so further pods only wait."""
    answer, pools = answered(admission, "schedulerName: kai-scheduler", TOLERATED, labels=QUEUED, pods=20)
    assert (answer.fit, answer.at_once, answer.is_crowded) == (Fit.FITS, 10, True)
    assert pools["train"].reasons == ("KAI does not schedule pods on pool train",)


def test_kai_adds_no_tolerations(admission: Admission) -> None:
    answer, pools = answered(admission, "schedulerName: kai-scheduler", labels=QUEUED)
    assert answer.fit is Fit.NO
    assert "taint" in pools["interactive"].reasons[0]


def test_a_job_without_its_scheduler_runs_on_the_pool_of_kueue_alone(admission: Admission) -> None:
    answer, pools = answered(admission)
    assert answer.fit is Fit.FITS
    assert pools["train"].fit is Fit.FITS
    assert "schedulerName: kai-scheduler" in pools["interactive"].reasons[0]
    assert "kai.scheduler/queue: vision.interactive" in pools["interactive"].reasons[0]


@pytest.mark.parametrize(
    "labels",
    ["{}", "{kai.scheduler/queue: vision.interactive}", "{kai.scheduler/node-pool: interactive}",
     "{kai.scheduler/node-pool: interactive, kai.scheduler/queue: language.interactive}",
     "{kai.scheduler/node-pool: train, kai.scheduler/queue: vision.train}"],
)  # fmt: skip
def test_the_labels_must_be_those_of_the_tenant_and_the_pool(admission: Admission, labels: str) -> None:
    answer, pools = answered(admission, "schedulerName: kai-scheduler", TOLERATED, labels=labels)
    assert answer.fit is Fit.NO
    assert "another pool or queue" in pools["interactive"].reasons[0]


def test_a_tenant_without_a_group_borrows_nothing_from_kai_either(admission: Admission) -> None:
    labels = QUEUED.replace("vision", "products")
    spec = ("schedulerName: kai-scheduler", TOLERATED)
    answer, _ = answered(admission, *spec, labels=labels, pods=4, namespace="products")
    assert (answer.fit, answer.at_once) == (Fit.FITS, 4)
