"""The engine of each workload, enforced by a real API server: what is admitted, and what is rejected.

The webhooks of KAI and Kueue do not run: pods already contain what they would add.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest

from blueprint.kubernetes.crds import load_crd
from blueprint.lab.access import RequestFailed
from tests.support.engines import with_engines
from tests.support.platforms import rendered
from tests.support.waits import eventually

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
GROUPS = "/apis/scheduling.run.ai/v2alpha2/namespaces/{}/podgroups"
PODS = "/api/v1/namespaces/{}/pods"
BLUEPRINT = with_engines("""
  nodePools:
    train: {nodes: 4, gpu: {product: H100-SXM5-80GB, count: 8}, queue: kueue}
    notebooks: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kai}
    serving: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kai}
    lent: {nodes: 1, selector: {a: one, b: two}, gpu: {product: L4, count: 1}, queue: none}
  queueing: {kueue: {}, kai: {}, priorities: {production: 1000, research: 90, scratch: 10}}
  tenants:
    both: {namespaces: [both], quota: {train: 8, notebooks: 4}}
    batch: {namespaces: [batch], quota: {train: 8}}
    capped: {namespaces: [capped], priorityCap: research, quota: {serving: 2}}
""")
KAI = {"schedulerName": "kai-scheduler"}


def in_queue(tenant: str, shard: str) -> dict[str, str]:
    """The labels of a workload of a tenant in a KAI pool."""
    return {"kai.scheduler/node-pool": shard, "kai.scheduler/queue": f"{tenant}.{shard}"}


def queue(name: str) -> dict[str, str]:
    """The label for a queue."""
    return {"kai.scheduler/queue": name}


MINE = in_queue("both", "notebooks")
GATED = {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}
WAITS = {"kueue.x-k8s.io/queue-name": "kueue"}
TRAIN = {"nodeSelector": {"acme.example/pool": "train"}}


def pod(spec: dict[str, Any], labels: dict[str, str], gpus: int = 1, *, requests: bool = True) -> dict[str, Any]:
    """A pod with one container."""
    amounts = {"nvidia.com/gpu": gpus}
    resources = {"limits": amounts, **({"requests": amounts} if requests else {})} if gpus else {}
    container = {"name": "main", "image": "registry.example/app:1", "resources": resources}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "it", "labels": labels},
        "spec": {"containers": [container], **spec},
    }  # fmt: skip


def initial(spec: dict[str, Any], labels: dict[str, str]) -> dict[str, Any]:
    """A pod in which only an init container requests a GPU."""
    found = pod(spec, labels)
    found["spec"]["initContainers"] = found["spec"]["containers"]
    found["spec"]["containers"] = [{"name": "other", "image": "registry.example/app:1"}]
    return found


@pytest.fixture(scope="module")
def guarded(lab: Any) -> Iterator[Any]:
    """A lab with the tenants' namespaces, and with KAI's policies and definitions."""
    with lab.fresh() as own:
        own.request("POST", CRDS, load_crd("scheduling.run.ai", "podgroups"))
        for each in (*rendered(BLUEPRINT, "tenancy"), *rendered(BLUEPRINT, "kai-scheduler")):
            kind = each.id.kind
            if kind == "Namespace":
                own.request("POST", "/api/v1/namespaces", dict(each.data))
            elif kind.startswith("ValidatingAdmissionPolicy"):
                plural = "ies".join(kind.lower().rsplit("y", 1)) if kind.endswith("y") else f"{kind.lower()}s"
                own.request("POST", f"{ADMISSION}/{plural}", dict(each.data))
        eventually(lambda: _refused(own, "both", pod({}, {})), "the policy is in force", errors=(RequestFailed,))
        wrong = group("capped", "capped.serving", "serving", "production")
        eventually(lambda: _refused(own, "capped", wrong), "the cap is in force", errors=(RequestFailed,))
        yield own


def _refused(lab: Any, namespace: str, obj: dict[str, Any]) -> str | None:
    """Why the server would reject it."""
    place = PODS if obj["kind"] == "Pod" else GROUPS
    try:
        lab.request("POST", f"{place.format(namespace)}?dryRun=All", obj)
    except RequestFailed as failed:
        if failed.status in (HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY):
            return str(failed)
        raise
    return None


PASS = {
    "a pod of KAI in its tenant's queue": ("both", pod(KAI, MINE)),
    "a pod of KAI with a part of a GPU": ("both", pod(KAI, MINE, 0)),
    "a pod of KAI without GPUs": ("both", pod({**KAI, **TRAIN}, MINE, 0)),
    "a pod that waits for Kueue": ("both", pod(GATED, WAITS)),
    "a pod that Kueue has sent to its pool": ("both", pod(TRAIN, WAITS)),
    "a pod of a tenant of Kueue alone": ("batch", pod(TRAIN, {"kueue.x-k8s.io/queue-name": "default"})),
    "a pod of Kueue on nodes that nobody shares": ("both", pod({"nodeSelector": {"a": "one", "b": "two"}}, WAITS)),
    "a pod without GPUs": ("both", pod({}, {}, 0)),
    "a pod of another scheduler without GPUs": ("both", pod({"schedulerName": "other"}, {}, 0)),
    "a pod in a namespace of no tenant": ("default", pod({}, {})),
    "a pod of KAI in a namespace of no tenant": ("default", pod(KAI, {})),
    "one of two pools of KAI": ("capped", pod(KAI, in_queue("capped", "serving"))),
}  # fmt: skip
NO_ENGINE, NODE = "(need an engine|queue-name: kueue)", "(cannot name their node|passes the scheduler)"
"""Either by the policy of KAI's component, or by that for all tenants."""
OTHER_QUEUE = "tenant batch has no quota|queue-name: default"
REFUSED = {
    "no engine": ("both", pod({}, {}), NO_ENGINE),
    "no engine, limits alone": ("both", pod({}, {}, requests=False), NO_ENGINE),
    "no engine, in an init container": ("both", initial({}, {}), NO_ENGINE),
    "another scheduler": ("both", pod({"schedulerName": "other"}, MINE), NO_ENGINE),
    "labels of KAI without its scheduler": ("both", pod({}, MINE), NO_ENGINE),
    "a selector of KAI: a pool": ("both", pod({"nodeSelector": {"acme.example/pool": "notebooks"}}, {}), NO_ENGINE),
    "half of a selector": ("both", pod({"nodeSelector": {"a": "one"}}, {}), NO_ENGINE),
    "another gate": ("both", pod({"schedulingGates": [{"name": "mine/gate"}]}, {}), NO_ENGINE),
    "a queue of Kueue without its gate": ("both", pod({}, {"kueue.x-k8s.io/queue-name": "kueue"}), NO_ENGINE),
    "no labels": ("both", pod(KAI, {}), "kai.scheduler/queue: both.POOL, and have no pool and no queue"),
    "no pool": ("both", pod(KAI, queue("both.notebooks")), "and have no pool"),
    "no queue": ("both", pod(KAI, {"kai.scheduler/node-pool": "notebooks"}), "no queue"),
    "a queue of another tenant": ("both", pod(KAI, MINE | queue("capped.notebooks")), "of tenant both"),
    "the pool's highest queue": ("both", pod(KAI, MINE | queue("notebooks")), "of tenant both"),
    "a queue of another pool": ("both", pod(KAI, MINE | queue("both.serving")), "of tenant both"),
    "a pool without quota": ("both", pod(KAI, in_queue("both", "serving")), "no quota of a pool serving"),
    "a pool of Kueue": ("both", pod(KAI, in_queue("both", "train")), "no quota of a pool train"),
    "a tenant without quota of KAI": ("batch", pod(KAI, in_queue("batch", "notebooks")), OTHER_QUEUE),
    "both engines by label": ("both", pod(KAI, {**MINE, "kueue.x-k8s.io/queue-name": "kueue"}), "one engine"),
    "both engines by gate": ("both", pod({**KAI, **GATED}, MINE), "one engine"),
    "a node by name": ("both", pod({**TRAIN, "nodeName": "n"}, {}), NODE),
    "a node by name for KAI": ("both", pod({**KAI, "nodeName": "n"}, MINE, 0), NODE),
    "without GPUs, but no queue": ("both", pod(KAI, {}, 0), "no queue"),
}  # fmt: skip


@pytest.mark.parametrize(("namespace", "it"), PASS.values(), ids=PASS)
def test_workloads_of_one_engine_pass(guarded: Any, namespace: str, it: dict[str, Any]) -> None:
    assert _refused(guarded, namespace, it) is None


@pytest.mark.parametrize(("namespace", "it", "why"), REFUSED.values(), ids=REFUSED)
def test_what_would_get_past_its_engine_is_refused(guarded: Any, namespace: str, it: dict[str, Any], why: str) -> None:
    assert re.search(why, str(_refused(guarded, namespace, it)))


def test_a_gate_cannot_be_taken_away_without_a_pool(guarded: Any) -> None:
    """Kueue removes its gate and adds its pool's labels in one update; removing only the gate is not enough to pass."""
    path = PODS.format("both")
    waiting = pod(GATED, WAITS)
    waiting["metadata"]["name"] = "freed"
    guarded.request("POST", path, waiting)
    freed = {"spec": {"schedulingGates": None}}
    with pytest.raises(RequestFailed, match=r"need an engine|gate"):
        guarded.request("PATCH", f"{path}/freed", freed, content_type="application/merge-patch+json")


def group(namespace: str, queue: str, shard: str | None, priority: str = "train") -> dict[str, Any]:
    """The PodGroup that KAI creates for a workload."""
    labels = {"kai.scheduler/node-pool": shard} if shard else {}
    spec = {"queue": queue, "minMember": 1, "priorityClassName": priority}
    metadata = {"name": "it", "namespace": namespace, "labels": labels}
    return {"apiVersion": "scheduling.run.ai/v2alpha2", "kind": "PodGroup", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("queue", "shard"),
    [("both.serving", "serving"), ("capped.serving", "serving"), ("notebooks", "notebooks"), ("both.notebooks", None),
     ("both.notebooks", "serving"), ("default-queue", None), ("", "notebooks")],
)  # fmt: skip
def test_labels_of_an_owner_do_not_lead_into_another_queue(guarded: Any, queue: str, shard: str | None) -> None:
    """KAI reads the labels of a Job before those of its pods, but the policy for pods sees only the latter."""
    assert "which tenant both does not have" in str(_refused(guarded, "both", group("both", queue, shard)))


def test_a_group_in_the_queue_of_its_tenant_passes(guarded: Any) -> None:
    assert _refused(guarded, "both", group("both", "both.notebooks", "notebooks", "production")) is None


@pytest.mark.parametrize("priority", ["train", "build-preemptible", "research", "scratch"])
def test_priorities_up_to_the_cap_pass(guarded: Any, priority: str) -> None:
    assert _refused(guarded, "capped", group("capped", "capped.serving", "serving", priority)) is None


@pytest.mark.parametrize("priority", ["build", "inference", "production", "system-node-critical", ""])
def test_priorities_above_the_cap_are_refused(guarded: Any, priority: str) -> None:
    found = _refused(guarded, "capped", group("capped", "capped.serving", "serving", priority))
    assert "tenant capped may have no priority above research" in str(found)
