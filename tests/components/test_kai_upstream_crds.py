"""Upstream's definitions of KAI accept every object of KAI that is rendered, with strict validation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from blueprint.apiserver.connect import connect
from blueprint.apiserver.discovery import discover
from blueprint.changes.compare import ABSENT, differences
from blueprint.lab.access import RequestFailed
from blueprint.source.paths import format_path
from tests.support.platforms import rendered
from tests.support.waits import eventually

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
VERSION = "v0.17.0"
GROUPS = ("kai.scheduler", "scheduling.run.ai")
BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: kai}
spec:
  release: "2026.11"
  cluster:
    kubernetes: "1.36"
    topology: [acme.example/block, acme.example/rack, kubernetes.io/hostname]
    registries: {pullSecrets: [reg-pull]}
  poolLabel: acme.example/pool
  components:
    kai-scheduler:
      settings:
        replicas: 2
        clusterAutoscaling: true
        numa: true
        consolidation: false
        schedulerArguments: {v: "4"}
        schedulerResources: {requests: {cpu: 500m, memory: 1Gi}}
        nodeSelector: {acme.example/pool: system}
        tolerations: [{key: a, operator: Exists}]
  nodePools:
    system: {nodes: 3}
    notebooks: {nodes: 4, machine: {cpu: 96, memory: 1Ti}, gpu: {product: L40S, count: 4}}
    slices:
      nodes: 1
      gpu:
        product: A100-SXM4-80GB
        count: 8
        mig: {strategy: mixed, layout: [{devices: all, profiles: {3g.40gb: 2}}]}
  queueing:
    kai:
      gpuSharing: true
      placement: spread
      minRuntime: {preempt: 10m, reclaim: 1h}
      timeBasedFairShare: {prometheus: "http://p.monitoring:9090", weight: 1.5, window: 168h, halfLife: 24h}
  tenants:
    physics: {quota: {notebooks: {gpu: 1, cpu: 8, memory: 1Gi}}}
    lattice:
      parent: physics
      weight: 2.5
      namespaces: [lattice]
      quota: {notebooks: {gpu: {guaranteed: 4, borrow: 2}, cpu: 16, memory: 2Gi}}
    plasma: {parent: physics, namespaces: [plasma], quota: {slices: {3g.40gb: 2}}}
  observability: {prometheus: {namespace: monitoring, selectorLabels: {release: kps}}}
"""
pytestmark = [pytest.mark.lab, pytest.mark.reference]


class Upstream:
    """A lab with upstream's definitions of KAI."""

    def __init__(self, lab: Any, folder: Path) -> None:
        self._lab = lab
        for file in sorted(folder.glob("*.yaml")):
            lab.request("POST", CRDS, YAML(typ="safe").load(file.read_text("utf-8")))
        self.objects = [each for each in rendered(BLUEPRINT, "kai-scheduler") if each.id.group in GROUPS]
        kinds = {(each.api_version, each.id.kind) for each in self.objects}
        connection = connect(str(lab.kubeconfig))
        eventually(lambda: all(discover(connection).find(*kind) for kind in kinds), "definitions are served")
        self._served = discover(connection)

    def applied(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The server's response to an object, applied as `blueprint apply` does it."""
        resource = self._served.find(body["apiVersion"], body["kind"])
        assert resource is not None
        path = f"{resource.collection(body['metadata'].get('namespace'))}/{body['metadata']['name']}"
        query = "?fieldManager=test&force=true&fieldValidation=Strict"
        answer: Mapping[str, Any] = self._lab.request("PATCH", path + query, dict(body), "application/apply-patch+yaml")
        return answer


@pytest.fixture(scope="module")
def upstream(lab: Any) -> Iterator[Upstream]:
    if "BLUEPRINT_REFERENCE" not in os.environ:
        pytest.skip("BLUEPRINT_REFERENCE does not name a folder with the upstream CRDs")
    with lab.fresh() as own:
        yield Upstream(own, Path(os.environ["BLUEPRINT_REFERENCE"], "kai-scheduler", VERSION, "crds"))


def test_every_object_of_kai_is_kept_as_it_was_rendered(upstream: Upstream) -> None:
    """No field is unknown to upstream's definitions, rejected by them or stored differently."""
    changed = [
        f"{each.id} {format_path(path, each.data)}: {ours!r} became {theirs!r}"
        for each in upstream.objects
        for path, ours, theirs in differences(each.data, upstream.applied(each.data))
        if ours is not ABSENT
    ]
    assert changed == []
    assert {each.id.kind for each in upstream.objects} == {"Config", "Queue", "SchedulingShard", "Topology"}


@pytest.mark.parametrize(
    ("kind", "section", "value"),
    [
        ("Queue", "resources", {"gpu": {"quota": "many"}}),
        ("SchedulingShard", "placementStrategy", {"gpus": "binpack"}),
        ("Topology", "levels", []),
        ("Config", "binder", {"service": {"enabled": "yes"}}),
    ],
)
def test_what_they_do_not_know_is_refused(upstream: Upstream, kind: str, section: str, value: Any) -> None:
    """Proves that the test above can fail: the definitions are active, and strict."""
    body = next(each.data for each in upstream.objects if each.id.kind == kind)
    broken = {**body, "metadata": {**body["metadata"], "name": "broken"}, "spec": {**body["spec"], section: value}}
    with pytest.raises(RequestFailed) as failed:
        upstream.applied(broken)
    assert failed.value.status in (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )
