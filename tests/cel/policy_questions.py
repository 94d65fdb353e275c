"""Pods and claims as they are created, and the policies that match them: the input for estimating the total cost.

The answers in `policy_answers.jsonl` are what the program in `oracle/policies` says. To make them again:

    cd tests/cel/oracle && go build -o /tmp/oracle ./policies && cd ../../..
    PYTHONPATH=. python -m tests.cel.policy_questions | /tmp/oracle > tests/cel/policy_answers.jsonl
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from blueprint.check.finding import value_at
from blueprint.check.rule_context import mapping
from blueprint.kubernetes.pod_templates import assembled_pod, pod_templates
from blueprint.source.paths import Path as Steps
from tests.components.test_kai_policies import BLUEPRINT, PASS, REFUSED
from tests.components.test_kata_policies import ALLOWED_CLAIMS, ATTACKS, HONEST, PLATFORM, claim
from tests.components.test_tenant_policies import CASES, PLATFORMS, built, merged
from tests.support.platforms import rendered
from tests.support.yaml_data import yaml_data, yaml_documents

EXAMPLES = Path(__file__).parents[1] / "goldens/examples"
PLURALS = {"Pod": "pods", "ResourceClaim": "resourceclaims", "ResourceClaimTemplate": "resourceclaimtemplates"}
JOBS = ("batch/v1", "Job", "kube-system:job-controller")
MAKERS = {
    "Job": JOBS,
    "JobSet": JOBS,
    "TrainJob": JOBS,
    "Deployment": ("apps/v1", "ReplicaSet", "kube-system:replicaset-controller"),
    "LeaderWorkerSet": ("apps/v1", "StatefulSet", "kube-system:statefulset-controller"),
    "RayCluster": ("ray.io/v1", "RayCluster", "kuberay:kuberay-operator"),
    "RayJob": ("ray.io/v1", "RayCluster", "kuberay:kuberay-operator"),
}
"""Who creates the pods of a kind: the version and kind of their owner, and the creating account."""
QUEUED = {"kueue.x-k8s.io/queue-name": "default"}
DEFAULT_TOLERATIONS = [
    {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for name in ("not-ready", "unreachable")
]


@dataclass(frozen=True)
class Question:
    """An object, who creates it and where, and the policies that evaluate it."""

    name: str
    passes: bool
    """Whether it is legitimate work; otherwise it is an attack."""
    policies: list[dict[str, Any]]
    object: dict[str, Any]
    namespace: dict[str, Any]
    user: str = "someone"
    groups: list[str] = field(default_factory=lambda: ["system:authenticated"])

    @property
    def line(self) -> dict[str, Any]:
        """The input line for the program; the name ends in a digest of the whole input."""
        asked = {key: value for key, value in vars(self).items() if key not in {"name", "passes"}}
        digest = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]
        return {"name": f"{self.name} ({digest})", **asked}


def questions() -> Iterator[Question]:
    """Each pod and claim of the tests against the API server and of the examples' workloads."""
    for allocation, text in PLATFORMS.items():
        yield from _of_tenants(allocation, rendered_objects(text, "tenancy"))
    yield from _of_machines(rendered_objects(PLATFORM, "kata-admission"))
    yield from _of_engines(rendered_objects(BLUEPRINT, "tenancy", "kai-scheduler"))
    hospital = EXAMPLES / "hospital-kata"
    yield from _machines_of_a_tenant(golden_objects(hospital))
    for example in sorted(EXAMPLES.iterdir()):
        yield from _of_example(example)


def rendered_objects(text: str, *components: str) -> list[dict[str, Any]]:
    """The objects that components render for a blueprint."""
    return [dict(each.data) for component in components for each in rendered(text, component)]


def golden_objects(example: Path) -> list[dict[str, Any]]:
    """The policies and namespaces of an example."""
    kinds = ("validatingadmissionpolicy", "namespace")
    paths = sorted(path for kind in kinds for path in example.rglob(f"{kind}.*.yaml"))
    return [yaml_data(path) for path in paths]


def _of_tenants(allocation: str, objects: list[dict[str, Any]]) -> Iterator[Question]:
    """The cases that are possible if GPUs are offered in this way."""
    for name, case in {**CASES["attacks"], **CASES["work"]}.items():
        body = built(case)
        claims = case["base"] == "claim" or case.get("only") == "claims"
        if body["kind"] in PLURALS and "then" not in case and claims == (allocation == "claims"):
            user, groups = CASES["users"][case.get("as", "member")]
            yield asked(name, name in CASES["work"], objects, body, case.get("in", "physics"), user, groups)


def _of_machines(objects: list[dict[str, Any]]) -> Iterator[Question]:
    for name, body in {**{name: body for name, (body, _) in ATTACKS.items()}, **HONEST}.items():
        yield asked(name, name in HONEST, objects, body, "health")
    for text in ALLOWED_CLAIMS:
        for template in (False, True):
            yield asked(text, True, objects, claim(text, template=template), "health")


def _machines_of_a_tenant(objects: list[dict[str, Any]]) -> Iterator[Question]:
    """Legitimate virtual machines in the queue of a tenant: pods of its users, and those of their jobs."""
    for name, body in HONEST.items():
        if "kata-" in str(body["spec"].get("runtimeClassName")):
            queued = merged(body, {"metadata": {"labels": QUEUED}})
            yield asked(f"{name}, of a tenant", True, objects, queued, "radiology")
            yield made("Job", f"{name}, of a job of a tenant", objects, body, "radiology")


def _of_engines(objects: list[dict[str, Any]]) -> Iterator[Question]:
    for name, (namespace, body) in PASS.items():
        yield asked(f"{name}, of two engines", True, objects, body, namespace)
    for name, (namespace, body, _) in REFUSED.items():
        yield asked(f"{name}, of two engines", False, objects, body, namespace)


def _of_example(example: Path) -> Iterator[Question]:
    """The pods of the workloads that are written for users, as their controllers create them."""
    objects = golden_objects(example)
    for path in sorted(example.glob("workloads/*/*.yaml")):
        for workload in yaml_documents(path.read_text("utf-8")):
            for template in (*pod_templates(workload), *filter(None, [assembled_pod(workload)])):
                name = f"{example.name}, {path.stem}, {'.'.join(map(str, template.path))}"
                metadata = {"name": "it", **_metadata(workload, template.path)}
                body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": dict(template.spec)}
                yield made(workload["kind"], name, objects, body, path.parent.name)


def _metadata(workload: Mapping[str, Any], path: Steps) -> dict[str, Any]:
    """Labels and annotations of a template's pods; for workloads that Kueue queues, only the workload has its label."""
    described = mapping(mapping(value_at(workload, path[:-1])).get("metadata"))
    labels = mapping(described.get("labels"))
    queued = labels if "kai.scheduler/queue" in labels else {**labels, **QUEUED}
    return {"labels": queued, "annotations": mapping(described.get("annotations"))}


def made(maker: str, name: str, objects: list[dict[str, Any]], body: dict[str, Any], namespace: str) -> Question:
    """The input for a pod that the controller of a kind creates."""
    version, kind, account = MAKERS[maker]
    owner = {"apiVersion": version, "kind": kind, "name": "it", "uid": "u-1", "controller": True}
    owned = merged(body, {"metadata": {"ownerReferences": [owner]}})
    return asked(name, True, objects, owned, namespace, f"system:serviceaccount:{account}", ["system:serviceaccounts"])


def asked(
    name: str, passes: bool, objects: Iterable[Mapping[str, Any]], body: dict[str, Any], namespace: str, *who: Any
) -> Question:
    """The input for those policies among the objects that match."""
    own = next(
        (dict(each) for each in objects if each["kind"] == "Namespace" and each["metadata"]["name"] == namespace),
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
    )
    judges = [
        dict(each) for each in objects if each["kind"] == "ValidatingAdmissionPolicy" and _matches(each, body, own)
    ]
    return Question(name, passes, judges, filled(body) if body["kind"] == "Pod" else body, own, *who)


def _matches(policy: Mapping[str, Any], body: Mapping[str, Any], namespace: Mapping[str, Any]) -> bool:
    """Whether the policy judges it when it is created in the namespace."""
    constraints = policy["spec"]["matchConstraints"]
    labels = {"kubernetes.io/metadata.name": namespace["metadata"]["name"], **namespace["metadata"].get("labels", {})}
    selector = constraints.get("namespaceSelector", {})
    return any(
        PLURALS[body["kind"]] in rule["resources"] and "CREATE" in rule["operations"]
        for rule in constraints["resourceRules"]
    ) and all(_holds(each, labels) for each in selector.get("matchExpressions", ()))


def _holds(requirement: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values", ())
    holds = {
        "Exists": key in labels,
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
    }
    return holds[requirement["operator"]]


def filled(pod: dict[str, Any]) -> dict[str, Any]:
    """A pod as policies see it: with the defaults that Kubernetes adds and expressions read."""
    spec = deepcopy(pod["spec"])
    for key in ("containers", "initContainers"):
        for each in spec.get(key, ()):
            resources = each.setdefault("resources", {})
            if limits := resources.get("limits"):
                resources["requests"] = {**limits, **resources.get("requests", {})}
    spec["priority"] = CASES["priorities"].get(spec.get("priorityClassName"), 0)
    spec["tolerations"] = [*spec.get("tolerations", ()), *DEFAULT_TOLERATIONS]
    return {**pod, "spec": spec}


if __name__ == "__main__":
    for question in questions():
        sys.stdout.write(json.dumps(question.line) + "\n")
