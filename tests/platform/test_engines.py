"""Two engines in one platform: the engine of each pool, the quotas of KAI's queues, and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engines import with_engines
from tests.support.platforms import codes_of, rendered

WARNED = {
    "BP3555": """
  nodePools:
    one: {nodes: 1, queue: kai, gpu: {product: A100-SXM4-80GB, count: 8, mig: {
      strategy: mixed, layout: [{devices: 0-3, profiles: {1g.10gb: 7}}, {devices: 4-7, profiles: {3g.40gb: 2}}]}}}
  queueing: {kai: {}}
  tenants: {a: {namespaces: [a], quota: {one: {1g.10gb: 14, 3g.40gb: 2}}}}
""",
    "BP3560": """
  nodePools:
    one: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kai}
  queueing: {kai: {timeBasedFairShare: {prometheus: "http://p.monitoring:9090"}}}
  tenants: {a: {namespaces: [a], quota: {one: 1}}}
""",
    "BP3561": """
  nodePools:
    one: {nodes: {min: 1, max: 4}, gpu: {product: L40S, count: 4}, queue: kai}
  queueing: {kai: {gpuSharing: true}}
  tenants: {a: {namespaces: [a], quota: {one: 1}}}
""",
    "BP3562": """
  nodePools:
    one: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kueue}
  queueing: {kueue: {}, kai: {}}
  tenants: {a: {namespaces: [a], quota: {one: 1}}}
""",
    "BP3563": """
  nodePools:
    one: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kai}
    two: {nodes: 1, gpu: {product: H100-SXM5-80GB, count: 8}, queue: kai}
  queueing: {kai: {}}
  tenants: {a: {namespaces: [a], quota: {one: 1}}}
""",
    "BP3565": """
  nodePools:
    one: {nodes: 2, gpu: {product: L40S, count: 4}, queue: kai}
  queueing: {kai: {}, priorities: {scratch: 10, mine: 90}}
  tenants: {a: {namespaces: [a], priorityCap: scratch, quota: {one: 1}}}
""",
}
BOTH = with_engines("""
  nodePools:
    train: {nodes: 4, gpu: {product: H100-SXM5-80GB, count: 8}, queue: kueue}
    notebooks: {nodes: 4, machine: {cpu: 96, memory: 1Ti}, gpu: {product: L40S, count: 4}, queue: kai}
    slices:
      nodes: 1
      queue: kai
      gpu:
        product: A100-SXM4-80GB
        count: 8
        mig: {strategy: mixed, layout: [{devices: all, profiles: {3g.40gb: 2}}]}
  queueing: {kueue: {}, kai: {}}
  tenants:
    physics: {quota: {notebooks: {gpu: 1, cpu: 8, memory: 1Gi}}}
    lattice:
      parent: physics
      weight: 2.5
      namespaces: [lattice]
      quota: {train: 8, notebooks: {gpu: {guaranteed: 4, borrow: 2}, cpu: 16, memory: 2Gi}}
    plasma: {parent: physics, namespaces: [plasma], quota: {slices: {3g.40gb: 2}}}
    alone: {namespaces: [alone], quota: {slices: {3g.40gb: 4}}}
    batch: {namespaces: [batch], quota: {train: 8}}
""")


@pytest.mark.parametrize(("code", "spec"), WARNED.items(), ids=WARNED)
def test_doubtful_settings_cause_a_warning(code: str, spec: str) -> None:
    assert code in codes_of(with_engines(spec))


def queues() -> dict[str, dict[str, Any]]:
    """KAI's queues by name."""
    return {each.id.name: each.data["spec"] for each in rendered(BOTH, "kai-scheduler") if each.id.kind == "Queue"}


def test_each_pool_of_kai_has_queues_of_its_own_and_kueues_pool_has_none() -> None:
    assert set(queues()) == {
        "notebooks", "physics.notebooks", "lattice.notebooks", "plasma.notebooks", "slices", "physics.slices",
        "plasma.slices", "alone.slices",
    }  # fmt: skip
    parents = {name: spec.get("parentQueue") for name, spec in queues().items()}
    assert parents["lattice.notebooks"] == "physics.notebooks"
    assert parents["physics.notebooks"] == "notebooks"
    assert parents["notebooks"] is None


@pytest.mark.parametrize(
    ("queue", "resource", "quota", "limit"),
    [
        ("lattice.notebooks", "gpu", 4, 6),
        ("lattice.notebooks", "cpu", 16_000, -1),
        ("lattice.notebooks", "memory", 2147, -1),
        ("physics.notebooks", "gpu", 5, 5),
        ("plasma.notebooks", "gpu", 0, -1),
        ("notebooks", "gpu", 5, -1),
        ("plasma.slices", "gpu", 6, -1),
        ("alone.slices", "gpu", 12, 12),
        ("alone.slices", "cpu", -1, -1),
        ("slices", "gpu", 18, -1),
    ],
)
def test_amounts_are_in_kais_units(queue: str, resource: str, quota: int, limit: int) -> None:
    """MIG instances as their slices, thousandths of a processor, megabytes; a tenant without a group
    borrows nothing.
    """
    found = queues()[queue]["resources"][resource]
    assert (found["quota"], found["limit"]) == (quota, limit)


def test_weights_are_those_of_tenants() -> None:
    assert queues()["lattice.notebooks"]["resources"]["gpu"]["overQuotaWeight"] == 2.5


def test_kueue_has_flavors_of_its_own_pools_alone() -> None:
    names = [each.id.name for each in rendered(BOTH, "kueue") if each.id.kind == "ResourceFlavor"]
    assert names == ["train"]


def test_kueue_takes_no_job_by_itself_where_a_tenant_has_both_engines() -> None:
    """A queue called default would get the jobs for KAI, which name no Kueue queue."""
    found = {each.id.namespace: each.id.name for each in rendered(BOTH, "kueue") if each.id.kind == "LocalQueue"}
    assert found == {"lattice": "kueue", "batch": "default"}


def test_no_quota_of_a_namespace_refuses_pods_that_wait_for_kai() -> None:
    limits = {
        each.id.namespace: each.data["spec"]["hard"]
        for each in rendered(BOTH, "tenancy")
        if each.id.kind == "ResourceQuota"
    }
    assert "requests.nvidia.com/gpu" not in limits.get("lattice", {})
    assert limits["batch"]["requests.nvidia.com/gpu"] == "8"


def test_shards_see_only_their_own_nodes() -> None:
    shards = {
        each.id.name: each.data["spec"] for each in rendered(BOTH, "kai-scheduler") if each.id.kind == "SchedulingShard"
    }
    assert {name: spec["partitionLabelValue"] for name, spec in shards.items()} == {
        "notebooks": "notebooks",
        "slices": "slices",
    }
