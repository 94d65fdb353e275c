"""NodePools and node classes on a real API server: rendered ones are accepted, those that the compiler
rejects are not.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint.kubernetes.crds import load_crd
from blueprint.lab.access import RequestFailed
from tests.support.platforms import blueprint, pool, rendered
from tests.support.waits import eventually

TESTS = Path(__file__).parents[1]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
PLACES = {
    "NodePool": "/apis/karpenter.sh/v1/nodepools",
    "EC2NodeClass": "/apis/karpenter.k8s.aws/v1/ec2nodeclasses",
}
MISTAKES = yaml.safe_load((TESTS / "bad_input/mistakes/karpenter.yaml").read_text("utf-8"))
STATIC = blueprint(
    pool("system", nodes=3),
    pool("fixed", "karpenter: {nodeClass: gpu, instanceTypes: [g6e.12xlarge], static: true}", nodes=4),
    distribution="eks",
    spec="  poolDefaults: {taints: [nvidia.com/gpu=true:NoSchedule]}\n  karpenter: {nodeClasses: {gpu: {image: {ids: "
    "[ami-1], family: custom}, instanceProfile: nodes, discovery: acme}}}\n",
).replace("selector: {acme.example/pool: fixed}, ", "")
PLATFORMS = {
    "the example": (TESTS.parent / "examples/eks-karpenter/blueprint.yaml").read_text("utf-8"),
    "fixed numbers": STATIC,
}
Steps = tuple[str | int, ...]
TEMPLATE: Steps = ("spec", "template", "spec")
REFUSED: dict[str, tuple[str, Steps, Any]] = {
    "static pool with a weight": ("NodePool/fixed", ("spec", "weight"), 5),
    "no purchase type": ("NodePool/batch", (*TEMPLATE, "requirements", 1, "values"), []),
    "no instance type": ("NodePool/batch", (*TEMPLATE, "requirements", 2, "values"), []),
    "label of Karpenter that it does not know": (
        "NodePool/batch", ("spec", "template", "metadata", "labels", "karpenter.sh/team"), "ml"),
    "selector of another node pool": (
        "NodePool/batch", ("spec", "template", "metadata", "labels", "karpenter.sh/nodepool"), "other"),
    "schedule without duration": (
        "NodePool/batch", ("spec", "disruption", "budgets"), [{"nodes": "0", "schedule": "0 8 * * 1"}]),
    "budget of more than all nodes": ("NodePool/batch", ("spec", "disruption", "budgets"), [{"nodes": "120%"}]),
    "expiry that is not a duration": ("NodePool/batch", (*TEMPLATE, "expireAfter"), "30d"),
    "node class without role": ("EC2NodeClass/gpu", ("spec", "role"), None),
    "node class with role and instance profile": ("EC2NodeClass/gpu", ("spec", "instanceProfile"), "other"),
    "node class without subnets": ("EC2NodeClass/gpu", ("spec", "subnetSelectorTerms"), []),
    "node class without a version of its image": (
        "EC2NodeClass/gpu", ("spec", "amiSelectorTerms"), [{"alias": "al2023"}]),
    "node class with an alias and ids": (
        "EC2NodeClass/gpu", ("spec", "amiSelectorTerms"), [{"alias": "al2023@v20260801"}, {"id": "ami-1"}]),
}  # fmt: skip
"""For each mistake in a blueprint, the object that it would render: one of ours with changes; None removes a field."""


@pytest.fixture(scope="module")
def cluster(lab: Any) -> Iterator[Any]:
    """A lab that knows Karpenter's kinds."""
    with lab.fresh() as own:
        for path in PLACES.values():
            _, _, group, _, plural = path.split("/")
            own.request("POST", CRDS, load_crd(group, plural))
        for each in objects().values():
            eventually(lambda each=each: created(own, each), "the kinds are served", errors=(RequestFailed,))
        yield own


def objects() -> dict[str, dict[str, Any]]:
    """The platforms' objects of Karpenter's kinds, by kind and name; the first of duplicates."""
    found: dict[str, dict[str, Any]] = {}
    for text in PLATFORMS.values():
        for each in rendered(text, "karpenter-pools"):
            found.setdefault(f"{each.id.kind}/{each.id.name}", dict(each.data))
    return found


def created(lab: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The object as the server would store it."""
    found: dict[str, Any] = lab.request("POST", f"{PLACES[body['kind']]}?dryRun=All&fieldValidation=Strict", body)
    return found


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_we_render_is_accepted_and_kept_as_it_is(cluster: Any, name: str) -> None:
    """No field is unknown, and none is pruned."""
    bodies = [dict(each.data) for each in rendered(PLATFORMS[name], "karpenter-pools")]
    assert {each["kind"] for each in bodies} == set(PLACES)
    for body in bodies:
        assert contains(created(cluster, body)["spec"], body["spec"])


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_compiler_refuses_the_api_server_refuses_too(cluster: Any, name: str) -> None:
    assert MISTAKES[name]["code"], "the compiler refuses it: tests/bad_input"
    which, steps, value = REFUSED[name]
    body = changed(objects()[which], steps, value)
    with pytest.raises(RequestFailed) as failed:
        created(cluster, body)
    assert failed.value.status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_pool_cannot_become_static_in_place(cluster: Any) -> None:
    """Nor the reverse: the definition has a transition rule."""
    body = objects()["NodePool/batch"]
    cluster.request("POST", PLACES["NodePool"], body)
    change = {"spec": {"replicas": 2, "limits": None}}
    with pytest.raises(RequestFailed, match="replicas can be neither added nor taken away later"):
        cluster.request("PATCH", f"{PLACES['NodePool']}/batch", change, content_type="application/merge-patch+json")


def changed(body: dict[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    """A copy with one field replaced, or removed."""
    copied: Any = copy.deepcopy(body)
    here = copied
    for step in steps[:-1]:
        here = here[step]
    if value is None:
        del here[steps[-1]]
    else:
        here[steps[-1]] = value
    return copied  # type: ignore[no-any-return]


def contains(live: Any, declared: Any) -> bool:
    """Whether it contains everything that is declared."""
    if isinstance(declared, dict):
        return isinstance(live, dict) and all(contains(live.get(key), value) for key, value in declared.items())
    if isinstance(declared, list):
        return isinstance(live, list) and len(live) == len(declared) and all(map(contains, live, declared))
    return bool(live == declared)
