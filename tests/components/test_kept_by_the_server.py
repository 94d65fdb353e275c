"""A real API server stores every field of every object exactly as it was rendered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from blueprint.bundle.model import Object
from blueprint.changes.compare import ABSENT, differences
from blueprint.platform.model import Platform
from blueprint.source.paths import format_path

BLUEPRINT = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: kept, version: 1.2.3, owners: [gpu@example.com]}
spec:
  release: "2026.11"
  cluster:
    kubernetes: "1.36"
    distribution: rke2
    registries: {pullSecrets: [reg-pull], mirrors: {nvcr.io: "reg.example.com:5000/nv"}}
  components: {nfd: {settings: {masterReplicas: 2, topologyUpdater: true, topologyNetworkPolicy: true}}}
  nodePools:
    gpu:
      nodes: 1
      selector: {example.com/pool: gpu}
      taints: {nvidia.com/gpu: "true:NoSchedule", example.com/team: ":NoExecute"}
      gpu: {product: H100-SXM5-80GB, count: 8}
"""

FABRICS = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: kept}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", registries: {pullSecrets: [reg-pull]}}
  components: {network-operator: {settings: {secondaryNetworks: true, ipam: true, ofedEnv: {A: b}}}}
  nodePools:
    one:
      nodes: 1
      selector: {example.com/pool: one}
      taints: {nvidia.com/gpu: "true:NoSchedule"}
      gpu: {product: H100-SXM5-80GB, count: 8}
      network: {fabric: infiniband, gdrcopy: true, gds: true, gpuDirect: peermem}
    two: {nodes: 1, selector: {example.com/pool: two}, network: {fabric: TWO}}
    three: {nodes: 1, selector: {example.com/pool: three}, network: {fabric: efa}}
"""

QUEUES = """
apiVersion: gpublueprint.dev/v1alpha2
kind: Blueprint
metadata: {name: kept}
spec:
  release: "2026.11"
  cluster: {kubernetes: "1.36", registries: {pullSecrets: [reg-pull]}}
  queueing: {kueue: {podsReadyTimeout: 45m}, priorities: {production: 1000, scratch: 0}}
  components:
    kueue:
      settings:
        visibilityPriority: true
        frameworks: [batch/job, pod]
        featureGates: {TASBalancedPlacement: true}
        managerPod: {hostNetwork: true}
        spread: [{maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway}]
  nodePools:
    gpu:
      nodes: 2
      selector: {example.com/pool: gpu}
      machine: {cpu: 192, memory: 2Ti}
      gpu: {product: H100-SXM5-80GB, count: 8}
  tenants:
    physics: {quota: {gpu: 8}}
    lattice: {parent: physics, namespaces: [lattice], quota: {gpu: 4}}
"""


def url(manifest: Mapping[str, Any]) -> str:
    """The object's URL; the plurals of our kinds are all regular."""
    kind = manifest["kind"].lower()
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}es" if kind.endswith("s") else f"{kind}s"
    prefix = "api" if "/" not in manifest["apiVersion"] else "apis"
    meta = manifest["metadata"]
    inside = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    return f"/{prefix}/{manifest['apiVersion']}{inside}/{plural}/{meta['name']}"


@pytest.fixture(scope="module")
def own(lab: Any) -> Iterator[Any]:
    """A lab of its own for these tests; each platform is applied over the previous one, and leftovers of that stay."""
    with lab.fresh() as fresh:
        yield fresh


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(BLUEPRINT, id="gpus"),
        pytest.param(FABRICS.replace("TWO", "roce"), id="network-of-each-pool"),
        pytest.param(FABRICS.replace("TWO", "infiniband"), id="one-network"),
        pytest.param(QUEUES, id="queues"),
    ],
)
def test_the_server_keeps_every_rendered_field_as_it_is(
    own: Any, render_platform_of: Callable[[str], tuple[Platform, list[Object]]], text: str
) -> None:
    """Otherwise the second apply would write again, and drift would be reported in an untouched cluster."""
    changed: list[str] = []
    _, objects = render_platform_of(text)
    for manifest in (one.data for one in objects):
        query = "?fieldManager=test&force=true&fieldValidation=Strict"
        kept = own.request("PATCH", url(manifest) + query, manifest, "application/apply-patch+yaml")
        changed += [
            f"{manifest['kind']} {format_path(path, manifest)}: {ours!r} became {theirs!r}"
            for path, ours, theirs in differences(manifest, kept)
            if ours is not ABSENT
        ]
    assert len(objects) > 25
    assert not changed, "\n".join(changed)
