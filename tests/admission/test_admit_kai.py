"""`admit` and KAI's annotations: GPU fractions, pods that start together, and priorities that are never preempted."""

from __future__ import annotations

from fractions import Fraction

import pytest

from blueprint.admission.findings import diagnostics
from blueprint.admission.gpu_shares import GpuShare, SharedGpus, pods_of_node
from blueprint.admission.model import Fit, PoolAnswer, WorkloadAnswer
from blueprint.admission.workloads import Admission
from blueprint.lint.inputs import read_inputs
from blueprint.rule_facts.resolved import ResolvedFacts
from tests.support.engines import with_engines
from tests.support.platforms import compiled

PLATFORM = with_engines("""
  nodePools:
    shared: {nodes: 3, gpu: {product: L40S, count: 4}, queue: kai}
    train: {nodes: 4, gpu: {product: H100-SXM5-80GB, count: 8}, queue: kueue}
  queueing: {kueue: {}, kai: {gpuSharing: true}, priorities: {urgent: 120, low: 10}}
  tenants:
    models: {}
    vision: {parent: models, namespaces: [vision], quota: {shared: {guaranteed: 4, borrow: 4}}}
    language: {parent: models, namespaces: [language], quota: {shared: 6}}
    guests: {parent: models, namespaces: [guests], quota: {shared: {guaranteed: 0, borrow: 2}}}
""")
QUEUE = {"kai.scheduler/node-pool": "shared", "kai.scheduler/queue": "vision.shared"}


@pytest.fixture(scope="module")
def admission() -> Admission:
    """A platform on which KAI shares GPUs."""
    found = compiled(PLATFORM)
    assert found.platform
    return Admission(found.platform, ResolvedFacts(found.platform), found.valid_bundle().objects)


def asked(admission: Admission, text: str) -> list[WorkloadAnswer]:
    return list(admission.results(read_inputs(["-"], text.encode()).objects))


def template(labels: dict[str, str], annotations: dict[str, str], spec: str, gpus: int) -> str:
    limits = f"resources: {{limits: {{nvidia.com/gpu: {gpus}}}}}" if gpus else "resources: {}"
    containers = f"containers: [{{name: main, image: registry.example/a:1, {limits}}}]"
    metadata = f"metadata: {{labels: {labels}, annotations: {annotations}}}"
    return f"{{{metadata}, spec: {{schedulerName: kai-scheduler, {spec}{containers}}}}}"


def workload(
    kind: str = "Job", *, gpus: int = 0, pods: int = 1, annotations: dict[str, str] | None = None, on: str = "",
    labels: dict[str, str] | None = None, spec: str = "", tenant: str = "vision",
) -> str:  # fmt: skip
    """A Job or a Deployment for KAI; `on`: an annotation of the object itself."""
    queue = {**QUEUE, "kai.scheduler/queue": f"{tenant}.shared"}
    version, number = {"Job": ("batch/v1", "parallelism"), "Deployment": ("apps/v1", "replicas")}[kind]
    head = f"apiVersion: {version}\nkind: {kind}\n"
    metadata = f"metadata: {{name: it, namespace: {tenant}, labels: {labels or {}}, annotations: {{{on}}}}}\n"
    selector = "selector: {matchLabels: {app: it}}, " if kind == "Deployment" else ""
    pod = template({**queue, "app": "it"}, annotations or {}, spec, gpus)
    return f"{head}{metadata}spec: {{{selector}{number}: {pods}, template: {pod}}}\n"


def shared_pool(answer: WorkloadAnswer) -> PoolAnswer:
    return next(each for each in answer.pools if each.pool == "shared")


@pytest.mark.parametrize(
    ("annotations", "of_node", "quota"),
    [
        ({"gpu-fraction": "0.5"}, 8, 16),
        ({"gpu-fraction": "0.3"}, 12, 26),
        ({"gpu-fraction": "0.5", "gpu-fraction-num-devices": "2"}, 4, 8),
        ({"gpu-fraction": "0.7", "gpu-fraction-num-devices": "3"}, 1, 3),
        ({"gpu-memory": "23000"}, 8, 16),  # KAI counts 46,000 of the 46,068 MiB
        ({"gpu-memory": "23001"}, 4, 15),
        ({"gpu-memory": "15333"}, 12, 23),  # three fit on a GPU, and each counts 0.34
    ],
)
def test_parts_of_gpus_are_counted(admission: Admission, annotations: dict[str, str], of_node: int, quota: int) -> None:
    """4 GPUs on each node, 8 that the tenant can get; memory is counted in hundredths of a GPU, rounded up."""
    [answer] = asked(admission, workload("Deployment", annotations=annotations, labels={"priorityClassName": "low"}))
    found = shared_pool(answer)
    assert (found.fit, found.at_once, found.quota) == (Fit.FITS, of_node, quota), found.reasons


@pytest.mark.parametrize(
    ("annotations", "gpus", "why"),
    [
        ({"gpu-fraction": "1.5"}, 0, "annotation gpu-fraction is 1.5, which is not between 0 and 1"),
        ({"gpu-fraction": "0.5"}, 1, "is combined with a limit of nvidia.com/gpu"),
        ({"gpu-memory": "20Gi"}, 0, "is 20Gi, which is not a whole number of MiB"),
        ({"gpu-memory": "80000"}, 0, "80000 MiB of a GPU are requested, but each has only 46000"),
        ({"gpu-fraction": "0.5", "gpu-fraction-num-devices": "5"}, 0, "fractions of 5 GPUs are requested"),
    ],
)
def test_parts_that_no_node_has(admission: Admission, annotations: dict[str, str], gpus: int, why: str) -> None:
    [answer] = asked(admission, workload(annotations=annotations, gpus=gpus))
    assert answer.fit is Fit.NO
    assert any(why in each for each in shared_pool(answer).reasons), shared_pool(answer).reasons


def test_parts_need_the_scheduler_of_kai_and_its_sharing(admission: Admission) -> None:
    text = workload(annotations={"gpu-fraction": "0.5"})
    [answer] = asked(admission, text.replace("schedulerName: kai-scheduler, ", ""))
    assert (answer.fit, answer.pools[0].fit, answer.pools[1].fit) == (Fit.NO, Fit.NO, Fit.NO)
    off = compiled(PLATFORM.replace("kai: {gpuSharing: true}", "kai: {}"))
    assert off.platform
    other = Admission(off.platform, ResolvedFacts(off.platform), off.valid_bundle().objects)
    [answer] = asked(other, text)
    assert shared_pool(answer).reasons == ("KAI does not share GPUs of this pool (queueing.kai.gpuSharing)",)


def test_without_the_memory_of_gpus_memory_cannot_be_counted() -> None:
    share = GpuShare(1, memory_mib=4000)
    assert pods_of_node(share, SharedGpus(4, None)) is None
    assert GpuShare(2, Fraction(1, 2)).of_each(SharedGpus(4, None)) == Fraction(1, 2)


def test_a_server_gets_no_more_than_the_own_quota_of_its_tenant(admission: Admission) -> None:
    """KAI gives Deployments the class `inference` (125), which is never preempted, so they cannot borrow."""
    [answer] = asked(admission, workload("Deployment", gpus=1, pods=5))
    found = shared_pool(answer)
    assert (found.quota, answer.is_crowded) == (4, True)
    assert "KAI never stops workloads of priority inference" in found.reasons[0]


@pytest.mark.parametrize(
    ("labels", "spec", "quota"),
    [
        ({}, "", 8),
        ({"priorityClassName": "urgent"}, "", 4),
        ({"priorityClassName": "unheard-of"}, "", 8),
        ({}, "priorityClassName: urgent, ", 4),
        ({"priorityClassName": "low"}, "priorityClassName: urgent, ", 8),
        ({"priorityClassName": "urgent", "kai.scheduler/preemptibility": "preemptible"}, "", 8),
        ({"kai.scheduler/preemptibility": "non-preemptible"}, "", 4),
    ],
)
def test_the_priority_decides_whether_a_job_may_borrow(
    admission: Admission, labels: dict[str, str], spec: str, quota: int
) -> None:
    """Labels of the object take precedence, then those of its pods, then the pods' class; unknown ones are ignored."""
    [answer] = asked(admission, workload(gpus=1, labels=labels, spec=spec))
    assert shared_pool(answer).quota == quota


def test_a_tenant_without_quota_of_its_own_runs_no_server(admission: Admission) -> None:
    [answer] = asked(admission, workload("Deployment", gpus=1, tenant="guests"))
    assert answer.fit is Fit.NO
    assert (
        "tenant guests can get 0 gpu of pool shared, which is its own quota, but 1 are requested"
        in shared_pool(answer).reasons[0]
    )
    [answer] = asked(admission, workload(gpus=1, tenant="guests"))
    assert (answer.fit, shared_pool(answer).quota) == (Fit.FITS, 2)


def test_pods_of_a_job_start_one_by_one_unless_it_says_otherwise(admission: Admission) -> None:
    [alone] = asked(admission, workload(gpus=1, pods=20))
    assert (alone.fit, alone.together, alone.is_crowded) == (Fit.FITS, 1, True)
    [gang] = asked(admission, workload(gpus=1, pods=20, on='kai.scheduler/batch-min-member: "9"'))
    assert (gang.fit, gang.together) == (Fit.NO, 9)
    [found] = diagnostics([gang])
    assert (found.code.id, "never admits its 9 pods: its quota covers only 8" in found.message) == ("BP4045", True)


def jobset(*numbers: int, order: str = "", gpus: int = 1) -> str:
    pod = template(QUEUE, {}, "", gpus)
    jobs = ", ".join(
        f"{{name: n{index}, replicas: 1, template: {{spec: {{parallelism: {number}, template: {pod}}}}}}}"
        for index, number in enumerate(numbers)
    )
    policy = f"startupPolicy: {{startupPolicyOrder: {order}}}, " if order else ""
    head = "apiVersion: jobset.x-k8s.io/v1alpha2\nkind: JobSet\nmetadata: {name: it, namespace: vision}\n"
    return f"{head}spec: {{{policy}replicatedJobs: [{jobs}]}}\n"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (jobset(8), True),
        (jobset(9), False),
        (jobset(4, 4), True),
        (jobset(4, 5), False),
        (jobset(4, 5, order="InOrder"), True),
    ],
)
def test_a_job_set_starts_as_a_whole(admission: Admission, text: str, fits: bool) -> None:
    """The tenant can get 8 GPUs in total; run one after another, its jobs never need more."""
    answers = asked(admission, text)
    assert all(each.fit is Fit.FITS for each in answers) is fits
    codes = {each.code.id for each in diagnostics(answers)}
    assert codes == ({"BP4040"} if fits else codes & {"BP4045", "BP4040"})
    assert fits or "BP4045" in codes


def ray(workers: int, least: int) -> str:
    head = f"headGroupSpec: {{template: {template(QUEUE, {}, '', 0)}}}"
    group = f"{{groupName: gpus, replicas: {workers}, minReplicas: {least}, template: {template(QUEUE, {}, '', 1)}}}"
    metadata = "apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: it, namespace: vision}\n"
    return f"{metadata}spec: {{{head}, workerGroupSpecs: [{group}]}}\n"


@pytest.mark.parametrize(("workers", "least", "fits"), [(8, 8, True), (9, 9, False), (12, 4, True), (9, 0, False)])
def test_a_ray_cluster_starts_with_its_fewest_workers(
    admission: Admission, workers: int, least: int, fits: bool
) -> None:
    answers = asked(admission, ray(workers, least))
    assert all(each.fit is Fit.FITS for each in answers) is fits


def pytorch(workers: int, policy: str = "") -> str:
    pod = template(QUEUE, {}, "", 1).replace("name: main", "name: pytorch")
    specs = f"Master: {{replicas: 1, template: {pod}}}, Worker: {{replicas: {workers}, template: {pod}}}"
    head = "apiVersion: kubeflow.org/v1\nkind: PyTorchJob\nmetadata: {name: it, namespace: vision}\n"
    return f"{head}spec: {{{policy}pytorchReplicaSpecs: {{{specs}}}}}\n"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (pytorch(7), True),
        (pytorch(8), False),
        (pytorch(12, "elasticPolicy: {minReplicas: 4}, "), True),
        (pytorch(12, "runPolicy: {schedulingPolicy: {minAvailable: 8}}, elasticPolicy: {minReplicas: 12}, "), True),
        (pytorch(12, "runPolicy: {schedulingPolicy: {minAvailable: 9}}, "), False),
    ],
)
def test_training_starts_with_its_fewest_pods(admission: Admission, text: str, fits: bool) -> None:
    answers = asked(admission, text)
    assert answers
    assert all(each.fit is Fit.FITS for each in answers) is fits
