"""Rules about KAI Scheduler, Karpenter, Kata and gangs, condition by condition: a page's good example, changed."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.check.rule import Capability
from blueprint.diagnostics import Severity
from tests.check.test_queueing_rules import GONE, changed, found

CPU, GPU, MEMORY = "spec.resources.cpu", "spec.resources.gpu", "spec.resources.memory"
CONTAINER = "spec.containers[0]"
NODES = "spec.template.spec"
REQUIREMENT = f"{NODES}.requirements[0]"
QUEUE = 'metadata.labels["kai.scheduler/queue"]'


def queue(name: str, parent: str, **resources: Any) -> dict[str, Any]:
    spec = {"parentQueue": parent, "resources": resources or {"gpu": {"quota": 1}}}
    return {"apiVersion": "scheduling.run.ai/v2", "kind": "Queue", "metadata": {"name": name}, "spec": spec}


def annotated(**values: str) -> dict[str, Any]:
    return {"metadata.annotations": {key.replace("_", "-"): value for key, value in values.items()}}


TRAINING = {"spec": {"containers": [
    {"name": "main", "image": "registry.example/train:1.4", "command": ["torchrun", "--nnodes=2", "train.py"],
     "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}  # fmt: skip
VARIANTS: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("BP6529", "Pod", annotated(gpu_memory="2000"), set()),
    ("BP6529", "Pod", annotated(gpu_memory="20Gi"), {"BP6529"}),
    ("BP6529", "Pod", annotated(gpu_memory="0"), {"BP6529"}),
    ("BP6529", "Pod", annotated(gpu_fraction="0.5", gpu_fraction_num_devices="2"), set()),
    ("BP6529", "Pod", annotated(gpu_fraction="0.5", gpu_fraction_num_devices="two"), {"BP6529"}),
    ("BP6529", "Pod", annotated(gpu_fraction_num_devices="2"), {"BP6529"}),
    ("BP6529", "Pod", annotated(gpu_fraction="0.5", mps="true"), set()),
    ("BP6529", "Pod", annotated(mps="true"), {"BP6529"}),
    ("BP6529", "Pod", annotated(mps="false"), set()),
    ("BP6529", "Pod", annotated(mps="true") | {"spec.schedulerName": "other"}, set()),
    ("BP6559", "Queue", {f"{GPU}.limit": 2}, {"BP6559"}),
    ("BP6559", "Queue", {f"{GPU}.limit": 0}, set()),
    ("BP6559", "Queue", {f"{MEMORY}.quota": 512, f"{CPU}.quota": 0}, {"BP6559"}),
    ("BP6559", "Queue", {f"{CPU}.quota": 48, f"{GPU}.quota": 0, f"{MEMORY}.quota": 0}, set()),
    ("BP6559", "Queue", {f"{CPU}.quota": -1, f"{GPU}.quota": -1, f"{MEMORY}.quota": -1}, set()),
    ("BP6560", "Pod", {"metadata.labels": GONE}, set()),
    ("BP6561", "Pod", {"spec.schedulerName": "default-scheduler"}, {"BP6561"}),
    ("BP6561", "Pod", {"spec.schedulerName": "kai-scheduler-2"}, set()),
    ("BP6561", "Pod", {"metadata.labels": {"runai/queue": "vision"}}, {"BP6561"}),
    ("BP6561", "Pod", {'metadata.labels["runai/queue"]': "vision"}, set()),
    ("BP6561", "Pod", {"metadata.labels": {"runai/queue": "vision"}, "spec.schedulerName": "other"}, set()),
    ("BP6562", "NodePool", {"apiVersion": "karpenter.sh/v1beta1"}, {"BP6562"}),
    ("BP6562", "NodePool", {"kind": "NodeClaim", "apiVersion": "karpenter.sh/v1beta1"}, {"BP6562"}),
    ("BP6562", "NodePool", {"kind": "Provisioner", "apiVersion": "other.example/v1"}, set()),
    ("BP6562", "NodePool", {"kind": "AWSNodeTemplate", "apiVersion": "karpenter.k8s.aws/v1alpha1"}, {"BP6562"}),
    ("BP6563", "NodePool", {"spec.disruption.consolidationPolicy": "WhenUnderutilized"}, {"BP6563"}),
    ("BP6563", "NodePool", {"spec.disruption.consolidationPolicy": "WhenEmptyOrUnderutilized"}, set()),
    ("BP6563", "NodePool", {"spec.disruption.consolidateAfter": GONE}, {"BP6563"}),
    ("BP6563", "NodePool", {"spec.disruption": GONE}, set()),
    ("BP6563", "NodePool", {"spec.disruption.expireAfter": "720h"}, {"BP6563"}),
    ("BP6563", "NodePool", {f"{NODES}.kubelet": {"maxPods": 20}}, {"BP6563"}),
    ("BP6563", "NodePool", {f"{NODES}.kubelet": {"maxPods": 20}, "apiVersion": "karpenter.sh/v1beta1"}, {"BP6562"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.values": []}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.minValues": 2}, set()),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.minValues": 3}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.operator": "Exists", f"{REQUIREMENT}.values": []}, set()),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.operator": "Exists", f"{REQUIREMENT}.minValues": 3}, set()),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.operator": "Gt", f"{REQUIREMENT}.values": ["4"]}, set()),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.operator": "Gt", f"{REQUIREMENT}.values": ["4", "5"]}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.operator": "Lt", f"{REQUIREMENT}.values": ["four"]}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.key": "kubernetes.io/hostname"}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.key": "karpenter.sh/nodepool"}, {"BP6564"}),
    ("BP6564", "NodePool", {f"{REQUIREMENT}.key": "acme.example/anything"}, set()),
    ("BP6564", "NodePool", {"spec.template.metadata.labels": {"karpenter.sh/team": "x"}}, {"BP6564"}),
    ("BP6564", "NodePool", {"spec.template.metadata.labels": {"acme.example/team": "x"}}, set()),
    ("BP6564", "NodePool", {"apiVersion": "other.example/v1", f"{REQUIREMENT}.values": []}, set()),
    ("BP6565", "Pod", {'metadata.annotations["karpenter.sh/do-not-consolidate"]': "true"}, {"BP6565"}),
    ("BP6565", "Pod", {"spec.nodeSelector": {"karpenter.sh/provisioner-name": "gpus"}}, {"BP6565"}),
    ("BP6565", "Pod", {"spec.nodeSelector": {"karpenter.sh/nodepool": "gpus"}}, set()),
    *[
        ("BP6566", "NodePool", {f"{NODES}.taints": GONE, f"{REQUIREMENT}": requirement}, codes)
        for requirement, codes in (
            ({"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["g6", "m7i"]}, set()),
            ({"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": ["g6", "gr6"]}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-family", "operator": "NotIn", "values": ["g6"]}, set()),
            ({"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["g", "p"]}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-category", "operator": "In", "values": ["g", "m"]}, set()),
            ({"key": "eks.amazonaws.com/instance-gpu-name", "operator": "In", "values": ["h100"]}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "DoesNotExist"}, set()),
            ({"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "Exists"}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "Gt", "values": ["0"]}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-gpu-count", "operator": "Gte", "values": ["1"]}, {"BP6566"}),
            ({"key": "karpenter.k8s.aws/instance-family", "operator": "In", "values": []}, {"BP6564"}),
            ({"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["g4dn.xlarge"]}, {"BP6566"}),
            ({"key": "node.kubernetes.io/instance-type", "operator": "In", "values": ["m7i.large"]}, set()),
            ({"key": "node.kubernetes.io/instance-type", "operator": "Exists"}, set()),
        )
    ],
    ("BP6566", "NodePool", {f"{NODES}.taints": GONE, "apiVersion": "other.example/v1"}, set()),
    ("BP6567", "PyTorchJob", {"metadata.labels": GONE}, {"BP6567"}),
    ("BP6567", "PyTorchJob", {"metadata.labels": GONE, "spec.runPolicy.schedulingPolicy.minAvailable": 4}, set()),
    ("BP6567", "PyTorchJob", {"metadata.labels": GONE, "spec.pytorchReplicaSpecs.Worker": GONE}, set()),
    (
        "BP6567",
        "PyTorchJob",
        {"metadata.labels": GONE, "kind": "TFJob", "spec.tfReplicaSpecs": {"Worker": {"replicas": 4, "template": {
            "spec": {"containers": [{"image": "r.example/app:1", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}}}}},
        set(),
    ),
    *[
        ("BP6567", "PyTorchJob", {"metadata.labels": GONE, "kind": kind, "apiVersion": version, "spec": spec},
         {"BP6567"})
        for kind, version, spec in (
            ("MPIJob", "kubeflow.org/v2beta1", {"mpiReplicaSpecs": {"Worker": {"replicas": 4, "template": TRAINING}}}),
            ("JAXJob", "kubeflow.org/v1", {"jaxReplicaSpecs": {"Worker": {"replicas": 2, "template": TRAINING}}}),
            ("JobSet", "jobset.x-k8s.io/v1alpha2", {"replicatedJobs": [
                {"name": "w", "template": {"spec": {"parallelism": 2, "completions": 2, "template": TRAINING}}}]}),
        )
    ],
    *[
        ("BP6567", "PyTorchJob", {"metadata.labels": GONE, f"spec.pytorchReplicaSpecs.Master.template.{path}": value},
         codes)
        for path, value, codes in (
            ("spec.schedulerName", "volcano", set()),
            ("spec.schedulerName", "default-scheduler", {"BP6567"}),
            ("spec.workloadRef", {"name": "train"}, set()),
            ("spec.schedulingGroup", {"podGroupName": "train"}, set()),
            ("metadata.labels", {"scheduling.x-k8s.io/pod-group": "train"}, set()),
            ("metadata.annotations", {"scheduling.k8s.io/group-name": "train"}, set()),
            ("metadata.annotations", {"acme.example/group": "train"}, {"BP6567"}),
            ("metadata.labels", {"pod-group.scheduling.sigs.k8s.io/name": "train"}, set()),
        )
    ],
    ("BP6568", "Pod", {"spec.hostPID": True}, {"BP6568"}),
    ("BP6568", "Pod", {"spec.hostIPC": True}, {"BP6568"}),
    ("BP6568", "Pod", {"spec.hostNetwork": False}, set()),
    ("BP6568", "Pod", {"spec.hostNetwork": True, "spec.runtimeClassName": "nvidia"}, set()),
    ("BP6569", "Pod", {f"{CONTAINER}.resources.limits.memory": GONE}, {"BP6569"}),
    ("BP6569", "Pod", {f"{CONTAINER}.resources.limits.memory": GONE, "spec.runtimeClassName": "vm"}, set()),
    ("BP6569", "Pod", {"spec.runtimeClassName": GONE}, {"BP6569"}),
    ("BP6569", "Pod", {"spec.runtimeClassName": "vm"}, set()),
    ("BP6569", "Pod", {"spec.runtimeClassName": GONE, f'{CONTAINER}.resources.limits["nvidia.com/pgpu"]': GONE}, set()),
    ("BP6543", "RuntimeClass", {"overhead.podFixed.memory": GONE}, {"BP6543"}),
    ("BP6543", "RuntimeClass", {"overhead": GONE, "handler": "runsc"}, set()),
]  # fmt: skip


@pytest.mark.parametrize(("code", "kind", "changes", "codes"), VARIANTS)
def test_each_condition_counts(code: str, kind: str, changes: dict[str, Any], codes: set[str]) -> None:
    assert set(found(code, kind, changes)) == codes


@pytest.mark.parametrize(
    ("beside", "codes"),
    [
        ([queue("a", "b"), queue("b", "a")], {"BP6558"}),
        ([queue("a", "a")], {"BP6558"}),
        ([queue("a", "vision")], set()),
        ([queue("a", "research", gpu={"quota": 4})], set()),
        ([queue("a", "research", gpu={"quota": 5})], {"BP6559"}),
        ([queue("a", "research", cpu={"quota": 50000})], {"BP6559"}),
        ([queue("a", "free", gpu={"quota": 5}), {**queue("free", ""), "spec": {"resources": {"gpu": {"quota": 0}}}}],
         set()),
        ([{**queue("a", ""), "spec": {}}], {"BP6558"}),
        ([{**queue("a", ""), "apiVersion": "scheduling.volcano.sh/v1beta1", "spec": {}}], set()),
        ([{**queue("a", "", gpu={"quota": 2, "limit": 1}), "apiVersion": "scheduling.volcano.sh/v1beta1"}], set()),
    ],
)  # fmt: skip
def test_queues_form_a_tree(beside: list[dict[str, Any]], codes: set[str]) -> None:
    more = {str(index): each for index, each in enumerate(beside)}
    assert set(found("BP6558", "none", {}, **more)) == codes


def test_a_queue_without_a_parent_here_is_wrong_only_where_all_are_here() -> None:
    lone = queue("a", "elsewhere")
    assert found("BP6543", "none", {}, lone=lone) == {}
    assert found("BP6543", "none", {}, lone=lone, other=queue("b", "")) == {"BP6558": Severity.WARNING}
    assert found("BP6543", "none", {}, Capability.COMPLETE, lone=lone) == {"BP6558": Severity.ERROR}


def test_only_a_queue_without_queues_below_takes_workloads() -> None:
    assert found("BP6560", "Pod", {QUEUE: "research"}) == {"BP6560": Severity.ERROR}
    assert found("BP6560", "Pod", {QUEUE: "other"}) == {"BP6560": Severity.WARNING}
    assert found("BP6560", "Pod", {}, without="Queue") == {}


def test_the_label_of_a_workload_comes_before_that_of_its_pods() -> None:
    template = {"metadata": {"labels": {"kai.scheduler/queue": "research"}}}
    template["spec"] = {"schedulerName": "kai-scheduler", "containers": []}
    job = {"apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "spec": {"tasks": [{"template": template}]}}
    bare = {**job, "metadata": {"name": "j", "namespace": "team"}}
    labelled = {**job, "metadata": {**bare["metadata"], "labels": {"kai.scheduler/queue": "vision"}}}
    assert set(found("BP6560", "Pod", {}, job=bare)) == {"BP6560"}
    assert set(found("BP6560", "Pod", {}, job=labelled)) == set()


def test_operators_name_the_scheduler_themselves() -> None:
    pod = {"template": {"spec": {"containers": []}}}
    meta = {"name": "r", "namespace": "team", "labels": {"kai.scheduler/queue": "vision"}}
    ray = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": meta, "spec": {"headGroupSpec": pod}}
    assert set(found("BP6561", "Pod", {}, ray=ray)) == set()


def job(command: list[str], limits: dict[str, Any], parallelism: int = 2) -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"command": command, "resources": {"limits": limits}}]}
    spec = {"parallelism": parallelism, "completions": parallelism, "template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "alone"}, "spec": spec}


ONE = {"nvidia.com/gpu": 1}
TORCHRUN = ["torchrun", "--nnodes=2", "--rdzv-endpoint=train-0:29500", "train.py"]
API = "apiVersion: config.kueue.x-k8s.io/v1beta2\n"
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "kueue", "namespace": "kueue-system"},
    "data": {
        "controller_manager_config.yaml": f"{API}manageJobsWithoutQueueName: true\n",
    },
}
DEFAULT = {
    "apiVersion": "kueue.x-k8s.io/v1beta2",
    "kind": "LocalQueue",
    "metadata": {"name": "default", "namespace": "alone"},
}


@pytest.mark.parametrize(
    ("objects", "codes"),
    [
        ([job(TORCHRUN, ONE)], {"BP6567"}),
        ([changed(job(TORCHRUN, ONE), {"kind": "ReplicaSet", "apiVersion": "apps/v1", "spec.replicas": 2})], set()),
        ([job(["python", "render.py"], ONE)], set()),
        ([job(TORCHRUN, {"cpu": 1})], set()),
        ([job(TORCHRUN, ONE, parallelism=1)], set()),
        ([job(TORCHRUN, {"nvidia.com/mig-1g.10gb": 1})], {"BP6567"}),
        ([job(TORCHRUN, ONE), CONFIG], set()),
        ([job(TORCHRUN, ONE), DEFAULT], set()),
    ],
)
def test_jobs_that_train_together_start_together(objects: list[dict[str, Any]], codes: set[str]) -> None:
    more = {str(index): each for index, each in enumerate(objects)}
    assert set(found("BP6543", "none", {}, **more)) == codes


@pytest.mark.parametrize(
    ("flag", "codes"), [("--gang-scheduler-name=volcano", set()), ("--gang-scheduler-name=", {"BP6567"})]
)
def test_an_operator_that_makes_groups_needs_nothing_in_the_job(flag: str, codes: set[str]) -> None:
    pod = {"containers": [{"name": "manager", "image": "registry.example/operator:1", "args": [flag]}]}
    meta = {"name": "training-operator", "namespace": "kubeflow"}
    operator = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": {"template": {"spec": pod}}}
    assert set(found("BP6567", "PyTorchJob", {"metadata.labels": GONE}, operator=operator)) == codes
    alone = job(TORCHRUN, ONE)
    assert set(found("BP6543", "none", {}, job=alone, operator=operator)) == {"BP6567"}
