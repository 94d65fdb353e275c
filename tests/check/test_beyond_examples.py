"""Cases that the examples of pages cannot show: long lists, a missing library, pools that allocate GPUs differently."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.bundle.model import USERS, Object
from blueprint.cel import engine
from blueprint.check.claims import proofs
from blueprint.check.rule_context import PoolOffer, RuleContext
from blueprint.check.runner import run_rules
from blueprint.records import replace
from tests.check.test_rules import EXAMPLES, codes_of, objects
from tests.support.rule_facts import GivenFacts, context, dra


def found(
    code: str, objects_: list[dict[str, Any]], pools: tuple[PoolOffer, ...] = (), *, claims: bool = False
) -> list[str]:
    """The findings with a code for these objects, each with its help."""
    facts = GivenFacts(pools, dra() if claims else None)
    result = run_rules(RuleContext([Object(each, USERS) for each in objects_], facts))
    assert not result.failed
    return [f"{each.message} {each.help}" for each in result.diagnostics if each.code.id == code]


def claim(**devices: Any) -> dict[str, Any]:
    kind = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim", "metadata": {"name": "c", "namespace": "n"}}
    return {**kind, "spec": {"devices": devices}}


def request(name: str = "gpu", **more: Any) -> dict[str, Any]:
    return {"name": name, "exactly": {"deviceClassName": "cards.acme.example", **more}}


def pod(**spec: Any) -> dict[str, Any]:
    kind = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}}
    return {**kind, "spec": {"containers": [{"name": "main", "image": "a:1"}], **spec}}


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (lambda more: {"requests": [request(f"r{number}") for number in range(32 + more)]}, "requests, but the API"),
        (lambda more: {"requests": [request()], "constraints": [{}] * (32 + more)}, "constraints, but the API allows"),
        (lambda more: {"requests": [request()], "config": [{}] * (32 + more)}, "config, but the API allows at most 32"),
        (lambda more: {"requests": [request(count=32 + more)]}, "requests 33 devices, but the API allows at most 32"),
        (
            lambda more: {"requests": [request(selectors=[selector("true")] * (32 + more))]},
            "there are 33 selectors, but the API allows at most 32",
        ),
        (lambda more: {"requests": [request(selectors=[selector("a" * (10_240 + more))])]}, "has 10241 characters"),
    ],
)
def test_claims_beyond_the_bounds_of_the_api(devices: Any, said: str) -> None:
    assert found("BP6418", [claim(**devices(0))]) == []
    assert any(said in each for each in found("BP6418", [claim(**devices(1))]))


def selector(expression: str) -> dict[str, Any]:
    return {"cel": {"expression": expression}}


def test_names_and_keys_are_listed_where_they_are_few() -> None:
    """BP6167 lists up to 24 names, BP6168 up to 200 keys."""

    def volumes(number: int) -> list[str]:
        kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
        there = [{**kind, "metadata": {"name": f"data-{each}", "namespace": "n"}} for each in range(number)]
        reads = pod(volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "models"}}])
        return found("BP6167", [*there, reads])

    def keys(number: int) -> list[str]:
        holder = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}}
        reads = {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "model"}}, "name": "MODEL"}
        container = {"name": "main", "image": "a:1", "env": [reads]}
        return found(
            "BP6168", [{**holder, "data": dict.fromkeys(map(str, range(number)), "a")}, pod(containers=[container])]
        )

    assert "existing: data-0, " in volumes(24)[0]
    assert volumes(25)[0].endswith(" None")
    assert "existing keys: 0, 1, 10, " in keys(200)[0]
    assert keys(201)[0].endswith(" None")


@pytest.mark.parametrize("kind", ["ClusterTrainingRuntime", "TrainingRuntime"])
def test_what_pods_of_another_namespace_read_is_not_known(kind: str) -> None:
    """BP6167 and BP6168 are about objects in the pod's namespace; a ClusterTrainingRuntime runs in the namespace of its
    jobs.
    """
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "models"}},
               {"name": "w", "configMap": {"name": "c", "items": [{"key": "b", "path": "b"}]}}]  # fmt: skip
    template = {"spec": {"containers": [{"name": "node", "image": "a:1"}], "volumes": volumes}}
    job = {"name": "node", "template": {"spec": {"template": template}}}
    namespace = {} if kind == "ClusterTrainingRuntime" else {"namespace": "n"}
    runtime = {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": kind, "metadata": {"name": "r", **namespace}}
    there = [
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", **namespace}},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **namespace}, "data": {"a": "a"}},
    ]
    every = [*there, {**runtime, "spec": {"template": {"spec": {"replicatedJobs": [job]}}}}]
    assert {code for code in ("BP6167", "BP6168") if found(code, every)} == (
        set() if kind == "ClusterTrainingRuntime" else {"BP6167", "BP6168"}
    )


def test_without_the_library_claims_are_not_proven_and_one_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (engine, proofs):
        monkeypatch.setattr(module, "is_available", lambda: False)
    page = EXAMPLES["BP6430"]
    assert codes_of(page, page.bad) == {"BP5027"}
    assert codes_of(page._replace(given="dra: {driver: null}"), page.bad) == {"BP6402"}
    one, template = (
        objects(page.bad)[0],
        objects(page.bad.replace("kind: ResourceClaim", "kind: ResourceClaimTemplate"))[0],
    )
    for every in ([one, replace(one, data={**one.data, "metadata": {"name": "two"}})], [template]):
        result = run_rules(context(every, [], dra()))
        assert not result.failed
        assert [each.path for each in result.diagnostics if each.code.id == "BP5027"] == ["kind"]
    assert codes_of(page._replace(given=""), page.bad) == set()


DEVICE_CLASS = {"apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "whole"}}
GPUS = {"containers": [{"name": "main", "image": "a:1", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]}
COUNTED = PoolOffer("shared", {"nvidia.com/mig-1g.10gb": 7})
CLAIMED = replace(PoolOffer("whole", {}), claimed=True)


def test_resources_that_the_scheduler_claims_are_offered_by_no_device_plugin() -> None:
    """BP6102, if GPUs of one pool are claimed, and those of another are requested by number."""
    mapped = {**DEVICE_CLASS, "spec": {"extendedResourceName": "nvidia.com/gpu"}}
    bare = {**DEVICE_CLASS, "metadata": {"name": "bare"}, "spec": {"selectors": []}}
    assert found("BP6102", [mapped, bare, pod(**GPUS)], (COUNTED, CLAIMED), claims=True) == []
    assert found("BP6102", [bare, pod(**GPUS)], (COUNTED, CLAIMED), claims=True)
    assert found("BP6102", [mapped, pod(**GPUS)], (COUNTED,))
