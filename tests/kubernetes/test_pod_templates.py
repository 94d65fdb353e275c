"""Pods are found wherever a kind contains them: in workloads of Kubernetes, and in those of operators."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.bundle.model import USERS, Object
from blueprint.check.objects import check_objects
from blueprint.check.references import check_references
from blueprint.check.rule_context import NoPlatform, RuleContext
from blueprint.check.runner import run_rules
from blueprint.kubernetes.pod_templates import _table, pod_templates
from blueprint.source.paths import format_path

POD = {"containers": [{"name": "main", "image": "registry.example/app:1"}]}
MERGED_BY_NAME = {"Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler", "TrainJob", "Workload"}
"""Kinds that contain parts of pods, or pods that a controller wrote."""


def made(api_version: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "w", "namespace": "team"}, "spec": spec}


def jobset(**job: Any) -> dict[str, Any]:
    template = {"spec": {"template": {"spec": POD}, **job.pop("spec", {})}}
    return made("jobset.x-k8s.io/v1alpha2", "JobSet", {"replicatedJobs": [{"name": "a", "template": template, **job}]})


RAY = {"headGroupSpec": {"template": {"spec": POD}}, "workerGroupSpecs": [{"replicas": 3, "template": {"spec": POD}}]}
CASES = {
    "Pod": (made("v1", "Pod", POD), {"spec": 1}),
    "CronJob": (
        made("batch/v1", "CronJob", {"jobTemplate": {"spec": {"parallelism": 2, "template": {"spec": POD}}}}),
        {"spec.jobTemplate.spec.template.spec": 2},
    ),
    "JobSet": (
        jobset(replicas=2, spec={"parallelism": 4}),
        {"spec.replicatedJobs[name=a].template.spec.template.spec": 8},
    ),
    "JobSet without numbers": (jobset(), {"spec.replicatedJobs[name=a].template.spec.template.spec": 1}),
    "LeaderWorkerSet": (
        made(
            "leaderworkerset.x-k8s.io/v1",
            "LeaderWorkerSet",
            {"replicas": 2, "leaderWorkerTemplate": {"size": 4, "workerTemplate": {"spec": POD}}},
        ),
        {"spec.leaderWorkerTemplate.workerTemplate.spec": 8},
    ),
    "PyTorchJob": (
        made(
            "kubeflow.org/v1",
            "PyTorchJob",
            {
                "pytorchReplicaSpecs": {
                    "Master": {"template": {"spec": POD}},
                    "Worker": {"replicas": 7, "template": {"spec": POD}},
                }
            },
        ),
        {"spec.pytorchReplicaSpecs.Master.template.spec": 1, "spec.pytorchReplicaSpecs.Worker.template.spec": 7},
    ),
    "RayJob": (
        made("ray.io/v1", "RayJob", {"rayClusterSpec": RAY}),
        {
            "spec.rayClusterSpec.headGroupSpec.template.spec": 1,
            "spec.rayClusterSpec.workerGroupSpecs[0].template.spec": 3,
        },
    ),
    "Volcano's Job": (
        made("batch.volcano.sh/v1alpha1", "Job", {"tasks": [{"replicas": 5, "template": {"spec": POD}}]}),
        {"spec.tasks[0].template.spec": 5},
    ),
    "a Service of Knative": (
        made("serving.knative.dev/v1", "Service", {"template": {"spec": POD}}),
        {"spec.template.spec": 1},
    ),
    "Dynamo": (
        made(
            "nvidia.com/v1beta1",
            "DynamoGraphDeployment",
            {"components": [{"replicas": 2, "podTemplate": {"spec": POD}}]},
        ),
        {"spec.components[0].podTemplate.spec": 2},
    ),
    "RoleBasedGroup": (
        made(
            "workloads.x-k8s.io/v1alpha2",
            "RoleBasedGroup",
            {
                "roles": [
                    {"name": "prefill", "replicas": 3, "standalonePattern": {"template": {"spec": POD}}},
                    {"name": "decode", "replicas": 2, "leaderWorkerPattern": {"size": 4, "template": {"spec": POD}}},
                ]
            },
        ),
        {
            "spec.roles[name=prefill].standalonePattern.template.spec": 3,
            "spec.roles[name=decode].leaderWorkerPattern.template.spec": 8,
        },
    ),
    "OME": (
        made("ome.io/v1beta1", "ClusterServingRuntime", {"engineConfig": {"leader": {"runner": POD["containers"][0]}}}),
        {"spec.engineConfig": 1, "spec.engineConfig.leader": 1},
    ),
    "Notebook": (made("kubeflow.org/v1", "Notebook", {"template": {"spec": POD}}), {"spec.template.spec": 1}),
    "Argo Workflows": (
        made(
            "argoproj.io/v1alpha1",
            "Workflow",
            {
                "templates": [
                    {"name": "a", "container": {}},
                    {"name": "b", "steps": []},
                    {"name": "c", "script": {}},
                    {"name": "d", "containerSet": POD},
                ]
            },
        ),
        {"spec.templates[name=a]": 1, "spec.templates[name=c]": 1, "spec.templates[name=d].containerSet": 1},
    ),
    "Spark": (
        made(
            "sparkoperator.k8s.io/v1beta2",
            "SparkApplication",
            {"driver": {"template": {"spec": POD}}, "executor": {"instances": 4, "template": {"spec": POD}}},
        ),
        {"spec.driver.template.spec": 1, "spec.executor.template.spec": 4},
    ),
    "Dynamo before v1beta1": (
        made(
            "nvidia.com/v1alpha1",
            "DynamoGraphDeployment",
            {"services": {"decode": {"replicas": 2, "extraPodSpec": {"mainContainer": {}}}, "planner": {}}},
        ),
        {"spec.services.decode.extraPodSpec": 2},
    ),
    "a Service": (made("v1", "Service", {"template": {"spec": POD}}), {}),
    "a version that nobody serves": (made("ray.io/v2", "RayJob", {"rayClusterSpec": RAY}), {}),
    "another type": (made("ray.io/v1", "RayCluster", {"workerGroupSpecs": {"0": RAY}, "headGroupSpec": []}), {}),
}


@pytest.mark.parametrize("name", CASES)
def test_pods_are_found_with_their_number(name: str) -> None:
    data, expected = CASES[name]
    assert {format_path(each.path, data): each.number for each in pod_templates(data)} == expected


def test_rules_about_pods_judge_them_all_wherever_they_are() -> None:
    """A request without a limit, in a list item and in the container of a model server."""
    gpu = {"resources": {"requests": {"nvidia.com/gpu": 1}}}
    pod = {"containers": [{**POD["containers"][0], **gpu}]}
    cluster = made("ray.io/v1", "RayCluster", {"workerGroupSpecs": [{"template": {"spec": pod}}]})
    server = made("serving.kserve.io/v1beta1", "InferenceService", {"predictor": {"model": gpu}})
    found = run_rules(RuleContext([Object(cluster, USERS), Object(server, USERS)], NoPlatform())).diagnostics
    assert {(each.code.id, each.path) for each in found} == {
        ("BP6101", 'spec.workerGroupSpecs[0].template.spec.containers[name=main].resources.requests["nvidia.com/gpu"]'),
        ("BP6101", 'spec.predictor.model.resources.requests["nvidia.com/gpu"]'),
    }


def test_a_number_and_its_text_are_the_same_amount() -> None:
    """Custom resources are stored as written: a number as limit, text as request."""
    resources = {"limits": {"nvidia.com/gpu": 8}, "requests": {"nvidia.com/gpu": "8"}}
    data = jobset()
    data["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"] = {
        "containers": [{"image": "r.example/app:1", "resources": resources}]
    }
    assert not run_rules(RuleContext([Object(data, USERS)], NoPlatform())).diagnostics


def test_ray_brings_its_own_shared_memory() -> None:
    """KubeRay mounts an emptyDir at /dev/shm of every Ray container; a JobSet does not."""
    limits = {"limits": {"nvidia.com/gpu": 8}}
    pod = {
        "containers": [
            {"name": "main", "image": "r.example/app:1", "command": ["torchrun", "train.py"], "resources": limits}
        ]
    }
    spec = {"headGroupSpec": {"template": {"spec": pod}}}
    cluster = made("ray.io/v1", "RayCluster", spec)
    assert not run_rules(RuleContext([Object(cluster, USERS)], NoPlatform())).diagnostics
    data = jobset()
    data["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"] = pod
    found = run_rules(RuleContext([Object(data, USERS)], NoPlatform())).diagnostics
    assert {each.code.id for each in found} == {"BP6525"}


def named(data: dict[str, Any]) -> set[str]:
    return {each.code.id for each in check_references([Object(data, USERS)], frozenset({"team"}))}


def test_references_of_their_pods_are_followed() -> None:
    mounted = {"containers": [{"name": "main", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]}
    data = jobset()
    data["spec"]["replicatedJobs"][0]["template"]["spec"]["template"]["spec"] = mounted
    assert named(data) == {"BP5106"}
    claim = {"templates": [{"metadata": {"name": "data"}}]}
    assert named({**data, "spec": {**data["spec"], "volumeClaimPolicies": [claim]}}) == set()


def test_a_runtime_of_all_namespaces_refers_to_nothing_in_its_own() -> None:
    pod = {"serviceAccountName": "trainer", "containers": []}
    jobs = {"replicatedJobs": [{"template": {"spec": {"template": {"spec": pod}}}}]}
    runtime = {"template": {"spec": jobs}}
    assert named(made("trainer.kubeflow.org/v1alpha1", "TrainingRuntime", runtime)) == {"BP5101"}
    assert named(made("trainer.kubeflow.org/v1alpha1", "ClusterTrainingRuntime", runtime)) == set()


class Loader(yaml.CSafeLoader):
    """Reads `=` as text, as intended in upstream's definitions."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def _pods_in(schema: Any, at: str = "") -> Iterator[str]:
    fields = schema.get("properties") or {}
    if {"containers", "nodeSelector"} <= fields.keys():
        yield at
        return
    for name, below in fields.items():
        yield from _pods_in(below, f"{at}.{name}" if at else name)
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(below := schema.get(key), dict):
            yield from _pods_in(below, at + mark)


def test_the_table_matches_upstreams_definitions() -> None:
    folder = os.environ.get("BLUEPRINT_REFERENCE")
    if not folder:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with upstream's definitions")
    table = {key: {place.at for place in places} for key, places in _table().places.items()}
    seen = 0
    for file in sorted(Path(folder).glob("*/*/crds/*.yaml")):
        for crd in yaml.load_all(file.read_text("utf-8"), Loader):
            if not isinstance(crd, dict) or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                key = f"{spec['group']}/{version['name']} {spec['names']['kind']}"
                places = set(_pods_in(version["schema"]["openAPIV3Schema"]))
                if spec["names"]["kind"] not in MERGED_BY_NAME:
                    assert table.get(key, set()) == places, key
                    seen += len(places)
    assert seen > 20


def test_a_template_of_a_workflow_has_what_all_of_its_templates_have() -> None:
    """Its own volumes come first, so that findings about them point at them."""
    own = {"name": "train", "container": {}, "volumes": [{"name": "scratch"}], "nodeSelector": {"gpu": "h100"}}
    shared = {"volumes": [{"name": "data"}], "nodeSelector": {"gpu": "a10"}, "tolerations": [{"operator": "Exists"}]}
    [found] = pod_templates(made("argoproj.io/v1alpha1", "Workflow", {"templates": [own], "ttlStrategy": {}, **shared}))
    assert found.spec["volumes"] == [{"name": "scratch"}, {"name": "data"}]
    assert found.spec["nodeSelector"] == {"gpu": "h100"}
    assert found.spec["tolerations"] == shared["tolerations"]
    assert "ttlStrategy" not in found.spec


@pytest.mark.parametrize(
    ("api_version", "kind", "codes"),
    [
        ("argoproj.io/v1alpha1", "Workflow", ["BP5106"]),
        ("argoproj.io/v1alpha1", "WorkflowTemplate", []),
    ],
)
def test_a_workflow_has_the_volumes_of_the_templates_it_uses(api_version: str, kind: str, codes: list[str]) -> None:
    container = {"image": "r.example/app:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    data = made(api_version, kind, {"templates": [{"name": "a", "container": container}]})
    found = check_objects([Object(data, USERS)], kubernetes_minor="1.36")
    assert [each.code.id for each in found if each.code.id == "BP5106"] == codes
