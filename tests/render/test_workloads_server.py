"""A real API server with the definitions of their kinds and the tenants' policies accepts the workloads of examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint.apiserver.connect import connect
from blueprint.apiserver.discovery import Discovery, discover
from blueprint.bundle.model import Object
from blueprint.check.finding import value_at
from blueprint.kubernetes.crds import crds_of
from blueprint.kubernetes.pod_templates import PodTemplate, assembled_pod, pod_templates
from blueprint.lab.access import RequestFailed
from blueprint.pipeline import compile_blueprint
from blueprint.render.workloads import WorkloadFile, render_workloads
from tests.support.lab_users import LabUser
from tests.support.policies_in_force import await_policies
from tests.support.waits import eventually

APPLY = "application/apply-patch+yaml"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUPS = ("jobset.x-k8s.io", "leaderworkerset.x-k8s.io", "monitoring.coreos.com", "ray.io", "trainer.kubeflow.org")
MADE = ("Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
POLICIES = ("tenancy", "kai-scheduler")
EXAMPLES = ("batch-and-interactive", "gke-dra", "mig-university", "rack-aware-training")
QUEUE = "kueue.x-k8s.io/queue-name"
pytestmark = pytest.mark.lab


class Cluster:
    """A lab with the namespaces and policies of an example, and its workloads."""

    def __init__(self, lab: Any, example: str) -> None:
        compiled = compile_blueprint(str(Path("examples") / example / "blueprint.yaml"))
        assert compiled.platform is not None
        self.files: tuple[WorkloadFile, ...] = render_workloads(compiled.platform)
        self.lab = lab
        self.has_policies = compiled.platform.admission_policies
        self.discovery: Discovery = discover(connect(str(lab.kubeconfig)))
        self.made = [
            each for each in compiled.valid_bundle().objects if each.id.kind in MADE and each.component in POLICIES
        ]
        for obj in self.made:
            lab.request("PATCH", f"{self._path(obj)}?fieldManager=test&force=true", dict(obj.data), APPLY)
        self.member = LabUser(lab, "member")

    def forget_policies(self) -> None:
        """Delete the example's policies: those of the next example have the same names."""
        for obj in self.made:
            if obj.id.kind != "Namespace":
                self.lab.request("DELETE", self._path(obj))

    def _path(self, obj: Object) -> str:
        resource = self.discovery.find(obj.api_version, obj.id.kind)
        assert resource is not None
        return f"{resource.collection()}/{obj.id.name}"

    def refusal(self, body: Mapping[str, Any]) -> str | None:
        """Why the server rejects an object; None if it does not."""
        resource = self.discovery.find(body["apiVersion"], body["kind"])
        assert resource is not None
        try:
            self.member.request("POST", f"{resource.collection(body['metadata']['namespace'])}?dryRun=All", dict(body))
        except RequestFailed as failed:
            return str(failed)
        return None


@pytest.fixture(scope="module")
def own(lab: Any) -> Iterator[Any]:
    """A lab of its own for these tests that serves the kinds of all workloads."""
    with lab.fresh() as fresh:
        for group in GROUPS:
            for crd in crds_of(group):
                spec = {key: value for key, value in crd["spec"].items() if key != "conversion"}
                fresh.request("POST", CRDS, {**crd, "spec": spec})
        fresh.request("POST", RUNTIME_CLASSES, {"metadata": {"name": "nvidia"}, "handler": "nvidia"})
        connection = connect(str(fresh.kubeconfig))
        kinds = [(f"{group}/{version['name']}", crd["spec"]["names"]["kind"])
                 for group in GROUPS for crd in crds_of(group)
                 for version in crd["spec"]["versions"] if version["served"]]  # fmt: skip
        eventually(lambda: all(discover(connection).find(*kind) for kind in kinds), "definitions are served", pause=0.3)
        yield fresh


@pytest.fixture(scope="module", params=EXAMPLES)
def cluster(request: pytest.FixtureRequest, own: Any) -> Iterator[Cluster]:
    found = Cluster(own, request.param)
    thief = pods_of(found.files[0])[0]
    thief["spec"] = {**thief["spec"], "nodeName": "somewhere"}
    if found.has_policies:
        await_policies(own)
    yield found
    found.forget_policies()
    if found.has_policies:
        eventually(lambda: not found.refusal(thief), "policies are no longer in force")


def pods_of(file: WorkloadFile) -> list[dict[str, Any]]:
    """The pods that controllers would create for a file, in the queue of their workload."""
    found: list[dict[str, Any]] = []
    for obj in file.objects:
        assembled = assembled_pod(obj.data)
        found += [pod_of(file, obj, each) for each in (*pod_templates(obj.data), *([assembled] if assembled else []))]
    return found


def pod_of(file: WorkloadFile, obj: Object, template: PodTemplate) -> dict[str, Any]:
    """A pod of a template. For Kueue it has the label of its workload; for KAI the webhook adds a RuntimeClass."""
    described = value_at(obj.data, (*template.path[:-1], "metadata")) or {}
    queued = {QUEUE: file.sample.queue} if file.sample.queue and not file.sample.of_kai else {}
    annotations = described.get("annotations") or {}
    metadata = {
        "generateName": "sample-", "namespace": obj.id.namespace,
        "labels": {**(described.get("labels") or {}), **queued}, "annotations": annotations,
    }  # fmt: skip
    runtime = {"runtimeClassName": "nvidia"} if "gpu-fraction" in annotations else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**template.spec, **runtime}}


def test_the_server_takes_every_workload(cluster: Cluster) -> None:
    assert cluster.files
    refused = {
        f"{file.name} {obj.id}": text
        for file in cluster.files
        for obj in file.objects
        if (text := cluster.refusal(obj.data))
    }
    assert refused == {}


def test_it_takes_their_pods(cluster: Cluster) -> None:
    """Including the Pod Security level of the namespace; a missing service account does not matter here."""
    pods = [(file.name, pod) for file in cluster.files for pod in pods_of(file)]
    assert pods
    refused = {name: text for name, pod in pods if (text := cluster.refusal(pod)) and "service account" not in text}
    assert refused == {}


def test_a_file_with_an_unknown_field_would_be_refused(cluster: Cluster) -> None:
    """Proves that the tests above can fail: the definitions are active."""
    body = cluster.files[0].objects[-1].data
    broken = {**body, "spec": {**body["spec"], "parallelism": "many", "replicas": "many"}}
    assert cluster.refusal(broken)
